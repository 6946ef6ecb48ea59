import { type Resolve, tokens } from "./container.js";
import { sendTest } from "./deliver/send-test.js";
import { type RegisteredEvent, refusePayload } from "./event/event-registry.js";
import type { CallsUnderWay } from "./foundation/calls-under-way.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import type { WebhookId } from "./foundation/ids.js";
import { type OrganizationOptions, organizationOf, projectOf } from "./foundation/organization-scope.js";
import { type Payload, payloadOf } from "./foundation/payload-bytes.js";
import type { ReplayOptions } from "./replay/replay-request.js";
import type { ReplaySurvey } from "./replay/replay-survey.js";
import { type SecretApi, secretApi } from "./secret-api.js";
import type { DeliveryDetail } from "./store/attempt-log.js";
import type { Job } from "./store/job-store.js";
import { unknownWebhook } from "./subscribe/unknown-webhook.js";
import type { Webhook, WebhookSettings } from "./webhook/webhook.js";

/** A new webhook: only the URL is needed, and the project unless organization webhooks are allowed. */
export interface WebhookCreation extends Partial<WebhookSettings> {
  readonly url: string;
  readonly project?: number | null;
}

export interface ListOptions extends OrganizationOptions {
  /** A project's webhooks; `null`: the organization webhooks; absent: all. */
  readonly project?: number | null;
  readonly limit?: number;
  readonly after?: number;
}

/** Webhooks of an organization. */
export interface WebhookApi {
  /**
   * With `actions` and without `sendForAllActions`, only those actions are sent.
   *
   * @throws HookwrightError `webhook_invalid` with every faulty field.
   */
  create(webhook: WebhookCreation, options?: OrganizationOptions): Promise<Webhook>;
  /** @throws HookwrightError `not_found`. */
  get(id: number, options?: OrganizationOptions): Promise<Webhook>;
  /** By rising id. */
  list(options?: ListOptions): Promise<readonly Webhook[]>;
  /** @throws HookwrightError `not_found` or `webhook_invalid`. */
  update(id: number, change: Partial<WebhookSettings>, options?: UpdateOptions): Promise<Webhook>;
  /** Cancels what waits for it. @throws HookwrightError `not_found`. */
  delete(id: number, options?: OrganizationOptions): Promise<void>;
  /**
   * Sends one event now, by default the example of the first action that the webhook wants, and tells how it went.
   *
   * @throws HookwrightError `not_found`, `action_unknown` or `payload_invalid`; `overloaded` beyond four tests and handshakes of the
   * organization at once, 32 of all.
   */
  test(id: number, options?: TestOptions): Promise<DeliveryDetail>;
  /**
   * Sends past events again, as a job that is stored and goes on after a restart: finished deliveries under their own id, and
   * with `missing` also what the webhook wants and never had.
   *
   * @throws HookwrightError `not_found`, `replay_invalid` with every faulty field, or `too_many_jobs`.
   */
  replay(id: number, replay: ReplayOptions, options?: OrganizationOptions): Promise<Job>;
  /**
   * What `replay` would send at this moment. An organization has one such search at a time.
   *
   * @throws HookwrightError `not_found`, `replay_invalid`, or `overloaded` while another one is under way.
   */
  previewReplay(id: number, replay: ReplayOptions, options?: PreviewOptions): Promise<ReplaySurvey>;
  /** What messages are signed with. */
  readonly secret: SecretApi;
}

export interface UpdateOptions extends OrganizationOptions {
  /** Whether the change stands for the whole webhook, as in a PUT: the URL must be there; the rest keeps its value when absent. */
  readonly whole?: boolean;
}

export interface PreviewOptions extends OrganizationOptions {
  /** Once it is aborted, the search ends with what was found so far. */
  readonly signal?: AbortSignal;
}

export interface TestOptions extends OrganizationOptions {
  readonly action?: string;
  readonly payload?: unknown;
  /** In place of `payload`: one that came as bytes, sent as it is. */
  readonly rawPayload?: Payload;
}

/** The facade's part about webhooks. A stop waits for the `tests` that are under way. */
export function webhookApi(get: Resolve, tests: CallsUnderWay): WebhookApi {
  const one = (id: number, options: OrganizationOptions) =>
    get(tokens.manage).get(organizationOf(options), id as WebhookId);
  return {
    secret: secretApi(get),
    create: async (webhook, options = {}) =>
      get(tokens.manage).create(organizationOf(options), {
        sendForAllActions: webhook.actions === undefined,
        ...webhook,
      }),
    get: async (id, options = {}) => one(id, options),
    list: async ({ project, limit, after, ...options } = {}) =>
      get(tokens.manage).list(
        organizationOf(options),
        project === undefined ? {} : { project: project === null ? null : projectOf(project) },
        { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after: after as WebhookId }) },
      ),
    update: async (id, change, { whole = false, ...options } = {}) =>
      get(tokens.manage).update(organizationOf(options), id as WebhookId, { input: { ...change }, whole }),
    delete: async (id, options = {}) => get(tokens.manage).delete(organizationOf(options), id as WebhookId),
    test: async (id, { action, payload, rawPayload, ...options } = {}) => {
      const webhook = await one(id, options);
      const event = action === undefined ? firstEventOf(get, webhook) : get(tokens.registry).require(action);
      const sent = rawPayload ?? payloadOf(payload ?? event.definition.example);
      refusePayload(event, sent);
      const ports = {
        ...get(tokens.attemptPorts),
        attempts: get(tokens.store).attempts,
        ids: get(tokens.ids),
        transforms: get(tokens.transforms),
      };
      const [opened] = await get(tokens.sealedWebhooks).targets([webhook.id], ports.clock.now());
      if (opened === undefined) throw unknownWebhook(webhook.id);
      const test = { webhook, opened, event, payload: sent };
      return tests.run(() => get(tokens.callLimits).run(webhook.organization, () => sendTest(test, ports)));
    },
    replay: async (id, replay, options = {}) => get(tokens.replays).start(await one(id, options), replay),
    previewReplay: async (id, replay, { signal, ...options } = {}) =>
      get(tokens.replays).preview(await one(id, options), replay, signal),
  };
}

function firstEventOf(get: Resolve, webhook: Webhook): RegisteredEvent {
  const registry = get(tokens.registry);
  const listed = webhook.sendForAllActions
    ? undefined
    : webhook.actions.map((action) => registry.find(action)).find((event) => event !== undefined);
  const inScope = registry.list().find((event) => webhook.project === null || event.definition.scope === "project");
  const event = listed ?? inScope;
  if (event === undefined) throw new HookwrightError("action_unknown", "No event is registered.");
  return event;
}
