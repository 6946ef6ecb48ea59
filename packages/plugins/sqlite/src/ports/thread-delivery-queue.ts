import type {
  ClaimedBatch,
  ClaimOptions,
  DeliveryId,
  DeliveryQueue,
  OrganizationId,
  RetryResult,
  SettledBatch,
  Settlement,
} from "@hookwright/core";
import { decodeClaimed } from "../thread/claim-columns.js";
import { encodeSettle } from "../thread/settle-columns.js";
import type { CallThread } from "../thread/store-thread.js";

/** Deliveries that are due or under way, in the database thread. */
export class ThreadDeliveryQueue implements DeliveryQueue {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async claim(options: ClaimOptions): Promise<ClaimedBatch> {
    return decodeClaimed(await this.#call("claim", options), options);
  }

  async settle(settlements: readonly Settlement[], now: number): Promise<SettledBatch> {
    return this.#call("settle", encodeSettle(settlements, now));
  }

  async retry(organization: OrganizationId, delivery: DeliveryId, now: number): Promise<RetryResult> {
    return this.#call("retry", { organization, delivery, now });
  }
}
