import { defineEvent, definePlugin, type EventsOf, type HandlerCall, type JsonObject } from "@hookwright/core";

/** Which tasks a person should look at next, the one that the model is least sure of first. */
export const tasksRanked = defineEvent({
  action: "TASKS_RANKED",
  summary: "The prediction backend said which tasks to annotate next.",
  schema: {
    type: "object",
    additionalProperties: false,
    required: ["annotation", "model_version", "tasks"],
    properties: {
      annotation: { type: "integer", description: "The annotation that the backend learned from." },
      model_version: { type: "string" },
      tasks: {
        type: "array",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["id", "score"],
          properties: {
            id: { type: "integer" },
            score: { type: "number", description: "How sure the model is, from 0 to 1." },
          },
        },
      },
      project: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
    },
  },
  example: { annotation: 55, model_version: "7", tasks: [{ id: 101, score: 0.41 }] },
});

interface Prediction {
  readonly id: number;
  readonly score: number;
}

/** Asks a prediction backend after each annotation, and tells which tasks come next. */
const activeLearning = definePlugin({
  name: "active-learning",
  version: "1.0.0",
  hookwright: "^1.0.0",
  events: [tasksRanked],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["backend_url", "tasks"],
    properties: {
      backend_url: { type: "string", description: "Where it takes an annotation and answers with predictions." },
      tasks: { type: "integer", minimum: 1, default: 10, description: "At most so many are told." },
    },
  },
  setup(ctx) {
    const { backend_url, tasks } = ctx.config;
    // Few at once: a backend that trains is slow, and what waits is kept.
    const options = { timeout: 10_000, concurrency: 2 };
    ctx.handle("ANNOTATION_CREATED", (call) => learn(call, backend_url, tasks), options);
    ctx.handle("ANNOTATION_UPDATED", (call) => learn(call, backend_url, tasks), options);
  },
});
export default activeLearning;

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof activeLearning> {}
}

type AnnotationCall = HandlerCall<{ readonly annotation: { readonly id: number }; readonly [member: string]: unknown }>;

/**
 * A call to the outside may happen twice, since the process can end between the answer and the record of it. So the request carries
 * the message's id, by which the backend knows it again; the event that follows is emitted once in any case.
 */
async function learn({ payload, message, emit, signal }: AnnotationCall, url: string, most: number): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": message },
    body: JSON.stringify(payload),
    signal,
  });
  // Thrown: asked again later, on the handler's schedule.
  if (!answer.ok) throw new Error(`The prediction backend answered ${answer.status}.`);
  const { model_version, tasks } = readAnswer(await answer.json());
  const next = tasks.toSorted((one, other) => doubt(other) - doubt(one)).slice(0, most);
  if (next.length > 0) emit(tasksRanked, { annotation: payload.annotation.id, model_version, tasks: next });
}

/** 1 where the model can only guess, 0 where it is sure, one way or the other. */
function doubt({ score }: Prediction): number {
  return 1 - Math.abs(2 * score - 1);
}

function readAnswer(answer: unknown): { readonly model_version: string; readonly tasks: readonly Prediction[] } {
  const { model_version, tasks } = Object(answer) as JsonObject;
  if (typeof model_version !== "string" || !Array.isArray(tasks) || !tasks.every(isPrediction))
    throw new Error('The prediction backend must answer {"model_version": text, "tasks": [{"id", "score"}]}.');
  return { model_version, tasks };
}

function isPrediction(value: unknown): value is Prediction {
  const { id, score } = Object(value) as JsonObject;
  return Number.isInteger(id) && typeof score === "number" && score >= 0 && score <= 1;
}
