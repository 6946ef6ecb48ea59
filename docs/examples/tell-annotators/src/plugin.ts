import { defineEvent, definePlugin, type EventsOf, type HandlerCall, type TransformedEvent } from "@hookwright/core";

/** A project can be worked on. Once for each project. */
export const projectReady = defineEvent({
  action: "PROJECT_READY",
  summary: "A project is set up: it has a labeling configuration and tasks, and is published.",
  schema: {
    type: "object",
    required: ["project", "tasks"],
    properties: {
      project: {
        type: "object",
        required: ["id", "title"],
        properties: { id: { type: "integer" }, title: { type: "string" }, instruction: { type: "string" } },
      },
      tasks: { type: "integer" },
    },
  },
  example: { project: { id: 12, title: "Street signs", instruction: "Draw a box around each sign." }, tasks: 250 },
});

/** What is known of a project so far. */
type Known = {
  readonly title: string;
  readonly instruction: string;
  readonly isConfigured: boolean;
  readonly tasks: number;
  readonly isTold: boolean;
};

const nothing: Known = { title: "", instruction: "", isConfigured: false, tasks: 0, isTold: false };

/** Tells annotators in their chat that a project waits for them: once, when its last missing piece is there. */
const tellAnnotators = definePlugin({
  name: "tell-annotators",
  version: "1.0.0",
  hookwright: "^1.0.0",
  events: [projectReady],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["projects_url"],
    properties: {
      projects_url: {
        type: "string",
        description: "A project's page, without its id: https://labels.example/projects/",
      },
      channel: { type: "string", description: "Where the chat shows it; the webhook's own channel unless given." },
    },
  },
  setup(ctx) {
    ctx.handle("PROJECT_UPDATED", (call) =>
      note(call, call.payload.project.id, (known) => settingsOf(call.payload.project, known)),
    );
    ctx.handle("TASKS_CREATED", (call) =>
      note(call, call.project, (known) => ({ ...known, tasks: known.tasks + call.payload.tasks.length })),
    );
    // Chats take a text, not an event: every webhook for this action gets one, and it is the same in each attempt.
    ctx.transform({
      variant: "chat",
      appliesTo: (_webhook, { action }) => action === projectReady.action,
      apply: (event) => chatMessage(event, ctx.config.projects_url, ctx.config.channel),
    });
  },
});
export default tellAnnotators;

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof tellAnnotators> {}
}

type ProjectObject = { readonly [member: string]: unknown };

function settingsOf(project: ProjectObject, known: Known): Known {
  const { title, expert_instruction, label_config, is_published, is_draft, task_number } = project;
  return {
    ...known,
    title: typeof title === "string" ? title : known.title,
    instruction: typeof expert_instruction === "string" ? expert_instruction : known.instruction,
    isConfigured: isLabelConfig(label_config) && is_published !== false && is_draft !== true,
    tasks: typeof task_number === "number" ? Math.max(task_number, known.tasks) : known.tasks,
  };
}

/** A new project has an empty `<View>`: nothing to label with. */
function isLabelConfig(config: unknown): boolean {
  return typeof config === "string" && /<View\b[^>]*>\s*<\w/.test(config);
}

async function note({ state, emit }: HandlerCall, id: number | null, change: (known: Known) => Known): Promise<void> {
  if (id === null) return;
  const key = `project:${id}`;
  const known = change((await state.get<Known>(key)) ?? nothing);
  const isReady = known.isConfigured && known.tasks > 0;
  if (isReady && !known.isTold) {
    const { title, instruction, tasks } = known;
    emit(projectReady, { project: { id, title, instruction }, tasks }, { project: id });
  }
  state.set(key, { ...known, isTold: known.isTold || isReady });
}

/** A message as Slack, Mattermost and Rocket.Chat take it. */
function chatMessage(
  { payload }: TransformedEvent,
  url: string,
  channel: string | undefined,
): { readonly text: string; readonly channel?: string } {
  const { project, tasks } = payload as unknown as (typeof projectReady)["example"];
  const lines = [
    `*${project.title}* is ready: ${tasks} ${tasks === 1 ? "task waits" : "tasks wait"} for you.`,
    project.instruction ?? "",
    `${url}${project.id}`,
  ];
  return { text: lines.filter((line) => line !== "").join("\n"), ...(channel === undefined ? {} : { channel }) };
}
