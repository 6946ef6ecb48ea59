import { fields, printable, table, time } from "./table.js";

/** A job as the API tells it. */
export interface JobView {
  readonly id: string;
  readonly kind: string;
  readonly webhook: number;
  readonly request: {
    readonly since: string;
    readonly until: string;
    readonly status: string | null;
    readonly missing: boolean;
  };
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly error: string | null;
  readonly examined: number;
  readonly queued: number;
  readonly created: number;
  readonly skipped: number;
  readonly total: number | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
}

export function jobsText(jobs: readonly JobView[]): string {
  return table(
    jobs,
    [
      { title: "ID", show: (job) => job.id },
      { title: "CREATED", show: (job) => time(job.created_at) },
      { title: "WEBHOOK", show: (job) => job.webhook },
      { title: "STATE", show: (job) => job.state },
      { title: "QUEUED AGAIN", show: (job) => job.queued },
      { title: "ADDED", show: (job) => job.created },
      { title: "OF", show: (job) => job.total },
    ],
    "There are no jobs.",
  );
}

export function jobText(job: JobView): string {
  const { since, until, status, missing } = job.request;
  return fields({
    id: job.id,
    webhook: job.webhook,
    state: job.state,
    ...(job.error === null ? {} : { reason: job.error }),
    since: time(since),
    until: time(until),
    status,
    missing,
    "looked at": job.examined,
    "queued again": job.queued,
    added: job.created,
    ...(job.skipped === 0 ? {} : { skipped: job.skipped }),
    "of all": job.total,
    created: time(job.created_at),
    finished: time(job.finished_at),
  });
}

/** How a job ended, in one line. */
export function jobEndText({ id, webhook, state, queued, created, skipped, error }: JobView): string {
  const reason = error === null ? "" : `: ${printable(error)}`;
  const leftOut = skipped === 0 ? "" : `, ${skipped} skipped because a transform failed`;
  const queuedNow = `${queued} queued again, ${created} added${leftOut}.`;
  const goesOn = queued + created === 0 ? "" : " They go out as the webhook takes them.";
  return `Replay ${id} of webhook ${webhook} is ${state}${reason}. ${queuedNow}${goesOn}`;
}

/** Characters of a bar. */
const barWidth = 30;

/** How far a job has come: a bar where it is known how much there is, else what was done. */
export function progressText({ total, queued, created, examined }: JobView): string {
  const done = queued + created;
  if (total === null) return `${done} queued again or added, ${examined} looked at`;
  const filled = total === 0 ? barWidth : Math.min(barWidth, Math.floor((done / total) * barWidth));
  return `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] ${done} of ${total}`;
}
