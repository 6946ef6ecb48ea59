import type { Clock, Timer } from "../foundation/clock.js";
import { messageOf } from "../foundation/hookwright-error.js";
import type { OrganizationId } from "../foundation/ids.js";
import { runAsNobody } from "../observe/blame.js";
import type { Logger } from "../observe/logger.js";
import type { Job, JobStep, JobStore } from "../store/job-store.js";
import type { WebhookStore } from "../store/webhook-store.js";
import type { Webhook } from "../webhook/webhook.js";
import type { ReplayPlan } from "./replay-plan.js";

export interface ReplayRunnerPorts {
  readonly jobs: JobStore;
  readonly webhooks: Pick<WebhookStore, "get">;
  readonly planFor: (webhook: Webhook) => ReplayPlan;
  /** Rows of one step. */
  readonly pageSize: () => number;
  /** Deliveries wait in the store. */
  readonly wake: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Jobs that take a turn in one round, of as many organizations. */
const turns = 16;

/** Pause between two rounds, in milliseconds: other calls come in between. */
const pause = 5;

/** Pause after the store failed, in milliseconds. */
const retryWait = 5_000;

/**
 * Owns the replays of one process: a small step of each in turn, until none is left. What is under way stands in the store
 * and nowhere else, so that a process that dies loses nothing, and two that run the same job step on each other's fence.
 */
export class ReplayRunner {
  readonly #ports: ReplayRunnerPorts;
  #running = false;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  /** The last organization that had a turn, while there may be others behind it. */
  #after: OrganizationId | undefined;
  /** Something was asked for while a round was under way. */
  #again = false;

  constructor(ports: ReplayRunnerPorts) {
    this.#ports = ports;
  }

  /** Goes on with what was left. */
  start(): void {
    this.#running = true;
    this.wake();
  }

  /** Waits for the step under way. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    await this.#round;
  }

  /** There may be a job. */
  wake(): void {
    if (!this.#running) return;
    this.#again = true;
    this.#timer?.cancel();
    if (this.#round === undefined) this.#begin();
  }

  #begin(): void {
    this.#again = false;
    this.#round = runAsNobody(() => this.#takeTurns()).then((wait) => {
      this.#round = undefined;
      if (!this.#running) return;
      if (wait !== undefined) this.#timer = this.#ports.clock.setTimer(wait, () => this.#begin());
      else if (this.#again) this.#begin();
    });
  }

  /** When the next round is due; `undefined`: nothing is left. */
  async #takeTurns(): Promise<number | undefined> {
    try {
      const jobs = await this.#nextJobs();
      const faults: unknown[] = [];
      // One that the store fails for keeps no other from its turn.
      for (const job of jobs) if (this.#running) await this.#step(job).catch((error: unknown) => faults.push(error));
      if (faults.length > 0) return this.#wait(faults[0]);
      return jobs.length === 0 ? undefined : pause;
    } catch (error) {
      return this.#wait(error);
    }
  }

  #wait(error: unknown): number {
    // A step may have been taken whose answer was lost.
    this.#ports.wake();
    this.#ports.logger.error("A replay could not go on; it is tried again", { error });
    return retryWait;
  }

  /** Goes round the organizations: empty only when none of them has a job. */
  async #nextJobs(): Promise<readonly Job[]> {
    const { jobs } = this.#ports;
    const after = this.#after;
    const next = await (after === undefined ? jobs.due(turns) : jobs.due(turns, after));
    this.#after = next.length < turns ? undefined : next.at(-1)?.organization;
    return next.length > 0 || after === undefined ? next : this.#nextJobs();
  }

  async #step(job: Job): Promise<void> {
    const { jobs, clock, logger } = this.#ports;
    try {
      const { step, refusals } = await this.#plan(job);
      const result = await jobs.advance(step, clock.now());
      if (result.kind === "moved") this.#tell(job, { ...result, refusals });
    } catch (error) {
      // Whatever else fails is the store's, and passes.
      if (!(error instanceof PlanFault)) throw error;
      await jobs.fail(job, messageOf(error.cause), clock.now());
      logger.error(`Replay ${job.id} of webhook ${job.webhook} failed`, { job: job.id, error: error.cause });
    }
  }

  async #plan(job: Job): Promise<PlannedStep> {
    const { organization, webhook: id, version, cursor } = job;
    const same = { job: job.id, version };
    const webhook = await this.#ports.webhooks.get(organization, id);
    if (webhook === undefined) {
      // The store sees for itself that it is gone, and ends the job.
      const nothing = { basedOn: 0, requeue: [], add: [], examined: 0, skipped: 0, next: cursor };
      return { step: { ...same, ...nothing }, refusals: [] };
    }
    const page = await this.#ports.jobs.find(job, cursor, this.#ports.pageSize());
    const plan = planning(() => this.#ports.planFor(webhook));
    const wanted = await plan.read(planning(() => plan.wanted(page.messages)));
    const { add, refusals } = planning(() => plan.draft(wanted));
    const { deliveries: requeue, examined, next } = page;
    const step = { ...same, basedOn: webhook.version, requeue, add, examined, skipped: refusals.length, next };
    return { step, refusals };
  }

  #tell(before: Job, { job: after, refusals }: { readonly job: Job; readonly refusals: readonly unknown[] }): void {
    const { id: job, webhook, state, queued, created, skipped, error } = after;
    if (queued > before.queued || created > before.created) this.#ports.wake();
    if (refusals.length > 0) {
      const facts = { job, webhook, skipped: refusals.length, error: refusals[0] };
      this.#ports.logger.error(`Replay ${job} skipped ${refusals.length} messages that a transform failed for`, facts);
    }
    if (state === "running") return;
    const facts = { job, webhook, queued, created, skipped, ...(error === null ? {} : { reason: error }) };
    this.#ports.logger.info(`Replay ${job} of webhook ${webhook} is ${state}`, facts);
  }
}

/** A step, and why it leaves out what it does. */
interface PlannedStep {
  readonly step: JobStep;
  readonly refusals: readonly unknown[];
}

/** Planning failed, and would fail again: the one thing that a job ends for. */
class PlanFault extends Error {}

function planning<Result>(plan: () => Result): Result {
  try {
    return plan();
  } catch (cause) {
    throw new PlanFault("A replay cannot be planned.", { cause });
  }
}
