import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import type { CommandIo } from "./command-io.js";
import { finish, type JsonOption } from "./options.js";
import { fields, table } from "./table.js";

/** An event as the catalog answers it. */
interface EventView {
  readonly action: string;
  readonly title: string;
  readonly summary: string;
  readonly owner: { readonly name: string; readonly version: string };
  readonly scope: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly schema: unknown;
  readonly example: unknown;
}

/** `events`: which events there are. */
export function addEvents(program: Command, io: CommandIo): void {
  const group = program.command("events").description("Which events there are: list, show, example.");
  const list = group
    .command("list")
    .description("List the events: the built-in ones and those of the plugins.")
    .action(async (options: JsonOption) => {
      const answer = await new ApiClient(io).get("/api/events/", { limit: 1_000 });
      if (options.json) return io.print(answer.text);
      const { results } = JSON.parse(answer.text) as { readonly results: readonly EventView[] };
      io.print(listText(results));
    });
  finish(list, "events list");

  const show = group
    .command("show")
    .description("Show one event with its schema.")
    .argument("<action>", "its action or an alias")
    .action(async (action: string, options: JsonOption) => {
      const answer = await new ApiClient(io).get(pathOf(action));
      io.print(options.json ? answer.text : eventText(JSON.parse(answer.text) as EventView));
    });
  finish(show, "events show ANNOTATION_CREATED");

  const example = group
    .command("example")
    .description("Print a payload that the event accepts, ready for `send`.")
    .argument("<action>", "its action or an alias")
    .action(async (action: string, options: JsonOption) => {
      const answer = await new ApiClient(io).get(pathOf(action));
      const event = JSON.parse(answer.text) as EventView;
      io.print(JSON.stringify(event.example, undefined, options.json ? 0 : 2));
    });
  finish(example, "events example TASKS_CREATED > task.json");
}

function pathOf(action: string): string {
  return `/api/events/${encodeURIComponent(action)}/`;
}

function listText(events: readonly EventView[]): string {
  return table(
    events,
    [
      { title: "ACTION", show: (event) => event.action },
      { title: "SCOPE", show: (event) => event.scope },
      { title: "FROM", show: ({ owner }) => owner.name },
      { title: "SUMMARY", show: (event) => event.summary },
    ],
    "There are no events.",
  );
}

function eventText(event: EventView): string {
  const facts = fields({
    action: event.action,
    aliases: event.aliases,
    title: event.title,
    summary: event.summary,
    from: `${event.owner.name}@${event.owner.version}`,
    scope: event.scope,
    version: event.version,
  });
  return `${facts}\n\nschema\n${JSON.stringify(event.schema, undefined, 2)}\n\nexample\n${JSON.stringify(event.example, undefined, 2)}`;
}
