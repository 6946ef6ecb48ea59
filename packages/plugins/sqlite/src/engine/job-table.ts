import type { StatementSync } from "node:sqlite";
import type { Job, JobId, JobPage, JobState, NewJob, OrganizationId, ReplayRequest, WebhookId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

type JobRow = readonly [
  id: JobId,
  organization: OrganizationId,
  webhook: WebhookId,
  kind: "replay",
  request: string,
  state: JobState,
  error: string | null,
  total: number | null,
  examined: number,
  queued: number,
  created: number,
  skipped: number,
  createdAt: number,
  updatedAt: number,
  finishedAt: number | null,
  cursor: string,
  version: number,
];

const columns =
  "id, organization, webhook, kind, request, state, error, total, examined, queued, created, skipped, created_at, updated_at, finished_at, cursor, version";

/** Greater than every id. */
const afterAll = "~";

/** Owns the records of jobs. */
export class JobTable {
  readonly #put: StatementSync;
  readonly #forget: StatementSync;
  readonly #byId: Query<JobRow>;
  readonly #ofOrganization: Query<JobRow>;
  readonly #underWay: Query<JobRow>;
  readonly #nextOrganization: Query<readonly [OrganizationId]>;
  readonly #countRunning: Query<readonly [number]>;

  constructor(database: Database) {
    this.#put = database.prepare(`INSERT OR REPLACE INTO jobs (${columns}) VALUES (${columns.replace(/\w+/g, "?")})`);
    this.#forget = database.prepare(
      "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at IS NOT NULL AND finished_at < ? LIMIT ?)",
    );
    this.#byId = database.query(`SELECT ${columns} FROM jobs WHERE id = ?`);
    this.#ofOrganization = database.query(
      `SELECT ${columns} FROM jobs WHERE organization = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    );
    this.#nextOrganization = database.query(
      "SELECT organization FROM jobs WHERE finished_at IS NULL AND organization > ? ORDER BY organization LIMIT 1",
    );
    this.#countRunning = database.query(
      "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE finished_at IS NULL AND organization = ? LIMIT ?)",
    );
    this.#underWay = database.query(
      `SELECT ${columns} FROM jobs WHERE finished_at IS NULL AND organization = ? ORDER BY updated_at, id LIMIT 1`,
    );
  }

  /** `undefined`, and nothing is stored, while `most` of its organization run. */
  create(job: NewJob, now: number, most: number): Job | undefined {
    const [running = 0] = this.#countRunning.get(job.organization, most) ?? [];
    if (running >= most) return undefined;
    const counts = { examined: 0, queued: 0, created: 0, skipped: 0 };
    const times = { createdAt: now, updatedAt: now, finishedAt: null };
    return this.put({ ...job, state: "running", error: null, ...counts, ...times, cursor: "", version: 1 });
  }

  put(job: Job): Job {
    const { id, organization, webhook, kind, request, state, error, total, examined, queued, created } = job;
    const { skipped, createdAt, updatedAt, finishedAt, cursor, version } = job;
    const end = [skipped, createdAt, updatedAt, finishedAt, cursor, version] as const;
    const text = JSON.stringify(request);
    this.#put.run(id, organization, webhook, kind, text, state, error, total, examined, queued, created, ...end);
    return job;
  }

  find(id: JobId): Job | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : toJob(row);
  }

  list(organization: OrganizationId, { limit, before }: JobPage): readonly Job[] {
    return this.#ofOrganization.all(organization, before ?? afterAll, limit).map(toJob);
  }

  /** Of each of the next organizations the one whose last step is longest ago. */
  due(limit: number, after: OrganizationId | 0): readonly Job[] {
    const jobs: Job[] = [];
    for (let at = after; jobs.length < limit; ) {
      const next = this.#nextOrganization.get(at);
      if (next === undefined) break;
      [at] = next;
      const row = this.#underWay.get(at);
      if (row !== undefined) jobs.push(toJob(row));
    }
    return jobs;
  }

  end(job: Job, { state, error, now }: JobEnd): Job {
    const total = state === "done" ? job.queued + job.created : job.total;
    return this.put({ ...job, state, error, total, updatedAt: now, finishedAt: now, version: job.version + 1 });
  }

  /** Removes up to `limit` of those that ended before `before`; how many. */
  forgetEnded(before: number, limit: number): number {
    return Number(this.#forget.run(before, limit).changes);
  }
}

/** How a job comes to its end. */
export interface JobEnd {
  readonly state: Exclude<JobState, "running">;
  readonly error: string | null;
  readonly now: number;
}

function toJob(row: JobRow): Job {
  const [id, organization, webhook, kind, request, state, error, total, examined, queued, created, ...rest] = row;
  const [skipped, createdAt, updatedAt, finishedAt, cursor, version] = rest;
  return {
    id,
    organization,
    webhook,
    kind,
    // Written by put.
    request: JSON.parse(request) as ReplayRequest,
    state,
    error,
    total,
    examined,
    queued,
    created,
    skipped,
    createdAt,
    updatedAt,
    finishedAt,
    cursor,
    version,
  };
}
