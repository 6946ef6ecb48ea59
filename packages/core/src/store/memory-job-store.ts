import type { DeliveryId, JobId, OrganizationId } from "../foundation/ids.js";
import type { Webhook } from "../webhook/webhook.js";
import type {
  AddedDelivery,
  Job,
  JobPage,
  JobStep,
  JobStepResult,
  JobStore,
  MessageHead,
  NewJob,
  ReplayPage,
  ReplayScope,
} from "./job-store.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import { type DeliveryRow, newRow } from "./memory-delivery-row.js";
import type { MemoryJobs } from "./memory-jobs.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";

/** What jobs work on. */
export interface MemoryJobStoreParts {
  readonly jobs: MemoryJobs;
  readonly webhooks: MemoryWebhooks;
  readonly deliveries: MemoryDeliveries;
}

/** What a cursor into the messages begins with; a cursor without it is a delivery's id. */
const messageMark = "@";

/** Rows that one page reads at most: other calls come in between. */
const mostRead = 10_000;

/** Long work, in memory. */
export class MemoryJobStore implements JobStore {
  readonly #jobs: MemoryJobs;
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;

  constructor({ jobs, webhooks, deliveries }: MemoryJobStoreParts) {
    this.#jobs = jobs;
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
  }

  async create(job: NewJob, now: number, most: number): Promise<Job | undefined> {
    if (this.#jobs.runningIn(job.organization) >= most) return undefined;
    const counts = { examined: 0, queued: 0, created: 0, skipped: 0 };
    const times = { createdAt: now, updatedAt: now, finishedAt: null };
    return this.#jobs.put({ ...job, state: "running", error: null, ...counts, ...times, cursor: "", version: 1 });
  }

  async get(organization: OrganizationId, id: JobId): Promise<Job | undefined> {
    const job = this.#jobs.find(id);
    return job?.organization === organization ? job : undefined;
  }

  async list(organization: OrganizationId, { limit, before }: JobPage): Promise<readonly Job[]> {
    const all = this.#jobs.newestFirst(organization);
    return all.filter(({ id }) => before === undefined || id < before).slice(0, limit);
  }

  async cancel(organization: OrganizationId, id: JobId, now: number): Promise<Job | undefined> {
    const job = await this.get(organization, id);
    return job?.state === "running" ? this.#end(job, { state: "cancelled", error: null }, now) : job;
  }

  async due(limit: number, after: OrganizationId | 0 = 0): Promise<readonly Job[]> {
    return this.#jobs.longestWaiting(after).slice(0, limit);
  }

  async find(scope: ReplayScope, cursor: string, limit: number): Promise<ReplayPage> {
    const { status, missing } = scope.request;
    if (status === null || cursor.startsWith(messageMark)) {
      return missing ? this.#findMessages(scope, Number(cursor.slice(1)), limit) : nothing;
    }
    const found: DeliveryId[] = [];
    let read = 0;
    for (const row of this.#deliveries.history.deliveriesAfter(scope.organization, cursor)) {
      read += 1;
      if (isWanted(row, scope)) found.push(row.id);
      if (found.length === limit || read === mostRead) return pageOf({ deliveries: found, read, next: row.id });
    }
    return pageOf({ deliveries: found, read, next: missing ? `${messageMark}0` : null });
  }

  async advance(step: JobStep, now: number): Promise<JobStepResult> {
    const job = this.#jobs.find(step.job);
    if (job === undefined || job.state !== "running" || job.version !== step.version) return { kind: "lost" };
    const webhook = this.#webhooks.find(job.webhook);
    if (webhook === undefined) return { kind: "moved", job: this.#end(job, webhookDeleted, now) };
    if (step.add.length > 0 && webhook.version !== step.basedOn) return { kind: "stale" };
    const queued = step.requeue.filter((id) => this.#requeue(id, job, now)).length;
    const created = step.add.filter((added) => this.#add(added, webhook, now)).length;
    return { kind: "moved", job: this.#move(job, step, { queued, created, now }) };
  }

  async fail({ id, version }: Pick<Job, "id" | "version">, error: string, now: number): Promise<void> {
    const job = this.#jobs.find(id);
    if (job?.state === "running" && job.version === version) this.#end(job, { state: "failed", error }, now);
  }

  #findMessages({ organization, webhook, request }: ReplayScope, after: number, limit: number): ReplayPage {
    const { history } = this.#deliveries;
    const messages: MessageHead[] = [];
    let [examined, read] = [0, 0];
    for (const { message, place } of history.messagesAfter(organization, after)) {
      const { id, project, action, createdAt } = message;
      read += 1;
      if (createdAt >= request.since && createdAt < request.until) {
        examined += 1;
        if (history.isMissing(id, webhook)) messages.push({ id, project, action, createdAt });
      }
      if (examined === limit || read === mostRead)
        return pageOf({ messages, examined, read, next: `${messageMark}${place}` });
    }
    return pageOf({ messages, examined, read, next: null });
  }

  /** Whether it went to the queue. */
  #requeue(id: DeliveryId, job: Job, now: number): boolean {
    const row = this.#deliveries.history.find(id);
    if (row === undefined || !isWanted(row, job)) return false;
    row.failures = 0;
    this.#deliveries.wait(row, now);
    return true;
  }

  #add({ message: id, delivery, variants }: AddedDelivery, { organization }: Webhook, now: number): boolean {
    const { history } = this.#deliveries;
    if (history.findMessage(organization, id) === undefined || !history.isMissing(id, delivery.webhook)) return false;
    const message = history.addVariants(id, variants);
    if (message === undefined) return false;
    const row = { ...newRow(delivery, message), createdAt: now };
    history.add(row);
    this.#deliveries.wait(row, now);
    return true;
  }

  #move(job: Job, { examined, skipped, next }: JobStep, done: { queued: number; created: number; now: number }): Job {
    const moved = {
      ...job,
      examined: job.examined + examined,
      queued: job.queued + done.queued,
      created: job.created + done.created,
      skipped: job.skipped + skipped,
      updatedAt: done.now,
      cursor: next ?? job.cursor,
      version: job.version + 1,
    };
    return next === null ? this.#end(moved, { state: "done", error: null }, done.now) : this.#jobs.put(moved);
  }

  #end(job: Job, end: Pick<Job, "state" | "error">, now: number): Job {
    const total = end.state === "done" ? job.queued + job.created : job.total;
    return this.#jobs.put({ ...job, ...end, total, updatedAt: now, finishedAt: now, version: job.version + 1 });
  }
}

const nothing: ReplayPage = { deliveries: [], messages: [], examined: 0, read: 0, next: null };

/** Each delivery that was found was looked at. */
function pageOf(page: Partial<ReplayPage> & Pick<ReplayPage, "read" | "next">): ReplayPage {
  return { deliveries: [], messages: [], examined: page.deliveries?.length ?? 0, ...page };
}

const webhookDeleted = { state: "cancelled", error: "The webhook was deleted." } as const;

function isWanted(row: DeliveryRow, { organization, webhook, request }: ReplayScope): boolean {
  const { since, until, status } = request;
  const isInRange = row.createdAt >= since && row.createdAt < until;
  const isOfWebhook = row.organization === organization && row.webhook === webhook;
  return isOfWebhook && row.status === status && !row.test && isInRange;
}
