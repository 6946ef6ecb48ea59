import { type Resolve, tokens } from "./container.js";
import { sendTest } from "./deliver/send-test.js";
import { type RegisteredEvent, refusePayload } from "./event/event-registry.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import type { WebhookId } from "./foundation/ids.js";
import { type OrganizationOptions, organizationOf, projectOf } from "./foundation/organization-scope.js";
import { type Payload, payloadOf } from "./foundation/payload-bytes.js";
import type { DeliveryDetail } from "./store/attempt-log.js";
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
   * @throws HookwrightError `not_found`, `action_unknown` or `payload_invalid`.
   */
  test(id: number, options?: TestOptions): Promise<DeliveryDetail>;
}

export interface UpdateOptions extends OrganizationOptions {
  /** Whether the change stands for the whole webhook, as in a PUT: the URL must be there; the rest keeps its value when absent. */
  readonly whole?: boolean;
}

export interface TestOptions extends OrganizationOptions {
  readonly action?: string;
  readonly payload?: unknown;
  /** In place of `payload`: one that came as bytes, sent as it is. */
  readonly rawPayload?: Payload;
}

/** The facade's part about webhooks. */
export function webhookApi(get: Resolve): WebhookApi {
  const one = (id: number, options: OrganizationOptions) =>
    get(tokens.manage).get(organizationOf(options), id as WebhookId);
  return {
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
      return sendTest(
        { webhook, event, payload: sent },
        {
          ...get(tokens.attemptPorts),
          attempts: get(tokens.store).attempts,
          ids: get(tokens.ids),
          transforms: get(tokens.transforms),
        },
      );
    },
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
