import { setImmediate } from "node:timers/promises";
import type { JobStore, ReplayScope } from "../store/job-store.js";
import type { ReplayPlan } from "./replay-plan.js";

/** What a replay would come to at this moment. */
export interface ReplaySurvey {
  /** Finished deliveries that would be sent again. */
  readonly queued: number;
  /** Deliveries that would be added. */
  readonly created: number;
  /** Whether all was looked at; else it is at least that many. */
  readonly complete: boolean;
}

const pageSize = 500;

/** What is counted, and how far. */
export interface SurveyTask {
  readonly scope: ReplayScope;
  readonly plan: ReplayPlan;
  readonly mostRows: number;
  /** Once it is aborted, nothing more is read. */
  readonly signal?: AbortSignal | undefined;
}

/** Counts what a replay would send, until `mostRows` rows were read; writes nothing. Other work has its turn between two pages. */
export async function surveyReplay(
  { scope, plan, mostRows, signal }: SurveyTask,
  jobs: Pick<JobStore, "find">,
): Promise<ReplaySurvey> {
  let [queued, created, read] = [0, 0, 0];
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (read >= mostRows || signal?.aborted === true) return { queued, created, complete: false };
    const page = await jobs.find(scope, cursor, pageSize);
    queued += page.deliveries.length;
    created += plan.wanted(page.messages).length;
    // A page that read nothing was a call.
    read += Math.max(1, page.read);
    cursor = page.next;
    if (cursor !== null) await setImmediate();
  }
  return { queued, created, complete: true };
}
