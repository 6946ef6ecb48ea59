import type {
  AttemptLog,
  DeliveryDetail,
  DeliveryFilter,
  DeliveryId,
  DeliveryPage,
  DeliveryRecord,
  OrganizationId,
} from "@hookwright/core";
import { idBound } from "@hookwright/core/internal";
import { decodeDetail, decodeRecord, encodeTest } from "../thread/detail-columns.js";
import type { CallThread } from "../thread/store-thread.js";

/** What happened, in the database thread. */
export class ThreadAttemptLog implements AttemptLog {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async list(
    organization: OrganizationId,
    filter: DeliveryFilter,
    page: DeliveryPage,
  ): Promise<readonly DeliveryRecord[]> {
    // A delivery's id is made when its message is, or later: none below this bound is young enough.
    const oldest = filter.since === undefined ? "" : idBound("dlv", filter.since);
    const rows = await this.#call("listDeliveries", { organization, filter, page, oldest });
    return rows.map(decodeRecord);
  }

  async get(organization: OrganizationId, delivery: DeliveryId): Promise<DeliveryDetail | undefined> {
    const found = await this.#call("getDelivery", { organization, delivery });
    return found === undefined ? undefined : decodeDetail(found);
  }

  async recordTest(detail: DeliveryDetail): Promise<void> {
    const columns = encodeTest(detail);
    await this.#call("recordTest", columns, columns.message.bytes.buffer);
  }

  async purge(before: number, now: number): Promise<boolean> {
    return this.#call("purge", { before, now });
  }
}
