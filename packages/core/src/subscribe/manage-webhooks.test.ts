import { describe, expect, test } from "vitest";
import { builtinEvents } from "../event/builtin/builtin-events.js";
import { definitionOf } from "../event/event-class.js";
import { coreOwner, EventRegistry } from "../event/event-registry.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { SealedWebhooks } from "../secret/sealed-webhooks.js";
import { createMemoryStore } from "../store/memory-store.js";
import { TargetGuard } from "../transport/target-guard.js";
import type { Webhook } from "../webhook/webhook.js";
import type { AskConsent } from "./ask-consent.js";
import { type FieldProblems, fieldProblemsOf } from "./field-problems.js";
import { ManageWebhooks, type WebhookInput } from "./manage-webhooks.js";

const organization = 1 as OrganizationId;
const url = "https://receiver.example/hook";

describe("a webhook that is created", () => {
  test("needs no more than a URL and a project", async () => {
    const { manage, webhooks, noticed } = scene();
    const webhook = await manage.create(organization, { url, project: 12 });
    expect(webhook).toEqual({
      id: 1,
      organization: 1,
      project: 12,
      url,
      sendPayload: true,
      sendForAllActions: true,
      actions: [],
      headers: {},
      isActive: true,
      retrySchedule: null,
      maxConcurrency: null,
      rateLimit: null,
      ordered: false,
      handshake: false,
      allowedRate: null,
      consecutiveFailures: 0,
      disabledAt: null,
      disabledReason: null,
      secretSet: false,
      createdAt: 1_000,
      updatedAt: 1_000,
      version: 1,
    });
    expect(await webhooks.get(organization, webhook.id)).toEqual(webhook);
    expect(noticed).toEqual(["changed 1"]);
  });

  test("has what it was given, and nothing that nobody knows", async () => {
    const { manage } = scene();
    const settings = {
      sendPayload: false,
      sendForAllActions: false,
      actions: ["TASK_CREATED", "ANNOTATION_CREATED"],
      headers: { Authorization: "Basic abc" },
      isActive: false,
      retrySchedule: "5s,1m",
      maxConcurrency: 4,
      rateLimit: 2.5,
      ordered: true,
    };
    const webhook = await manage.create(organization, {
      ...settings,
      url,
      project: 12,
      id: 99,
      organization: 7,
      colour: 1,
    });
    expect(webhook).toMatchObject({ ...settings, id: 1, organization: 1, disabledReason: "user", disabledAt: 1_000 });
    expect(webhook).not.toHaveProperty("colour");
  });

  test.each<[string, WebhookInput, Partial<Webhook>]>([
    ["a project as text", { project: " 12 " }, { project: 12 as Webhook["project"] }],
    [
      "words for true and false",
      { isActive: "off", sendPayload: "Yes", ordered: 1 },
      { isActive: false, sendPayload: true, ordered: true },
    ],
    [
      "numbers as text, as forms send them",
      { maxConcurrency: "5", rateLimit: "0.5" },
      { maxConcurrency: 5, rateLimit: 0.5 },
    ],
    [
      "an action twice",
      { actions: ["TASK_CREATED", "TASKS_CREATED", "TASK_CREATED"] },
      { actions: ["TASK_CREATED", "TASKS_CREATED"] },
    ],
    ["no action at all", { actions: [], sendForAllActions: false }, { actions: [], sendForAllActions: false }],
    ["the standard schedule", { retrySchedule: " standard " }, { retrySchedule: "standard" }],
    ["a schedule of no retries", { retrySchedule: "" }, { retrySchedule: "" }],
    [
      "the settings' schedule, caps and rate",
      { retrySchedule: null, maxConcurrency: null, rateLimit: null },
      { retrySchedule: null, maxConcurrency: null, rateLimit: null },
    ],
    ["bounds", { maxConcurrency: 1_000, rateLimit: 100_000 }, { maxConcurrency: 1_000, rateLimit: 100_000 }],
    ["the least rate", { maxConcurrency: 1, rateLimit: 0.001 }, { maxConcurrency: 1, rateLimit: 0.001 }],
    ["members that are undefined", { isActive: undefined, actions: undefined }, { isActive: true, actions: [] }],
  ])("may have %s", async (_, input, expected) => {
    const { manage } = scene();
    expect(await manage.create(organization, { url, project: 12, ...input })).toMatchObject(expected);
  });

  test.each<[string, WebhookInput, FieldProblems]>([
    ["no URL", { url: undefined }, { url: ["This field is required."] }],
    ["a URL that is none", { url: "nope" }, { url: ["Enter a valid URL."] }],
    ["null for a URL", { url: null }, { url: ["This field may not be null."] }],
    ["a blank URL", { url: "" }, { url: ["This field may not be blank."] }],
    ["null for headers", { headers: null }, { headers: ["This field may not be null."] }],
    ["a list for headers", { headers: [] }, { headers: ["[] failed JSON schema check"] }],
    ["a text for headers", { headers: "str" }, { headers: ["str failed JSON schema check"] }],
    ["an unknown action", { actions: ["NOPE"] }, { actions: { 0: ['"NOPE" is not a valid choice.'] } }],
    [
      "unknown actions among known ones",
      { actions: ["TASKS_CREATED", "NOPE", 5, null, true, ""] },
      {
        actions: {
          1: ['"NOPE" is not a valid choice.'],
          2: ['"5" is not a valid choice.'],
          3: ["This field may not be null."],
          4: ['"True" is not a valid choice.'],
          5: ['"" is not a valid choice.'],
        },
      },
    ],
    ["a text for actions", { actions: "TASKS_CREATED" }, { actions: ['Expected a list of items but got type "str".'] }],
    ["an object for actions", { actions: {} }, { actions: ['Expected a list of items but got type "dict".'] }],
    ["null for actions", { actions: null }, { actions: ["This field may not be null."] }],
    [
      "an organization-only action in a project",
      { actions: ["TASKS_CREATED", "PROJECT_CREATED"] },
      { nonField: ["Project webhook can't contain organization-only action."] },
    ],
    ["a word that is no boolean", { isActive: "maybe" }, { isActive: ["Must be a valid boolean."] }],
    ["a number that is no boolean", { sendPayload: 2 }, { sendPayload: ["Must be a valid boolean."] }],
    ["a list for a boolean", { ordered: [] }, { ordered: ["Must be a valid boolean."] }],
    ["the word null for a boolean", { isActive: "null" }, { isActive: ["Must be a valid boolean."] }],
    [
      "null for a boolean",
      { isActive: null, ordered: null },
      { isActive: ["This field may not be null."], ordered: ["This field may not be null."] },
    ],
    ["a word for a project", { project: "abc" }, { project: ["Incorrect type. Expected pk value, received str."] }],
    ["true for a project", { project: true }, { project: ["Incorrect type. Expected pk value, received bool."] }],
    ["a list for a project", { project: [12] }, { project: ["Incorrect type. Expected pk value, received list."] }],
    ["a fraction for a project", { project: 1.5 }, { project: ["Incorrect type. Expected pk value, received float."] }],
    ["zero for a project", { project: 0 }, { project: ['Invalid pk "0" - object does not exist.'] }],
    ["a negative project", { project: "-3" }, { project: ['Invalid pk "-3" - object does not exist.'] }],
    [
      "a project beyond all numbers",
      { project: "99999999999999999999" },
      { project: ['Invalid pk "99999999999999999999" - object does not exist.'] },
    ],
    [
      "a schedule that is none",
      { retrySchedule: "soon" },
      { retrySchedule: ['It must be standard, or a list of waits such as 5s,1m,10m, found "soon".'] },
    ],
    [
      "a number for a schedule",
      { retrySchedule: 5 },
      { retrySchedule: ['Must be null, "standard", or a list of waits such as "5s,1m,10m".'] },
    ],
    [
      "a schedule without end",
      { retrySchedule: "1s,".repeat(60).slice(0, -1) },
      { retrySchedule: ["It must list at most 50 waits, found 60."] },
    ],
    [
      "a schedule of blanks",
      { retrySchedule: " ".repeat(1_001) },
      { retrySchedule: ['Must be null, "standard", or a list of waits such as "5s,1m,10m".'] },
    ],
    ["room for none", { maxConcurrency: 0 }, { maxConcurrency: ["Must be null or a whole number from 1 to 1000."] }],
    [
      "room for half a delivery",
      { maxConcurrency: 1.5 },
      { maxConcurrency: ["Must be null or a whole number from 1 to 1000."] },
    ],
    [
      "room for too many",
      { maxConcurrency: 1_001 },
      { maxConcurrency: ["Must be null or a whole number from 1 to 1000."] },
    ],
    [
      "a rate of nothing",
      { rateLimit: 0 },
      { rateLimit: ["Must be null or a number of deliveries a second, from 0.001 to 100000."] },
    ],
    [
      "a word for a rate",
      { rateLimit: "fast" },
      { rateLimit: ["Must be null or a number of deliveries a second, from 0.001 to 100000."] },
    ],
    [
      "true for a rate",
      { rateLimit: true },
      { rateLimit: ["Must be null or a number of deliveries a second, from 0.001 to 100000."] },
    ],
  ])("is refused with %s, and nothing is stored", async (_, input, problems) => {
    const { manage, webhooks, noticed } = scene();
    expect(await problemsOf(manage.create(organization, { url, project: 12, ...input }))).toEqual(problems);
    expect(await webhooks.list(organization, {}, {})).toEqual([]);
    expect(noticed).toEqual([]);
  });

  test("is told of all its faults at once", async () => {
    const { manage } = scene();
    const refused = manage.create(organization, {
      project: "abc",
      actions: ["NOPE", "PROJECT_CREATED"],
      headers: { "X Y": "secret" },
    });
    expect(await problemsOf(refused)).toEqual({
      url: ["This field is required."],
      actions: { 0: ['"NOPE" is not a valid choice.'] },
      headers: ['Header "X Y": a name holds letters, digits, "-" and "_" only.'],
      project: ["Incorrect type. Expected pk value, received str."],
    });
    await expect(refused).rejects.toThrow(
      'The webhook cannot be saved. actions: "NOPE" is not a valid choice. headers: Header "X Y": a name holds letters, ' +
        'digits, "-" and "_" only. url: This field is required. project: Incorrect type. Expected pk value, received str.',
    );
  });

  test("takes an alias wherever it takes the action", async () => {
    const { manage } = scene();
    for (const alias of ["TASK_CREATED", "TASK_DELETED", "ANNOTATION_DELETED"]) {
      const webhook = await manage.create(organization, { url, project: 12, actions: [alias] });
      expect(webhook.actions).toEqual([alias]);
    }
  });
});

describe("an organization webhook", () => {
  test.each([[{}], [{ project: null }], [{ project: "" }]])(
    "given as %j is refused while they are switched off",
    async (input) => {
      const { manage } = scene();
      expect(await problemsOf(manage.create(organization, { url, ...input }))).toEqual({
        project: [
          "Organization webhooks are switched off: name a project, or set LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS=true.",
        ],
      });
    },
  );

  test.each([[{}], [{ project: null }], [{ project: "" }]])(
    "given as %j is created while they are allowed",
    async (input) => {
      const { manage } = scene({ organizationWebhooks: true });
      const webhook = await manage.create(organization, { url, ...input, actions: ["PROJECT_CREATED"] });
      expect(webhook).toMatchObject({ project: null, actions: ["PROJECT_CREATED"] });
    },
  );
});

describe("a webhook that is changed", () => {
  const before = {
    url,
    project: 12,
    sendForAllActions: false,
    actions: ["TASKS_CREATED"],
    headers: { "X-Key": "secret" },
    retrySchedule: "5s",
  };

  test("keeps what the change does not name, its actions too", async () => {
    const { manage, clock, noticed } = scene();
    const webhook = await manage.create(organization, before);
    clock.time = 2_000;
    const changed = await manage.update(organization, webhook.id, { input: { isActive: false } });
    expect(changed).toEqual({
      ...webhook,
      isActive: false,
      disabledAt: 2_000,
      disabledReason: "user",
      updatedAt: 2_000,
      version: 2,
    });
    expect(noticed).toEqual(["changed 1", "changed 1", "wake"]);
  });

  test("as a whole must have a URL, and keeps the rest", async () => {
    const { manage } = scene();
    const webhook = await manage.create(organization, before);
    const put = (input: WebhookInput) => manage.update(organization, webhook.id, { input, whole: true });
    expect(await problemsOf(put({ isActive: "maybe" }))).toEqual({
      isActive: ["Must be a valid boolean."],
      url: ["This field is required."],
    });
    expect(await put({ url: "https://other.example/" })).toMatchObject({ ...before, url: "https://other.example/" });
  });

  test("keeps its project, whatever is asked", async () => {
    const { manage } = scene();
    const webhook = await manage.create(organization, before);
    for (const project of [null, 13, "nonsense"])
      expect(await manage.update(organization, webhook.id, { input: { project } })).toMatchObject({ project: 12 });
  });

  test("may list an action that it never sees", async () => {
    const { manage } = scene();
    const webhook = await manage.create(organization, before);
    const changed = await manage.update(organization, webhook.id, { input: { actions: ["PROJECT_CREATED"] } });
    expect(changed.actions).toEqual(["PROJECT_CREATED"]);
  });

  test("may be given null for what has a default, and an empty list of actions", async () => {
    const { manage } = scene();
    const webhook = await manage.create(organization, before);
    const input = { retrySchedule: null, actions: [] };
    expect(await manage.update(organization, webhook.id, { input })).toMatchObject(input);
  });

  test("with a fault is told of all of them, and stays as it is", async () => {
    const { manage, webhooks, noticed } = scene();
    const webhook = await manage.create(organization, before);
    const input = { url: "ftp://example.com", headers: { Host: "secret" }, isActive: false };
    expect(await problemsOf(manage.update(organization, webhook.id, { input }))).toEqual({
      url: ["Enter a valid URL."],
      headers: ['Header "Host": this name belongs to the sender.'],
    });
    expect(await webhooks.get(organization, webhook.id)).toEqual(webhook);
    expect(noticed).toEqual(["changed 1"]);
  });
});

describe("a webhook that is not there", () => {
  const missing = 99 as WebhookId;

  test("or is another organization's, cannot be read, changed or deleted", async () => {
    const { manage } = scene();
    const { id } = await manage.create(2 as OrganizationId, { url, project: 12 });
    for (const each of [missing, id]) {
      const expected = { code: "not_found", message: `There is no webhook ${each} in this organization.` };
      await expect(manage.get(organization, each)).rejects.toMatchObject(expected);
      await expect(manage.delete(organization, each)).rejects.toMatchObject(expected);
      // Before any fault of the input: a stranger learns nothing.
      await expect(manage.update(organization, each, { input: { url: 5 } })).rejects.toMatchObject(expected);
    }
  });
});

describe("the receiver of a webhook with a handshake", () => {
  const refusal: AskConsent = async () => ({ problem: ["no consent"] });

  test("is asked before the webhook is saved, and what it allows is kept", async () => {
    const { manage, webhooks, asked } = scene({ consent: async () => ({ value: 120 }) });
    const webhook = await manage.create(organization, { url, project: 12, handshake: true, rateLimit: 5 });
    expect(asked).toEqual([[url, 5]]);
    expect(webhook).toMatchObject({ handshake: true, rateLimit: 5, allowedRate: 120 });
    expect(await webhooks.get(organization, webhook.id)).toMatchObject({ handshake: true, allowedRate: 120 });
  });

  test("keeps it from being saved when it does not consent", async () => {
    const { manage, webhooks, noticed } = scene({ consent: refusal });
    expect(await problemsOf(manage.create(organization, { url, project: 12, handshake: true }))).toEqual({
      url: ["no consent"],
    });
    expect(await webhooks.list(organization, {}, {})).toEqual([]);
    expect(noticed).toEqual([]);
  });

  test("is not asked while a field has a fault, nor without a handshake", async () => {
    const { manage, asked } = scene({ consent: refusal });
    await problemsOf(manage.create(organization, { url, project: 12, handshake: true, rateLimit: "x" }));
    const organizationOnly = { actions: ["PROJECT_CREATED"], handshake: true };
    await problemsOf(manage.create(organization, { url, project: 12, ...organizationOnly }));
    await manage.create(organization, { url, project: 12 });
    expect(asked).toEqual([]);
  });

  test.each<[string, WebhookInput, boolean]>([
    ["a new URL", { url: "https://other.example/" }, true],
    ["a new rate", { rateLimit: 7 }, true],
    ["the same URL and rate", { url, rateLimit: 5, handshake: true }, false],
    ["other fields", { headers: { "X-A": "1" }, isActive: false, actions: [] }, false],
  ])("is asked again for %s: %#", async (_, input, isAsked) => {
    let answer: Awaited<ReturnType<AskConsent>> = { value: 120 };
    const { manage, asked } = scene({ consent: async () => answer });
    const { id } = await manage.create(organization, { url, project: 12, handshake: true, rateLimit: 5 });
    answer = { value: 60 };
    const changed = await manage.update(organization, id, { input });
    expect(asked).toHaveLength(isAsked ? 2 : 1);
    expect(changed.allowedRate).toBe(isAsked ? 60 : 120);
  });

  test("keeps the webhook as it was when it does not consent to a change", async () => {
    let answer: Awaited<ReturnType<AskConsent>> = { value: null };
    const { manage, webhooks } = scene({ consent: async () => answer });
    const before = await manage.create(organization, { url, project: 12, handshake: true });
    answer = { problem: ["no consent"] };
    const change = { url: "https://other.example/", isActive: false };
    expect(await problemsOf(manage.update(organization, before.id, { input: change }))).toEqual({
      url: ["no consent"],
    });
    expect(await webhooks.get(organization, before.id)).toEqual(before);
  });

  test("is asked when the handshake is switched on, and its limit is forgotten when it is switched off", async () => {
    const { manage, asked } = scene({ consent: async () => ({ value: 30 }) });
    const { id } = await manage.create(organization, { url, project: 12 });
    expect(await manage.update(organization, id, { input: { handshake: true } })).toMatchObject({ allowedRate: 30 });
    expect(await manage.update(organization, id, { input: { handshake: false } })).toMatchObject({ allowedRate: null });
    await manage.update(organization, id, { input: { url: "https://other.example/" } });
    expect(asked).toHaveLength(1);
  });

  test("is asked about the URL that is stored, whatever is changed at the same time", async () => {
    const { manage, asked } = scene();
    const { id } = await manage.create(organization, { url, project: 12 });
    const other = "https://other.example/";
    await Promise.all([
      manage.update(organization, id, { input: { handshake: true } }),
      manage.update(organization, id, { input: { url: other } }),
    ]);
    expect(asked.at(-1)).toEqual([other, null]);
  });
});

test("a webhook that is deleted is gone, and cannot be deleted again", async () => {
  const { manage, noticed } = scene();
  const { id } = await manage.create(organization, { url, project: 12 });
  await manage.delete(organization, id);
  await expect(manage.delete(organization, id)).rejects.toMatchObject({ code: "not_found" });
  expect(noticed).toEqual(["changed 1", "changed 1"]);
});

test("webhooks are listed by project, or those of the organization, or all", async () => {
  const { manage } = scene({ organizationWebhooks: true });
  for (const project of [12, null, 13, 12]) await manage.create(organization, { url, project });
  const ids = async (filter: Parameters<typeof manage.list>[1]) =>
    (await manage.list(organization, filter, {})).map(({ id }) => Number(id));
  expect(await ids({})).toEqual([1, 2, 3, 4]);
  expect(await ids({ project: null })).toEqual([2]);
  expect(await ids({ project: 12 as Webhook["project"] })).toEqual([1, 4]);
});

interface SceneOptions {
  readonly organizationWebhooks?: boolean;
  /** What every receiver says. */
  readonly consent?: AskConsent;
}

function scene({ organizationWebhooks = false, consent = async () => ({ value: null }) }: SceneOptions = {}) {
  const registry = new EventRegistry();
  for (const event of Object.values(builtinEvents)) {
    const definition = definitionOf(event);
    if (definition !== undefined) registry.register(definition, coreOwner);
  }
  const { webhooks } = createMemoryStore();
  const guard = new TargetGuard();
  const clock = { time: 1_000, now: () => clock.time, setTimer: () => ({ cancel: () => {} }) };
  const noticed: string[] = [];
  const asked: unknown[] = [];
  const ports = {
    webhooks: new SealedWebhooks(webhooks),
    registry,
    clock,
    checkLiteral: (literal: string) => guard.checkUrlLiteral(literal),
    askConsent: async (webhook: Parameters<AskConsent>[0]): ReturnType<AskConsent> => {
      asked.push([webhook.url, webhook.rateLimit]);
      return consent(webhook);
    },
    changed: async (of: OrganizationId) => void noticed.push(`changed ${of}`),
    wake: () => void noticed.push("wake"),
  };
  return { manage: new ManageWebhooks(ports, { organizationWebhooks }), webhooks, clock, noticed, asked };
}

async function problemsOf(call: Promise<unknown>): Promise<FieldProblems> {
  const error = await call.then(
    () => "nothing was refused",
    (reason: unknown) => reason,
  );
  if (!(error instanceof HookwrightError)) throw error;
  expect(error.code).toBe("webhook_invalid");
  expect(error.message).not.toContain("secret");
  return fieldProblemsOf(error);
}
