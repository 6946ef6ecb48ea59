import type { Clock } from "../foundation/clock.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { IdSource, OrganizationId } from "../foundation/ids.js";
import type { Job, JobStore, ReplayScope } from "../store/job-store.js";
import type { Webhook } from "../webhook/webhook.js";
import type { ReplayPlan } from "./replay-plan.js";
import { checkReplay, type ReplayOptions } from "./replay-request.js";
import { type ReplaySurvey, type SurveyTask, surveyReplay } from "./replay-survey.js";

export interface ReplaysPorts {
  readonly jobs: JobStore;
  readonly planFor: (webhook: Webhook) => ReplayPlan;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** There is a job. */
  readonly started: () => void;
}

/** Rows that are read before a job is stored, to tell how much it will be: some tens of milliseconds. */
const mostBefore = 50_000;

/** Rows that are read for who only wants to know, in steps with room for others between them: about a second. */
const mostForPreview = 1_000_000;

/** Jobs of an organization that run at once: they take turns, so that more would end no sooner. */
const mostRunning = 10;

/** Previews of all organizations that go on at once: each has a read in the store's queue, before what others write. */
const mostPreviews = 8;

/** Starts replays, and tells beforehand what they would come to. */
export class Replays {
  readonly #ports: ReplaysPorts;
  /** Organizations of which a job is counted before it begins. */
  readonly #counting = new Set<OrganizationId>();
  /** Organizations with a preview under way. */
  readonly #previewing = new Set<OrganizationId>();

  constructor(ports: ReplaysPorts) {
    this.#ports = ports;
  }

  /** @throws HookwrightError `replay_invalid`, or `too_many_jobs`. */
  async start(webhook: Webhook, options: ReplayOptions): Promise<Job> {
    const { jobs, ids, clock, started } = this.#ports;
    const scope = this.#scopeOf(webhook, options);
    const total = await this.#count(scope, webhook);
    const job = await jobs.create({ ...scope, id: ids.jobId(), kind: "replay", total }, clock.now(), mostRunning);
    if (job === undefined) throw tooManyJobs();
    started();
    return job;
  }

  /**
   * One at a time for each organization. Once `signal` is aborted it reads no further, and is not complete.
   *
   * @throws HookwrightError `replay_invalid`, or `overloaded`.
   */
  async preview(webhook: Webhook, options: ReplayOptions, signal?: AbortSignal): Promise<ReplaySurvey> {
    const { organization } = webhook;
    const scope = this.#scopeOf(webhook, options);
    if (this.#previewing.has(organization))
      throw busy("A preview of a replay is under way for this organization already.");
    if (this.#previewing.size >= mostPreviews) throw busy(`${mostPreviews} previews of replays are under way.`);
    this.#previewing.add(organization);
    try {
      return await this.#survey(scope, webhook, { mostRows: mostForPreview, signal });
    } finally {
      this.#previewing.delete(organization);
    }
  }

  #scopeOf({ organization, id: webhook }: Webhook, options: ReplayOptions): ReplayScope {
    return { organization, webhook, request: checkReplay(options, this.#ports.clock.now()) };
  }

  /** `null` where it takes long, or where the same organization has another one counted: the job begins all the same. */
  async #count(scope: ReplayScope, webhook: Webhook): Promise<number | null> {
    const { organization } = webhook;
    if (this.#counting.has(organization)) return null;
    this.#counting.add(organization);
    try {
      const { queued, created, complete } = await this.#survey(scope, webhook, { mostRows: mostBefore });
      return complete ? queued + created : null;
    } finally {
      this.#counting.delete(organization);
    }
  }

  #survey(
    scope: ReplayScope,
    webhook: Webhook,
    bounds: Pick<SurveyTask, "mostRows" | "signal">,
  ): Promise<ReplaySurvey> {
    return surveyReplay({ scope, plan: this.#ports.planFor(webhook), ...bounds }, this.#ports.jobs);
  }
}

function busy(reason: string): HookwrightError {
  return new HookwrightError("overloaded", `${reason} Try again when it has ended.`);
}

function tooManyJobs(): HookwrightError {
  return new HookwrightError(
    "too_many_jobs",
    `${mostRunning} jobs of this organization are running already. Wait until one of them has ended, or cancel one.`,
  );
}
