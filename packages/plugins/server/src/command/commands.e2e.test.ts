import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { HoldableReceiver } from "../holdable-receiver.test.support.js";
import {
  type Ended,
  eventually,
  hookwright,
  type RunningService,
  startService,
  world,
} from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

let service: RunningService;

describe("a command that asks the service", () => {
  beforeEach(async () => {
    service = await startService(world());
  });

  test("webhooks: add, show, list, edit, test and remove one", async () => {
    const receiver = await HoldableReceiver.open();
    const add = ["webhooks", "add", receiver.url, "--project", "3", "--action", "TASKS_CREATED", "--action"];
    const added = await json(...add, "ANNOTATION_CREATED", "--header", "X-Team: labels", "--no-payload", "--inactive");
    expect(added).toMatchObject({
      id: 1,
      project: 3,
      url: receiver.url,
      send_payload: false,
      send_for_all_actions: false,
      is_active: false,
      headers: { "X-Team": "***" },
    });
    expect(new Set(added.actions)).toEqual(new Set(["TASKS_CREATED", "ANNOTATION_CREATED"]));

    expect(await json("webhooks", "show", "1")).toEqual(added);
    expect(await json("webhooks", "list", "--project", "3")).toEqual([added]);
    expect(await json("webhooks", "list", "--project", "4")).toEqual([]);
    expect(await json("webhooks", "list", "--organization-wide")).toEqual([]);

    const edited = await json("webhooks", "edit", "1", "--active", "--all-actions", "--payload", "--no-header");
    expect(edited).toMatchObject({ is_active: true, send_for_all_actions: true, send_payload: true, headers: {} });
    const limits = ["--retry-schedule", "5s,1m", "--max-concurrency", "2", "--rate-limit", "10", "--ordered"];
    expect(await json("webhooks", "edit", "1", ...limits)).toMatchObject({
      retry_schedule: "5s,1m",
      max_concurrency: 2,
      rate_limit: 10,
      ordered: true,
    });

    expect(await json("webhooks", "test", "1", "--action", "TASKS_CREATED")).toMatchObject({ status: "delivered" });
    expect(receiver.received.map(({ body }) => JSON.parse(body).action)).toEqual(["TASKS_CREATED"]);

    expect(await json("webhooks", "remove", "1")).toEqual({ removed: 1 });
    expect(await run("webhooks", "show", "1")).toMatchObject({ code: 1, stdout: "" });
  });

  test("webhooks for a person: tables, facts, and one line each for what was done", async () => {
    const receiver = await HoldableReceiver.open();
    expect((await text("webhooks", "list")).stdout).toBe("There are no webhooks.\n");
    expect((await text("webhooks", "add", receiver.url, "--project", "3")).stdout).toMatch(/^url +http:.*\n/m);
    expect((await text("webhooks", "list")).stdout).toMatch(/^ID +PROJECT +URL .*\n1 +3 +http:\S+ +\(all\) +yes +0\n$/);
    const inactive = await text("webhooks", "edit", "1", "--inactive");
    expect(inactive.stdout).toMatch(/^active +no \(user\)\nswitched off +\d{4}-\S+ \S+Z$/m);
    expect(inactive.stdout).toMatch(/^signed +no \(it has no secret\)$/m);
    await text("webhooks", "secret", "set", "1");
    expect((await text("webhooks", "show", "1")).stdout).toMatch(/^signed +yes$/m);
    const remove = ["webhooks", "secret", "remove", "1"];
    expect((await text(...remove)).stdout).toBe("Webhook 1 has no secret any more.\n");
    expect((await text(...remove)).stdout).toBe("Webhook 1 had no secret: nothing was removed.\n");
    expect((await text("webhooks", "test", "1")).stdout).toMatch(/^Webhook 1 answered 200 to \w+ in \d+ ms\.\n$/);
    expect((await text("webhooks", "remove", "1")).stdout).toBe("Webhook 1 removed.\n");
  });

  test("an action that there is not is refused with the nearest one", async () => {
    const add = ["webhooks", "add", "http://127.0.0.1:1/", "--project", "3"];
    const wrong = ["--action", "TASKS_CREATED", "--action", "DELIVERY_EXAUSTED"];
    const refused = await run(...add, ...wrong);
    expectOneLine(refused, "is not a valid choice");
    expect(refused.stderr).toMatch(/Did you mean "?DELIVERY_EXHAUSTED/);
    await text(...add);
    expect((await run("webhooks", "edit", "1", ...wrong)).stderr).toMatch(/Did you mean "?DELIVERY_EXHAUSTED/);
  });

  test("a test that does not arrive ends with 1 and says why", async () => {
    await text("webhooks", "add", "http://127.0.0.1:1/", "--project", "3");
    const tested = await run("webhooks", "test", "1");
    expect(tested).toMatchObject({ code: 1, stderr: "" });
    expect(tested.stdout).toMatch(/^Webhook 1 did not take \w+ \(connection_refused, \d+ ms\): .*127\.0\.0\.1:1/);
    expect(await run("webhooks", "test", "1", "--json")).toMatchObject({ code: 1, stderr: "" });
  });

  test("deliveries: list, show and retry", async () => {
    const receiver = await HoldableReceiver.open();
    await text("webhooks", "add", receiver.url, "--project", "3");
    const sent = await json(
      "send",
      "TASKS_CREATED",
      "--payload",
      file("task.json", `{"tasks":[{"id":1}]}`),
      "--project",
      "3",
    );
    expect(sent).toMatchObject({ action: "TASKS_CREATED", deliveries: 1, duplicate: false });

    const list = ["deliveries", "list", "--webhook", "1", "--project", "3", "--action", "TASKS_CREATED"];
    const [delivery] = await eventually(async () => {
      const { results } = await json(...list, "--status", "delivered", "--since", "2020-01-01", "--limit", "5");
      return results.length > 0 ? results : undefined;
    });
    expect(delivery).toMatchObject({ message: sent.id, attempt_count: 1, last_status: 200 });
    expect((await text(...list)).stdout).toMatch(/^ID .*\ndlv_\w+ +\S+ \S+ +1 +TASKS_CREATED +delivered +1 +200\n$/);
    expect(await json(...list, "--until", "2020-01-01")).toEqual({ results: [], next: null });

    const shown = await json("deliveries", "show", delivery.id);
    expect(JSON.parse(shown.request.body)).toMatchObject({ action: "TASKS_CREATED", tasks: [{ id: 1 }] });

    expect((await text("deliveries", "retry", delivery.id)).stdout).toBe(
      `${delivery.id} is queued to be sent once more.\n`,
    );
    await receiver.until((received) => received.length === 2);
    expect(receiver.received[1]?.id).toBe(sent.id);
    expect(await json("deliveries", "retry", delivery.id)).toMatchObject({ id: delivery.id });
    await receiver.until((received) => received.length === 3);
    await eventually(async () =>
      (await json(...list, "--status", "delivered")).results.length > 0 ? true : undefined,
    );
    expect((await json(...list, "--since", "1h")).results).toHaveLength(1);
    expect((await json(...list, "--until", "1h")).results).toEqual([]);

    await text("webhooks", "edit", "1", "--inactive");
    expect((await text("deliveries", "retry", delivery.id)).stdout).toBe(
      `${delivery.id} is queued to be sent once more; webhook 1 is switched off, and it goes out when that is switched on.\n`,
    );
    expect((await text("deliveries", "show", delivery.id)).stdout).toMatch(
      /^next attempt +held: webhook 1 is switched off$/m,
    );
    expect(await run("deliveries", "show", "dlv_01m7zqdftf3n481c2m3qvh2nt2")).toMatchObject({ code: 1, stdout: "" });
  });

  test("a long list of deliveries says how to go on", async () => {
    const receiver = await HoldableReceiver.open();
    await text("webhooks", "add", receiver.url, "--project", "3");
    for (const id of ["a", "b"]) await send(id);
    const first = await text("deliveries", "list", "--limit", "1");
    const cursor = /--cursor (\S+)/.exec(first.stdout)?.[1] ?? "";
    expect((await json("deliveries", "list", "--limit", "1", "--cursor", cursor)).results).toHaveLength(1);
  });

  test("send: the same key twice is one event, and other content under it is refused", async () => {
    const first = await json(...sending("key-1", `{"tasks":[{"id":1}]}`));
    expect(await json(...sending("key-1", `{"tasks":[{"id":1}]}`))).toMatchObject({ id: first.id, duplicate: true });
    const again = await text(...sending("key-1", `{"tasks":[{"id":1}]}`));
    expect(again.stdout).toBe(`${first.id}  TASKS_CREATED was accepted before\n`);
    expectOneLine(await run(...sending("key-1", `{"tasks":[{"id":2}]}`)), "(409)");
  });

  test("send: what the service refuses is told in one line", async () => {
    const wrong = file("wrong.json", `{"tasks":[{}]}`);
    expectOneLine(await run("send", "TASK_MADE", "--payload", wrong), "Did you mean");
    expectOneLine(await run("send", "TASKS_CREATED", "--payload", wrong, "--project", "1"), "/tasks/0");
  });

  test("events: list, show and an example that can be sent", async () => {
    const { results } = await json("events", "list");
    expect(results.map(({ action }: { readonly action: string }) => action)).toContain("ANNOTATION_CREATED");
    expect((await text("events", "list")).stdout).toMatch(/^TASKS_CREATED +project +core +\S/m);
    expect(await json("events", "show", "TASK_CREATED")).toMatchObject({ action: "TASKS_CREATED" });
    expect((await text("events", "show", "TASKS_CREATED")).stdout).toMatch(/^aliases +TASK_CREATED$/m);
    const example = await text("events", "example", "TASKS_CREATED");
    expect(await json("events", "example", "TASKS_CREATED")).toEqual(JSON.parse(example.stdout));
    const sent = await hookwright(
      service.world,
      ["send", "TASKS_CREATED", "--payload", "-", "--project", "1"],
      example.stdout,
    );
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining("to 0 webhooks") });
    expectOneLine(await run("events", "show", "TASK_MADE"), "Did you mean");
  });

  test("plugins: without one, it says how to load some", async () => {
    expect(await json("plugins", "list")).toMatchObject({
      results: [
        { name: "server", state: "started" },
        { name: "signing", state: "started" },
      ],
      next: null,
    });
    expect((await text("plugins", "list")).stdout).toContain("name them with start --plugin");
  });

  test("explain: what an error code means, without a service", async () => {
    const explained = await hookwright(world(), ["explain", "connection_refused"]);
    expect(explained).toMatchObject({ code: 0, stdout: expect.stringContaining("## What to do") });
    expect(await json("explain", "timeout")).toMatchObject({ code: "timeout", stage: "during" });
    expectOneLine(await run("explain", "nothing"), "There is no error code");
  });

  test("token: create, list and revoke", async () => {
    const made = await json("token", "create", "--name", "ci");
    expect(made).toMatchObject({ name: "ci", value: expect.stringMatching(/^hwk_/) });
    const withIt = { ...service.world, environment: { ...service.world.environment, HOOKWRIGHT_TOKEN: made.value } };
    expect(await hookwright(withIt, ["webhooks", "list"])).toMatchObject({ code: 0 });

    const { results } = await json("token", "list");
    expect(results).toMatchObject([{ name: "first token" }, { id: made.id, name: "ci" }]);
    const listed = await text("token", "list");
    expect(listed.stdout).toMatch(/^2 +ci +\d{4}-/m);
    expect(listed.stdout + JSON.stringify(results)).not.toContain(made.value);

    expect(await json("token", "revoke", String(made.id))).toEqual({ revoked: made.id });
    const refused = await hookwright(withIt, ["webhooks", "list"]);
    expectOneLine(refused, "Invalid token. (401) (the token is from HOOKWRIGHT_TOKEN)");
    expect(refused.stderr).not.toContain(made.value);
    expect(await run("token", "revoke", "99")).toMatchObject({ code: 1 });
    expect((await text("token", "create")).stdout).toMatch(/^token +hwk_\S+$/m);
  });

  test("what is no Hookwright is told, not shown", async () => {
    const stranger = await HoldableReceiver.open();
    const environment = { ...service.world.environment, HOOKWRIGHT_URL: new URL(stranger.url).origin };
    const ended = await hookwright({ ...service.world, environment }, ["doctor"]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^FAILED +service version/m);
  });
});

describe("token create --organization", () => {
  test("works while the service runs, for any organization", async () => {
    service = await startService(world());
    const made = await json("token", "create", "--organization", "2", "--name", "second");
    expect(made).toMatchObject({ organization: 2, name: "second" });
    await expectOpens(service, made.value);
    expect((await json("token", "list")).results).toHaveLength(1);
  });

  test("works while it is stopped, and the token opens the API after the start", async () => {
    const here = world();
    const first = await startService(here);
    first.process.kill("SIGTERM");
    await first.process.ended;
    const ended = await hookwright(here, ["token", "create", "--organization", "2", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    await expectOpens(await startService(here), JSON.parse(ended.stdout).value);
  });

  test("without a database there, it says so and makes none", async () => {
    expectOneLine(await hookwright(world(), ["token", "create", "--organization", "2"]), "There is no database ");
  });

  test("in a folder whose path is too long for a socket, it is refused while the service runs", async () => {
    service = await startService(world({ HOOKWRIGHT_DATA: `./${"d".repeat(120)}` }));
    expect(service.process.stderr).toContain("is too long for a socket");
    expectOneLine(await run("token", "create", "--organization", "2"), "is in use by another process");
  });
});

describe("doctor", () => {
  test("finds nothing wrong where nothing is", async () => {
    service = await startService(world());
    const { checks } = await json("doctor");
    expect(checks.filter(({ ok }: { readonly ok: boolean }) => !ok)).toEqual([]);
    expect(checks).toHaveLength(10);
    const shown = await text("doctor");
    expect(shown.stdout).toMatch(/^ok +database +in use by the running service$/m);
    expect(shown.stdout).toMatch(/^ok +loopback delivery +arrived in \d+ ms; sent by this command to itself/m);
  });

  test("where no service runs, it opens the database, and ends with 1", async () => {
    const here = world();
    const first = await startService(here);
    first.process.kill("SIGTERM");
    await first.process.ended;
    const ended = await hookwright(first.world, ["doctor"]);
    expect(ended).toMatchObject({ code: 1, stderr: "" });
    expect(ended.stdout).toMatch(/^FAILED +service reachable +No service answers at http:\S+ \(connection refused\)/m);
    expect(ended.stdout).toMatch(/^FAILED +token valid +unknown: no service answers$/m);
    expect(ended.stdout).toMatch(/^ok +database +\S+hookwright\.db opens$/m);
  });

  test("a data folder that others can read is found", async () => {
    service = await startService(world());
    chmodSync(join(service.world.folder, "data"), 0o755);
    const ended = await run("doctor");
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^FAILED +data folder +\S+ is open to others \(755\): chmod 0700 it\.$/m);
  });

  test("where the rules do not open loopback, the guard must refuse it", async () => {
    service = await startService(world({ HOOKWRIGHT_ALLOW_TARGETS: "" }));
    expect((await text("doctor")).stdout).toMatch(/^ok +loopback delivery +refused, as it should be/m);
  });
});

function run(...args: readonly string[]): Promise<Ended> {
  return hookwright(service.world, args);
}

/** Runs a command that must work, for a person. */
async function text(...args: readonly string[]): Promise<Ended> {
  const ended = await run(...args);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  return ended;
}

/** Runs a command that must work, for a program: its whole output is one JSON text. */
async function json(...args: readonly string[]) {
  return JSON.parse((await text(...args, "--json")).stdout);
}

function expectOneLine(ended: Ended, part: string): void {
  expect(ended.stderr).toContain(part);
  expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(ended).toMatchObject({ code: 1, stdout: "" });
}

function file(name: string, content: string): string {
  writeFileSync(join(service.world.folder, name), content);
  return name;
}

function sending(id: string, payload: string): readonly string[] {
  return ["send", "TASKS_CREATED", "--payload", file(`${id}.json`, payload), "--project", "3", "--id", id];
}

function send(id: string): Promise<Ended> {
  return text(...sending(id, `{"tasks":[{"id":1}]}`));
}

async function expectOpens({ url }: RunningService, value: string): Promise<void> {
  const answer = await fetch(`${url}/api/webhooks/`, { headers: { authorization: `Token ${value}` } });
  expect(answer.status).toBe(200);
}
