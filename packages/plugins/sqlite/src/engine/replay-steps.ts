import type { StatementSync } from "node:sqlite";
import type {
  AddedDelivery,
  DeliveryId,
  Job,
  JobId,
  JobStep,
  JobStepResult,
  OrganizationId,
  ProjectId,
  WebhookId,
} from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { statuses } from "../thread/detail-columns.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookState, WebhookStates } from "./webhook-states.js";

type MessageRow = readonly [message: number, project: ProjectId | null, first: number, deliveries: number];

/** Carries out the steps of replays, each in the transaction that moves its job on. */
export class ReplaySteps {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;
  readonly #delivery: Query<readonly [number: number, webhook: WebhookId, status: number, test: number]>;
  readonly #message: Query<MessageRow>;
  readonly #addVariant: StatementSync;
  readonly #countVariants: StatementSync;

  constructor(database: Database, tables: Tables, underWay: { states: WebhookStates; underWay: UnderWay }) {
    this.#tables = tables;
    this.#webhooks = underWay.states;
    this.#underWay = underWay.underWay;
    this.#delivery = database.query(
      "SELECT number, webhook, status, test FROM deliveries WHERE id = ? AND organization = ?",
    );
    this.#message = database.query(
      "SELECT number, project, first_delivery, deliveries FROM messages WHERE id = ? AND organization = ?",
    );
    // What was made first stays: a retry of another delivery sends the same bytes.
    this.#addVariant = database.prepare(
      "INSERT OR IGNORE INTO message_variants (message, name, payload) VALUES (?, ?, ?)",
    );
    this.#countVariants = database.prepare(
      "UPDATE messages SET variants = (SELECT count(*) FROM message_variants WHERE message = number) WHERE number = ?",
    );
  }

  advance(step: JobStep, now: number): JobStepResult {
    const job = this.#running(step.job, step.version);
    if (job === undefined) return { kind: "lost" };
    const webhook = this.#webhooks.live(job.webhook);
    if (webhook === undefined) return { kind: "moved", job: this.#tables.jobs.end(job, { ...webhookDeleted, now }) };
    if (step.add.length > 0 && webhook.version !== step.basedOn) return { kind: "stale" };
    const queued = step.requeue.filter((id) => this.#requeue(id, job, { webhook, now })).length;
    const created = step.add.filter((added) => this.#add(added, job, { webhook, now })).length;
    this.#underWay.tellOnCommit(job.webhook);
    return { kind: "moved", job: this.#move(job, step, { queued, created, now }) };
  }

  cancel(organization: OrganizationId, id: JobId, now: number): Job | undefined {
    const job = this.#tables.jobs.find(id);
    if (job === undefined || job.organization !== organization) return undefined;
    return job.state === "running" ? this.#tables.jobs.end(job, { state: "cancelled", error: null, now }) : job;
  }

  fail({ id, version }: Pick<Job, "id" | "version">, error: string, now: number): void {
    const job = this.#running(id, version);
    if (job !== undefined) this.#tables.jobs.end(job, { state: "failed", error, now });
  }

  #running(id: JobId, version: number): Job | undefined {
    const job = this.#tables.jobs.find(id);
    return job?.state === "running" && job.version === version ? job : undefined;
  }

  /** Whether it went to the queue: it may have been sent again, or removed, since the page was read. */
  #requeue(id: DeliveryId, { organization, webhook, request }: Job, at: Moment): boolean {
    const [number, target, status = 0, test] = this.#delivery.get(id, organization) ?? [];
    const isWanted = target === webhook && test === 0 && statuses[status] === request.status;
    if (number === undefined || !isWanted) return false;
    this.#tables.deliveries.requeue(number, at.now);
    this.#tables.blocks.wait(number);
    this.#tables.due.insert({ webhook, delivery: id, number, due: at.now }, at.webhook);
    return true;
  }

  /** Whether it was added: the message may be gone, or another replay may have been here, since the page was read. */
  #add({ message, delivery, variants }: AddedDelivery, job: Job, { webhook: state, now }: Moment): boolean {
    const { organization, webhook } = job;
    const { deliveries, due, added } = this.#tables;
    const row = this.#message.get(message, organization);
    if (row === undefined) return false;
    const [messageNumber, project, first, count] = row;
    if (!added.isMissing({ message: messageNumber, first, deliveries: count }, webhook)) return false;
    for (const [name, payload] of variants) this.#addVariant.run(messageNumber, name, payload);
    if (variants.size > 0) this.#countVariants.run(messageNumber);
    const { id, action, form } = delivery;
    const number = deliveries.nextNumber();
    const made = { number, id, organization, webhook, message: messageNumber, project, action, form };
    deliveries.insert({ ...made, createdAt: now, due: now });
    added.add(messageNumber, webhook, number);
    due.insert({ webhook, delivery: id, number, due: now }, state);
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
    const { jobs } = this.#tables;
    return next === null ? jobs.end(moved, { state: "done", error: null, now: done.now }) : jobs.put(moved);
  }
}

interface Moment {
  readonly webhook: WebhookState;
  readonly now: number;
}

const webhookDeleted = { state: "cancelled", error: "The webhook was deleted." } as const;
