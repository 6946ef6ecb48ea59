import type { Job, JobId, Webhooks } from "@hookwright/core";
import { timeOfId } from "@hookwright/core/internal";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { organizationOf } from "./caller.js";
import { given } from "./given.js";
import { cancelJobSchema, getJobSchema, listJobsSchema } from "./job-schemas.js";
import { cursorOf, Query } from "./query.js";
import { serveResource } from "./resource.js";
import { wireTime, wireTimeOrNull } from "./wire-time.js";

/** `/api/jobs/`: long work that was asked for, and its end. */
export function jobRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/jobs/",
    name: "Job List",
    operations: { GET: { schema: listJobsSchema, handle: (request) => listJobs(hooks, request) } },
  });
  const scope = (request: FastifyRequest) => ({ organization: organizationOf(request) });
  serveResource(app, {
    path: "/api/jobs/:id/",
    name: "Job Instance",
    operations: {
      GET: {
        schema: getJobSchema,
        handle: async (request) => jobJson(await hooks.jobs.get(jobId(request), scope(request))),
      },
      DELETE: {
        schema: cancelJobSchema,
        handle: async (request) => jobJson(await hooks.jobs.cancel(jobId(request), scope(request))),
      },
    },
  });
}

/** A job as the API tells it. */
export function jobJson(job: Job): unknown {
  const { since, until, status, missing } = job.request;
  return {
    id: job.id,
    kind: job.kind,
    webhook: job.webhook,
    request: { since: wireTime(since), until: wireTime(until), status, missing },
    state: job.state,
    error: job.error,
    examined: job.examined,
    queued: job.queued,
    created: job.created,
    skipped: job.skipped,
    total: job.total,
    created_at: wireTime(job.createdAt),
    updated_at: wireTime(job.updatedAt),
    finished_at: wireTimeOrNull(job.finishedAt),
  };
}

async function listJobs(hooks: Webhooks, request: FastifyRequest): Promise<unknown> {
  const query = new Query(request);
  const page = query.page((key) => key.startsWith("job_") && timeOfId(key) !== undefined);
  query.faults.refuse();
  const found = await hooks.jobs.list({
    organization: organizationOf(request),
    // The cursor was checked above to be such an id.
    ...given({ before: page.after as JobId | undefined }),
    // One more than is shown tells whether there is a next page.
    limit: page.limit + 1,
  });
  const results = found.slice(0, page.limit);
  const last = results.at(-1);
  const next = found.length > page.limit && last !== undefined ? cursorOf(last.id) : null;
  return { results: results.map(jobJson), next };
}

function jobId(request: FastifyRequest): string {
  // The routes of single jobs have this one parameter.
  return (request.params as { readonly id: string }).id;
}
