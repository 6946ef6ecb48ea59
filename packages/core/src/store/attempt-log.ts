import type { Attempt } from "../delivery/attempt.js";
import type { BodyForm, DeliveryStatus, Message } from "../delivery/delivery.js";
import type { DeliveryId, MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { HandlerName } from "./plugin-state-store.js";

/** One delivery as its users see it. */
export interface DeliveryRecord {
  readonly id: DeliveryId;
  readonly organization: OrganizationId;
  readonly message: MessageId;
  /** `null` where it goes to a durable handler. */
  readonly webhook: WebhookId | null;
  /** The durable handler it goes to; `null` where it goes to a webhook. */
  readonly handler: HandlerName | null;
  readonly project: ProjectId | null;
  /** The name in `action`: canonical, or the alias that the webhook listed. */
  readonly action: string;
  readonly form: BodyForm;
  readonly status: DeliveryStatus;
  readonly test: boolean;
  /** Its message's; of one that a replay added, when that was. */
  readonly createdAt: number;
  /** When the last attempt ended; `null` while it is pending. */
  readonly finishedAt: number | null;
  /** When the next attempt is due; `null` once finished. */
  readonly nextAttemptAt: number | null;
  /** Attempts recorded so far. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly lastStatus: number | null;
  readonly lastCode: string | null;
}

/** One delivery with its message and its attempts. */
export interface DeliveryDetail {
  readonly delivery: DeliveryRecord;
  readonly message: Message;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
}

/** All conditions must hold; an absent one holds always. */
export interface DeliveryFilter {
  /** Those of handlers belong to no webhook. */
  readonly webhook?: WebhookId;
  /** Any of these names. */
  readonly actions?: readonly string[];
  readonly project?: ProjectId;
  readonly status?: DeliveryStatus;
  /** Created at or after, in milliseconds. */
  readonly since?: number;
  /** Created before, in milliseconds. */
  readonly until?: number;
}

/** Which part of a list. */
export interface DeliveryPage {
  readonly limit: number;
  /** Only what is older than this delivery. */
  readonly before?: DeliveryId;
}

/** What happened: deliveries and their attempts. Every read sees what was settled before it was asked. */
export interface AttemptLog {
  /** Newest first, by id. */
  list(organization: OrganizationId, filter: DeliveryFilter, page: DeliveryPage): Promise<readonly DeliveryRecord[]>;

  /** One delivery; `undefined` when there is none of this id in the organization. */
  get(organization: OrganizationId, delivery: DeliveryId): Promise<DeliveryDetail | undefined>;

  /** Stores a test delivery that was made already, finished, with its message and its one attempt. It counts for nothing. */
  recordTest(detail: DeliveryDetail): Promise<void>;

  /**
   * Removes what was created before `before`: deliveries that were finished before it too (so that one that was sent again is kept for as long as any
   * other from its last attempt on), their attempts, messages that no delivery needs, used-up idempotency keys (those that expired before `now`),
   * waiting deliveries of webhooks that are not active, and of handlers that the last claim did not name, notes that were written before `before`, and
   * jobs that ended before it. Does one small step, so that no other call waits long, and returns whether more is left. May be called any number of times.
   */
  purge(before: number, now: number): Promise<boolean>;
}
