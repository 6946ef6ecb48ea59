import type { ReplayOptions, Webhooks } from "@hookwright/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { BodyFields } from "./body-fields.js";
import { given } from "./given.js";
import { replaySchema, replayStatuses } from "./job-schemas.js";
import { jobJson } from "./jobs.js";
import { readJsonBody } from "./request-body.js";
import { serveResource } from "./resource.js";
import { largestWebhookBody } from "./webhook-body.js";
import { findWebhook } from "./webhooks.js";

/** `POST /api/webhooks/{id}/replay/`: sends past events again, or tells what that would come to. */
export function webhookReplayRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/webhooks/:id/replay/",
    name: "Webhook Replay",
    largestBody: largestWebhookBody,
    operations: { POST: { schema: replaySchema, handle: (request, reply) => replay(hooks, request, reply) } },
  });
}

async function replay(hooks: Webhooks, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { id, organization } = await findWebhook(hooks, request);
  const { options, dryRun } = readReplay(request);
  if (dryRun) {
    const preview = hooks.webhooks.previewReplay(id, options, { organization, signal: goneOf(reply) });
    return { dry_run: true, ...(await preview) };
  }
  const job = await hooks.webhooks.replay(id, options, { organization });
  return reply.code(202).header("location", `/api/jobs/${job.id}/`).send(jobJson(job));
}

/** Aborted when nobody waits for the answer any more. */
function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

function readReplay(request: FastifyRequest): { readonly options: ReplayOptions; readonly dryRun: boolean } {
  const fields = new BodyFields(readJsonBody(request));
  const since = fields.time("since", { required: true });
  const until = fields.time("until");
  const status = fields.oneOf("status", replayStatuses);
  const missing = fields.boolean("missing");
  const dryRun = fields.boolean("dry_run") ?? false;
  fields.faults.refuse();
  if (since === undefined) throw new TypeError("since is required, so its absence was refused");
  return { options: { since, ...given({ until, status, missing }) }, dryRun };
}
