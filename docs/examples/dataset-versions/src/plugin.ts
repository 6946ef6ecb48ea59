import { createHash } from "node:crypto";
import { defineEvent, definePlugin, type EventsOf, type HandlerCall } from "@hookwright/core";

const projectMember = { type: "object", required: ["id"], properties: { id: { type: "integer" } } } as const;

/** A version of a project's dataset: everything that changed in one burst of work. */
export const datasetVersionCreated = defineEvent({
  action: "DATASET_VERSION_CREATED",
  summary: "The dataset of a project changed, and has a new version.",
  schema: {
    type: "object",
    additionalProperties: false,
    required: ["version", "digest", "parent", "changes", "since", "until"],
    properties: {
      version: { type: "integer", description: "1 for the first of the project." },
      digest: {
        type: "string",
        description: "Of this version and all before it: SHA-256 over the ids of the messages.",
      },
      parent: { type: "string", description: "The digest of the version before; empty for the first." },
      changes: {
        type: "object",
        description: "How many of each, by action.",
        additionalProperties: { type: "integer" },
      },
      since: { type: "string", description: "The first change; ISO 8601, UTC." },
      until: { type: "string", description: "The last change." },
      project: projectMember,
    },
  },
  example: {
    version: 2,
    digest: "5e884898da28047151d0e56f8dc62927",
    parent: "6b86b273ff34fce19d6b804eff5a3f57",
    changes: { TASKS_CREATED: 250, ANNOTATION_CREATED: 3 },
    since: "2026-01-01T00:00:00.000Z",
    until: "2026-01-01T00:20:00.000Z",
  },
});

/** Emitted by whoever wants what is open to become a version now: at night, or before a training. */
export const datasetVersionWanted = defineEvent({
  action: "DATASET_VERSION_WANTED",
  summary: "Somebody wants a version of the dataset as it is now.",
  schema: { type: "object", additionalProperties: false, properties: { project: projectMember } },
  example: {},
});

/** A project's dataset: its last version, and what has changed since. */
type Dataset = {
  readonly version: number;
  readonly parent: string;
  readonly digest: string;
  readonly changes: { readonly [action: string]: number };
  /** Milliseconds. */
  readonly since: number;
  readonly until: number;
};

const empty: Dataset = { version: 0, parent: "", digest: "", changes: {}, since: 0, until: 0 };

/** Makes a version of a project's dataset out of every burst of changes: an import and the work of a morning are one, not a thousand. */
const datasetVersions = definePlugin({
  name: "dataset-versions",
  version: "1.0.0",
  hookwright: "^1.0.0",
  events: [datasetVersionCreated, datasetVersionWanted],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["quiet_minutes", "most_changes"],
    properties: {
      quiet_minutes: { type: "number", minimum: 0, default: 30, description: "A pause of this length ends a version." },
      most_changes: { type: "integer", minimum: 1, default: 1_000, description: "So many changes end it at once." },
    },
  },
  setup(ctx) {
    const quiet = ctx.config.quiet_minutes * 60_000;
    const most = ctx.config.most_changes;
    const changed = (call: HandlerCall, objects: number): Promise<void> =>
      update(call, (dataset) => {
        const isOver = sizeOf(dataset) > 0 && call.createdAt - dataset.until >= quiet;
        const added = withChange(isOver ? closed(dataset, call) : dataset, call, objects);
        return sizeOf(added) >= most ? closed(added, call) : added;
      });
    ctx.handle("TASKS_CREATED", (call) => changed(call, call.payload.tasks.length));
    ctx.handle("TASKS_DELETED", (call) => changed(call, call.payload.tasks.length));
    ctx.handle("ANNOTATION_CREATED", (call) => changed(call, 1));
    ctx.handle("ANNOTATIONS_CREATED", (call) => changed(call, call.payload.annotation.length));
    ctx.handle("ANNOTATION_UPDATED", (call) => changed(call, 1));
    ctx.handle("ANNOTATIONS_DELETED", (call) => changed(call, call.payload.annotations.length));
    ctx.handle(datasetVersionWanted, (call) =>
      update(call, (dataset) => (sizeOf(dataset) > 0 ? closed(dataset, call) : dataset)),
    );
  },
});
export default datasetVersions;

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof datasetVersions> {}
}

async function update({ state, project }: HandlerCall, change: (dataset: Dataset) => Dataset): Promise<void> {
  const key = `project:${project ?? "none"}`;
  state.set(key, change((await state.get<Dataset>(key)) ?? empty));
}

function withChange(dataset: Dataset, { action, message, createdAt }: HandlerCall, objects: number): Dataset {
  const isFirst = sizeOf(dataset) === 0;
  return {
    ...dataset,
    digest: createHash("sha256").update(`${dataset.digest}\n${message}`).digest("hex"),
    changes: { ...dataset.changes, [action]: (dataset.changes[action] ?? 0) + objects },
    // Handlers of two actions run side by side: the order of two changes may be the other one.
    since: isFirst ? createdAt : Math.min(dataset.since, createdAt),
    until: isFirst ? createdAt : Math.max(dataset.until, createdAt),
  };
}

/** Tells of the version, and begins the next one. */
function closed({ version, parent, digest, changes, since, until }: Dataset, { emit }: HandlerCall): Dataset {
  const next = version + 1;
  emit(datasetVersionCreated, {
    version: next,
    digest,
    parent,
    changes,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
  });
  return { ...empty, version: next, parent: digest, digest };
}

function sizeOf({ changes }: Dataset): number {
  return Object.values(changes).reduce((sum, count) => sum + count, 0);
}
