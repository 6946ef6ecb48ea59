import { type Resolve, tokens } from "./container.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import type { JobId } from "./foundation/ids.js";
import { type OrganizationOptions, organizationOf } from "./foundation/organization-scope.js";
import type { Job } from "./store/job-store.js";

export interface JobListOptions extends OrganizationOptions {
  /** 100 unless given. */
  readonly limit?: number;
  /** Only what is older than this job. */
  readonly before?: JobId;
}

/** Long work that was asked for: how far it has come, and its end. */
export interface JobApi {
  /** @throws HookwrightError `not_found`. */
  get(id: string, options?: OrganizationOptions): Promise<Job>;
  /** Newest first. */
  list(options?: JobListOptions): Promise<readonly Job[]>;
  /** Ends a job that is running; what it has queued already is sent. One that has ended stays as it is. @throws HookwrightError `not_found`. */
  cancel(id: string, options?: OrganizationOptions): Promise<Job>;
}

/** The facade's part about jobs. */
export function jobApi(get: Resolve): JobApi {
  const found = (id: string, job: Job | undefined): Job => {
    if (job !== undefined) return job;
    const name = JSON.stringify(id.slice(0, 64));
    throw new HookwrightError("not_found", `There is no job ${name} in this organization.`);
  };
  return {
    // A text that is no id finds nothing.
    get: async (id, options = {}) => found(id, await get(tokens.store).jobs.get(organizationOf(options), id as JobId)),
    list: async ({ limit = 100, before, ...options } = {}) =>
      get(tokens.store).jobs.list(organizationOf(options), { limit, ...(before === undefined ? {} : { before }) }),
    cancel: async (id, options = {}) => {
      const now = get(tokens.clock).now();
      return found(id, await get(tokens.store).jobs.cancel(organizationOf(options), id as JobId, now));
    },
  };
}
