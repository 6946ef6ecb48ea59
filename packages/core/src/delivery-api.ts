import { type Resolve, tokens } from "./container.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import type { DeliveryId, WebhookId } from "./foundation/ids.js";
import { type OrganizationOptions, organizationOf, projectOf } from "./foundation/organization-scope.js";
import type { DeliveryDetail, DeliveryFilter, DeliveryRecord } from "./store/attempt-log.js";

export interface DeliveryListOptions extends OrganizationOptions, Omit<DeliveryFilter, "webhook" | "project"> {
  readonly webhook?: number;
  readonly project?: number;
  /** 100 unless given. */
  readonly limit?: number;
  readonly before?: DeliveryId;
}

/** What was sent, and what became of it. */
export interface DeliveryApi {
  /** Newest first. */
  list(options?: DeliveryListOptions): Promise<readonly DeliveryRecord[]>;
  /** @throws HookwrightError `not_found`. */
  get(id: string, options?: OrganizationOptions): Promise<DeliveryDetail>;
  /** Once more, now. @throws HookwrightError `not_found`, or `delivery_not_retryable` for a test, when its webhook was deleted, and when a handler has had its effect. */
  retry(id: string, options?: OrganizationOptions): Promise<void>;
}

/** The facade's part about deliveries. */
export function deliveryApi(get: Resolve): DeliveryApi {
  return {
    list: async ({ organization, limit = 100, before, webhook, project, ...filter } = {}) =>
      get(tokens.store).attempts.list(
        organizationOf(organization === undefined ? {} : { organization }),
        {
          ...filter,
          ...(webhook === undefined ? {} : { webhook: webhook as WebhookId }),
          ...(project === undefined ? {} : { project: projectOf(project) }),
        },
        { limit, ...(before === undefined ? {} : { before }) },
      ),
    get: async (id, options = {}) => {
      const detail = await get(tokens.store).attempts.get(organizationOf(options), id as DeliveryId);
      if (detail === undefined) throw unknownDelivery(id);
      return detail;
    },
    retry: async (id, options = {}) => {
      const { queue } = get(tokens.store);
      const result = await queue.retry(organizationOf(options), id as DeliveryId, get(tokens.clock).now());
      if (result === "not_found") throw unknownDelivery(id);
      if (result === "test") throw notRetryable(id, "it was a test; send another one");
      if (result === "webhook_deleted") throw notRetryable(id, "its webhook was deleted");
      if (result === "already_handled")
        throw notRetryable(id, "its handler has had its effect, which would be doubled");
      get(tokens.worker).wake();
    },
  };
}

function unknownDelivery(id: string): HookwrightError {
  return new HookwrightError(
    "not_found",
    `There is no delivery ${JSON.stringify(id.slice(0, 64))} in this organization.`,
  );
}

function notRetryable(id: string, reason: string): HookwrightError {
  return new HookwrightError("delivery_not_retryable", `Delivery ${id} cannot be sent again: ${reason}.`);
}
