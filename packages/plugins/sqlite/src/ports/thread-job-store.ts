import type {
  Job,
  JobId,
  JobPage,
  JobStep,
  JobStepResult,
  JobStore,
  NewJob,
  OrganizationId,
  ReplayPage,
  ReplayScope,
} from "@hookwright/core";
import type { CallThread } from "../thread/store-thread.js";

/** Long work, in the database thread. */
export class ThreadJobStore implements JobStore {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async create(job: NewJob, now: number, most: number): Promise<Job | undefined> {
    return this.#call("createJob", { job, now, most });
  }

  async get(organization: OrganizationId, id: JobId): Promise<Job | undefined> {
    return this.#call("getJob", { organization, id });
  }

  async list(organization: OrganizationId, page: JobPage): Promise<readonly Job[]> {
    return this.#call("listJobs", { organization, page });
  }

  async cancel(organization: OrganizationId, id: JobId, now: number): Promise<Job | undefined> {
    return this.#call("cancelJob", { organization, id, now });
  }

  async due(limit: number, after: OrganizationId | 0 = 0): Promise<readonly Job[]> {
    return this.#call("dueJobs", { limit, after });
  }

  async find({ organization, webhook, request }: ReplayScope, cursor: string, limit: number): Promise<ReplayPage> {
    return this.#call("findReplay", { scope: { organization, webhook, request }, cursor, limit });
  }

  async advance(step: JobStep, now: number): Promise<JobStepResult> {
    return this.#call("advanceJob", { step, now });
  }

  async fail({ id, version }: Pick<Job, "id" | "version">, error: string, now: number): Promise<void> {
    await this.#call("failJob", { id, version, error, now });
  }
}
