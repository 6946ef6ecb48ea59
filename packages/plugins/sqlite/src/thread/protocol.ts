import type {
  AccessToken,
  DeliveryFilter,
  DeliveryId,
  DeliveryPage,
  HandlerId,
  HandlerSettings,
  Job,
  JobId,
  JobPage,
  JobStep,
  JobStepResult,
  MessageId,
  NewJob,
  NewWebhook,
  Note,
  OrganizationId,
  ReplayPage,
  ReplayScope,
  Reseal,
  RetryResult,
  SealableWebhook,
  SecretsChange,
  StateChange,
  StateEntry,
  StateOwner,
  StoredTarget,
  SubscriptionChanges,
  Webhook,
  WebhookChange,
  WebhookFilter,
  WebhookId,
  WebhookPage,
} from "@hookwright/core";
import type { DatabaseFailure } from "../database/database-failure.js";
import type { AppendColumns, AppendedColumns } from "./append-columns.js";
import type { ClaimColumns, ClaimedColumns } from "./claim-columns.js";
import type { CommitColumns, CommittedColumns } from "./commit-columns.js";
import type { DetailColumns, RecordRow, TestColumns } from "./detail-columns.js";
import type { MessageColumns } from "./message-columns.js";
import type { SettleColumns, SettledColumns } from "./settle-columns.js";

interface Operation<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** Calls that change the database. All that arrive together share one transaction. */
export interface WriteOperations {
  readonly append: Operation<AppendColumns, AppendedColumns>;
  readonly settle: Operation<SettleColumns, SettledColumns>;
  readonly retry: Operation<OneDelivery & { readonly now: number }, RetryResult>;
  readonly recordTest: Operation<TestColumns, void>;
  readonly purge: Operation<{ readonly before: number; readonly now: number }, boolean>;
  readonly createWebhook: Operation<{ readonly webhook: NewWebhook; readonly now: number }, Webhook>;
  readonly updateWebhook: Operation<
    OneWebhook & { readonly change: WebhookChange; readonly now: number },
    Webhook | undefined
  >;
  readonly setSecrets: Operation<
    OneWebhook & { readonly change: SecretsChange; readonly now: number },
    Webhook | "stale" | undefined
  >;
  readonly resealWebhooks: Operation<readonly Reseal[], readonly boolean[]>;
  readonly deleteWebhook: Operation<OneWebhook & { readonly now: number }, boolean>;
  readonly registerHandlers: Operation<readonly HandlerSettings[], readonly HandlerId[]>;
  readonly changeState: Operation<{ readonly owner: StateOwner; readonly changes: readonly StateChange[] }, boolean>;
  readonly commitHandlers: Operation<CommitColumns, CommittedColumns>;
  readonly createJob: Operation<{ readonly job: NewJob; readonly now: number; readonly most: number }, Job | undefined>;
  readonly cancelJob: Operation<OneJob & { readonly now: number }, Job | undefined>;
  readonly advanceJob: Operation<{ readonly step: JobStep; readonly now: number }, JobStepResult>;
  readonly failJob: Operation<Pick<Job, "id" | "version"> & { readonly error: string; readonly now: number }, void>;
  readonly addToken: Operation<Omit<AccessToken, "id">, AccessToken>;
  readonly removeToken: Operation<{ readonly organization: OrganizationId; readonly id: number }, boolean>;
}

/** Calls that read what is committed, the writes that arrived together with them included. */
export interface ReadOperations {
  readonly claim: Operation<ClaimColumns, ClaimedColumns>;
  readonly getMessage: Operation<
    { readonly organization: OrganizationId; readonly message: MessageId },
    MessageColumns | undefined
  >;
  readonly getWebhook: Operation<OneWebhook, Webhook | undefined>;
  readonly listWebhooks: Operation<
    { readonly organization: OrganizationId; readonly filter: WebhookFilter; readonly page: WebhookPage },
    readonly Webhook[]
  >;
  readonly webhookChanges: Operation<
    { readonly organization: OrganizationId; readonly since: number; readonly limit: number },
    SubscriptionChanges
  >;
  readonly webhookTargets: Operation<readonly WebhookId[], readonly StoredTarget[]>;
  readonly sealableWebhooks: Operation<
    { readonly after: WebhookId | 0; readonly limit: number },
    readonly SealableWebhook[]
  >;
  readonly getDelivery: Operation<OneDelivery, DetailColumns | undefined>;
  readonly listDeliveries: Operation<ListInput, readonly RecordRow[]>;
  readonly listNotes: Operation<{ readonly after: number; readonly limit: number }, readonly Note[]>;
  readonly readState: Operation<
    { readonly owner: StateOwner; readonly keys: readonly string[] },
    readonly StateEntry[]
  >;
  readonly getJob: Operation<OneJob, Job | undefined>;
  readonly listJobs: Operation<{ readonly organization: OrganizationId; readonly page: JobPage }, readonly Job[]>;
  readonly dueJobs: Operation<{ readonly limit: number; readonly after: OrganizationId | 0 }, readonly Job[]>;
  readonly findReplay: Operation<
    { readonly scope: ReplayScope; readonly cursor: string; readonly limit: number },
    ReplayPage
  >;
  readonly findToken: Operation<string, AccessToken | undefined>;
  readonly listTokens: Operation<OrganizationId, readonly AccessToken[]>;
}

interface OneWebhook {
  readonly organization: OrganizationId;
  readonly id: WebhookId;
}

interface OneJob {
  readonly organization: OrganizationId;
  readonly id: JobId;
}

interface OneDelivery {
  readonly organization: OrganizationId;
  readonly delivery: DeliveryId;
}

interface ListInput {
  readonly organization: OrganizationId;
  readonly filter: DeliveryFilter;
  readonly page: DeliveryPage;
  /** No delivery that the filter wants has a smaller id. */
  readonly oldest: string;
}

type Operations = WriteOperations & ReadOperations;
export type OperationName = keyof Operations;
export type InputOf<Name extends OperationName> = Operations[Name]["input"];
export type OutputOf<Name extends OperationName> = Operations[Name]["output"];

/** One call on its way to the database thread. All calls of one turn travel as one array. */
export type Call = { [Name in OperationName]: NamedCall<Name> }[OperationName];

export interface NamedCall<Name extends OperationName> {
  readonly id: number;
  readonly name: Name;
  readonly input: InputOf<Name>;
}

/** What became of one call. All that one transaction answers travels as one array. */
export interface Reply {
  readonly id: number;
  readonly output?: unknown;
  readonly failure?: DatabaseFailure;
}

/** What the thread is started with. */
export interface ThreadData {
  readonly file: string;
  readonly maxBytes: number | undefined;
}

/** What the thread says unasked: once that the database is open or cannot be, then replies. */
export type FromThread =
  | { readonly kind: "opened" }
  | { readonly kind: "failed"; readonly failure: DatabaseFailure }
  | { readonly kind: "replies"; readonly replies: readonly Reply[] };

export type ToThread =
  | { readonly kind: "calls"; readonly calls: readonly Call[] }
  /** Answered by the end of the thread. */
  | { readonly kind: "close" };
