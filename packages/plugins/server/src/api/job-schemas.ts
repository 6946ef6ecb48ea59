import {
  answer,
  errorAnswers,
  idParameter,
  pageOf,
  pageParameters,
  ref,
  type SharedSchema,
  timeOrNullSchema,
  timeSchema,
} from "./answer-schemas.js";

/** What a replay can send again: everything that has come to an end. */
export const replayStatuses = ["failed", "delivered", "cancelled"] as const;

const fields = {
  id: { type: "string", pattern: "^job_" },
  kind: { const: "replay" },
  webhook: { type: "integer" },
  request: {
    type: "object",
    required: ["since", "until", "status", "missing"],
    properties: {
      since: timeSchema,
      until: timeSchema,
      status: {
        enum: [...replayStatuses, null],
        description: "Which finished deliveries go out again; null: none.",
      },
      missing: { type: "boolean", description: "Whether the webhook gets what it wants and never had." },
    },
  },
  state: {
    enum: ["running", "done", "cancelled", "failed"],
    description: "`cancelled` also where its webhook was deleted.",
  },
  error: { type: ["string", "null"], description: "Why it ended early." },
  examined: { type: "integer", minimum: 0, description: "Deliveries and messages looked at so far." },
  queued: { type: "integer", minimum: 0, description: "Finished deliveries that were put in the queue again." },
  created: { type: "integer", minimum: 0, description: "Deliveries that were added." },
  skipped: { type: "integer", minimum: 0, description: "Messages that were left out because a transform failed." },
  total: {
    type: ["integer", "null"],
    minimum: 0,
    description:
      "How many deliveries it comes to: counted before it began, or at its end; null where that is not known.",
  },
  created_at: timeSchema,
  updated_at: timeSchema,
  finished_at: timeOrNullSchema,
} as const;

export const jobSchema: SharedSchema = {
  $id: "Job",
  type: "object",
  required: Object.keys(fields),
  properties: fields,
};

export const replayPreviewSchema: SharedSchema = {
  $id: "ReplayPreview",
  type: "object",
  required: ["dry_run", "queued", "created", "complete"],
  properties: {
    dry_run: { const: true },
    queued: { type: "integer", minimum: 0, description: "Finished deliveries that would be sent again." },
    created: { type: "integer", minimum: 0, description: "Deliveries that would be added." },
    complete: { type: "boolean", description: "Whether everything was looked at; else it is at least that many." },
  },
};

const tags = ["jobs"];
const jobId = { type: "object", required: ["id"], properties: { id: { type: "string" } } };
const time = { type: "string", format: "date-time" } as const;

export const replaySchema = {
  operationId: "replayWebhook",
  summary: "Send past events to a webhook again, as a job",
  tags: ["webhooks"],
  params: idParameter,
  body: {
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["since"],
          properties: {
            since: { ...time, description: "Created at or after; ISO 8601, UTC unless an offset is given." },
            until: { ...time, description: "Created before; now unless given." },
            status: {
              enum: [...replayStatuses],
              description:
                "Finished deliveries of this status go out again; `failed`, unless `missing` is asked for alone.",
            },
            missing: {
              type: "boolean",
              default: false,
              description:
                "Messages that the webhook wants and has no delivery of, also those that came before it did.",
            },
            dry_run: { type: "boolean", default: false, description: "Only tell what it would come to." },
          },
        },
      },
    },
  },
  response: {
    200: answer("What it would come to: a dry run.", ref("ReplayPreview")),
    202: answer("It has begun.", ref("Job")),
    ...errorAnswers(400, 401, 404, 409, 413, 415, 503, 507),
  },
};

export const listJobsSchema = {
  operationId: "listJobs",
  summary: "Jobs, newest first",
  tags,
  querystring: { type: "object", properties: pageParameters },
  response: { 200: answer("One page.", pageOf(ref("Job"))), ...errorAnswers(400, 401) },
};

export const getJobSchema = {
  operationId: "getJob",
  summary: "How far a job has come",
  tags,
  params: jobId,
  response: { 200: answer("The job.", ref("Job")), ...errorAnswers(401, 404) },
};

export const cancelJobSchema = {
  operationId: "cancelJob",
  summary: "Cancel a job; what it has queued is sent, and one that has ended stays as it is",
  tags,
  params: jobId,
  response: { 200: answer("The job as it is now.", ref("Job")), ...errorAnswers(401, 404, 503, 507) },
};
