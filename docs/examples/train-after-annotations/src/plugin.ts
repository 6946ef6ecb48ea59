import { defineEvent, definePlugin, type EventsOf, type HandlerCall } from "@hookwright/core";

/** What the training service is told. One for each round: a webhook for this action starts the training. */
export const trainingDue = defineEvent({
  action: "TRAINING_DUE",
  summary: "Enough annotations have come in for another training.",
  schema: {
    type: "object",
    additionalProperties: false,
    required: ["round", "annotations", "since", "until"],
    properties: {
      round: { type: "integer", description: "1 for the first training of the project." },
      annotations: { type: "integer", description: "How many came in since the last one." },
      since: { type: "string", description: "When the first of them came in; ISO 8601, UTC." },
      until: { type: "string", description: "When the last of them came in." },
      project: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
    },
  },
  example: { round: 1, annotations: 100, since: "2026-01-01T00:00:00.000Z", until: "2026-01-02T00:00:00.000Z" },
});

/** A project's count since its last training. */
type Progress = {
  readonly round: number;
  readonly annotations: number;
  /** Milliseconds; 0 while there are none. */
  readonly since: number;
};

const beginning: Progress = { round: 1, annotations: 0, since: 0 };

/** Emits `TRAINING_DUE` after every so many annotations of a project. The count is kept in the store: no crash loses or doubles one. */
const trainAfterAnnotations = definePlugin({
  name: "train-after-annotations",
  version: "1.0.0",
  hookwright: "^1.0.0",
  events: [trainingDue],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["annotations"],
    properties: {
      annotations: { type: "integer", minimum: 1, default: 100, description: "So many start a training." },
      count_skipped: { type: "boolean", default: false, description: "Whether a skipped task counts too." },
    },
  },
  setup(ctx) {
    const counts = (annotation: { readonly was_cancelled?: unknown }): boolean =>
      ctx.config.count_skipped === true || annotation.was_cancelled !== true;
    ctx.handle("ANNOTATION_CREATED", (call) =>
      count(call, [call.payload.annotation].filter(counts).length, ctx.config.annotations),
    );
    ctx.handle("ANNOTATIONS_CREATED", (call) =>
      count(call, call.payload.annotation.filter(counts).length, ctx.config.annotations),
    );
  },
});
export default trainAfterAnnotations;

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof trainAfterAnnotations> {}
}

/** Adds to the project's count; what is above the limit begins the next round. State and event are kept together or not at all. */
async function count({ state, emit, project, createdAt }: HandlerCall, more: number, limit: number): Promise<void> {
  if (more === 0) return;
  const key = `project:${project ?? "none"}`;
  let { round, annotations, since } = (await state.get<Progress>(key)) ?? beginning;
  if (annotations === 0) since = createdAt;
  annotations += more;
  for (; annotations >= limit; round += 1, annotations -= limit) {
    emit(trainingDue, { round, annotations: limit, since: isoTime(since), until: isoTime(createdAt) });
    since = createdAt;
  }
  state.set(key, { round, annotations, since });
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
