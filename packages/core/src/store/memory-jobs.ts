import type { JobId, OrganizationId } from "../foundation/ids.js";
import type { Job } from "./job-store.js";

/** Owns the jobs of the memory store. */
export class MemoryJobs {
  readonly #jobs = new Map<JobId, Job>();
  /** By organization, those that have waited longest first. An organization without one has no entry. */
  readonly #running = new Map<OrganizationId, Map<JobId, Job>>();

  put(job: Job): Job {
    this.#jobs.set(job.id, job);
    const running = this.#running.get(job.organization) ?? new Map<JobId, Job>();
    // Behind all others: it has just had its turn.
    running.delete(job.id);
    if (job.state === "running") running.set(job.id, job);
    if (running.size > 0) this.#running.set(job.organization, running);
    else this.#running.delete(job.organization);
    return job;
  }

  find(id: JobId): Job | undefined {
    return this.#jobs.get(id);
  }

  newestFirst(organization: OrganizationId): readonly Job[] {
    return [...this.#jobs.values()]
      .filter((job) => job.organization === organization)
      .sort((left, right) => (left.id < right.id ? 1 : -1));
  }

  runningIn(organization: OrganizationId): number {
    return this.#running.get(organization)?.size ?? 0;
  }

  /** The job that has waited longest, of each organization that has one, by rising organization. */
  longestWaiting(after: OrganizationId | 0): readonly Job[] {
    const organizations = [...this.#running.keys()].filter((organization) => organization > after);
    return organizations
      .sort((left, right) => left - right)
      .flatMap((organization) => this.#running.get(organization)?.values().next().value ?? []);
  }

  forgetEnded(before: number): void {
    for (const { id, finishedAt } of this.#jobs.values())
      if (finishedAt !== null && finishedAt < before) this.#jobs.delete(id);
  }
}
