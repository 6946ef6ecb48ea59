import type { DeliveryStatus, Message, PendingDelivery } from "../delivery/delivery.js";
import type { DeliveryId, JobId, MessageId, OrganizationId, WebhookId } from "../foundation/ids.js";

/** What a replay sends again. The times are those of the messages' and deliveries' creation, in milliseconds. */
export interface ReplayRequest {
  /** Created at or after. */
  readonly since: number;
  /** Created before. */
  readonly until: number;
  /** Finished deliveries of this status go out again under their own id; `null`: none. */
  readonly status: Exclude<DeliveryStatus, "pending"> | null;
  /** Whether messages that the webhook wants, and has no delivery of, get one. */
  readonly missing: boolean;
}

/** Whose replay of what. */
export interface ReplayScope {
  readonly organization: OrganizationId;
  readonly webhook: WebhookId;
  readonly request: ReplayRequest;
}

export interface NewJob extends ReplayScope {
  readonly id: JobId;
  readonly kind: "replay";
  /** How many deliveries it will come to, as far as that is known. */
  readonly total: number | null;
}

/** `cancelled`: by its user, or because its webhook was deleted; `failed`: it could not go on. */
export type JobState = "running" | "done" | "cancelled" | "failed";

/** One job and how far it has come. */
export interface Job extends NewJob {
  readonly state: JobState;
  /** Why it ended early, in one line for a person; else `null`. */
  readonly error: string | null;
  /** Deliveries and messages looked at so far. */
  readonly examined: number;
  /** Finished deliveries that were made due again. */
  readonly queued: number;
  /** Deliveries that were added. */
  readonly created: number;
  /** Messages that a transform refused, which were left out. */
  readonly skipped: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
  /** Where the next step begins; what it is made of is the store's affair. The empty text is the beginning. */
  readonly cursor: string;
  /** Another after each step and after its end: the fence of the next step. */
  readonly version: number;
}

/** What matching needs to know of a message. */
export type MessageHead = Pick<Message, "id" | "project" | "action" | "createdAt">;

/** A part of what a replay is about. */
export interface ReplayPage {
  /** Finished deliveries of the webhook, by rising id. */
  readonly deliveries: readonly DeliveryId[];
  /** Messages that the webhook has no delivery of, in the order in which they were accepted. */
  readonly messages: readonly MessageHead[];
  /** How many of what the replay is about were looked at, at most the limit. */
  readonly examined: number;
  /** How many rows were read for that, of whatever kind: what the page has cost. */
  readonly read: number;
  /** Where the next page begins; `null` at the end. */
  readonly next: string | null;
}

/** A delivery for a message that is stored already. */
export interface AddedDelivery {
  readonly message: MessageId;
  readonly delivery: PendingDelivery<WebhookId>;
  /** Payloads that transforms made for it; one that the message has already stays as it is. */
  readonly variants: ReadonlyMap<string, Uint8Array>;
}

/** What one step of a replay does with a page. */
export interface JobStep {
  readonly job: JobId;
  /** The job's, when the page was read. */
  readonly version: number;
  /** The webhook's version that the deliveries to be added were matched with. */
  readonly basedOn: number;
  readonly requeue: readonly DeliveryId[];
  readonly add: readonly AddedDelivery[];
  readonly examined: number;
  readonly skipped: number;
  /** The page's. */
  readonly next: string | null;
}

/** What became of a step. */
export type JobStepResult =
  /** It is on disk, with the job as it is now. */
  | { readonly kind: "moved"; readonly job: Job }
  /** The job has ended or moved on: nothing was stored. */
  | { readonly kind: "lost" }
  /** The webhook was changed: nothing was stored; read it again and repeat the step. */
  | { readonly kind: "stale" };

/** Which part of a list. */
export interface JobPage {
  readonly limit: number;
  /** Only what is older than this job. */
  readonly before?: JobId;
}

/** Long work: what was asked for and how far it has come. What was answered survives a crash. */
export interface JobStore {
  /** Stores a job that is `running`, and has done nothing yet. `undefined`, and nothing is stored, while `most` of its organization run. */
  create(job: NewJob, now: number, most: number): Promise<Job | undefined>;

  /** `undefined` when the organization has no such job. */
  get(organization: OrganizationId, id: JobId): Promise<Job | undefined>;

  /** Newest first, by id. */
  list(organization: OrganizationId, page: JobPage): Promise<readonly Job[]>;

  /** Ends a job that is running as `cancelled`; one that has ended stays as it is. `undefined` when there is no such job. */
  cancel(organization: OrganizationId, id: JobId, now: number): Promise<Job | undefined>;

  /** The running job that has waited longest for a step, of each of the next `limit` organizations that have one, by rising organization from behind `after` on. */
  due(limit: number, after?: OrganizationId): Promise<readonly Job[]>;

  /**
   * Reads up to `limit` rows of what the replay is about, from a cursor on: first the finished deliveries of the status, then the messages. Test
   * deliveries, their messages, and messages that retention has begun to take away with their deliveries are not among them. Reads some ten thousand rows
   * at most, however large `limit` is, so that a page may be empty and not the last.
   */
  find(scope: ReplayScope, cursor: string, limit: number): Promise<ReplayPage>;

  /**
   * Carries out one step in one transaction: deliveries and messages as the page had them go to the queue, due at `now`, and the job moves on. It counts
   * only while the job is running and has this version, so that a step that is repeated does nothing twice. What has changed since the page was read is
   * looked at again: a delivery goes out again only if it has the request's status still, one is added only if the message is there and the webhook has
   * none of it. Those of a webhook that is not active are queued and held. Where the webhook is gone, the job ends as `cancelled`.
   * With `next` null the job is `done`.
   *
   * @throws HookwrightError `storage_full` when the disk is full, `storage_failed` for any other error of the database; nothing is stored then.
   */
  advance(step: JobStep, now: number): Promise<JobStepResult>;

  /** Ends a running job of this version as `failed`. */
  fail(job: Pick<Job, "id" | "version">, error: string, now: number): Promise<void>;
}
