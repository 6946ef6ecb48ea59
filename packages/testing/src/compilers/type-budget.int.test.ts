import { afterEach, beforeEach, expect, test } from "vitest";
import { runTypescript, typescripts } from "./compilers.test.support.js";
import { ConsumerProject } from "./consumer-project.test.support.js";

const events = 1_000;

/** Each instantiation of a type is work that an editor does at each key that is pressed. */
const mapBudget = 60_000;

/** What the definitions themselves may take: the payload's type is made of the schema, and the example is checked against it. */
const definitionBudget = 200 * events;

let project: ConsumerProject;

beforeEach(async () => {
  project = await ConsumerProject.create();
});

afterEach(() => project.remove());

// The oldest and the newest; the one between counts as the oldest does.
test.each(["TypeScript 5.9", "TypeScript 7"].filter((version) => version in typescripts))(
  "%s types a thousand events, and emit by all of them, within the budget",
  async (version) => {
    const alone = await instantiations(version, "alone.ts", definitions("hooks.emit(event999, { id: 1, total: 2 });"));
    const mapped = await instantiations(
      version,
      "mapped.ts",
      definitions(`hooks.emit("EVENT_999", { id: 1, total: 2 });
declare module "@hookwright/core" { interface WebhookEventMap extends EventsOf<typeof plugin> {} }`),
    );
    expect(alone).toBeGreaterThan(events);
    expect(alone).toBeLessThan(definitionBudget);
    expect(mapped - alone).toBeGreaterThan(events);
    expect(mapped - alone).toBeLessThan(mapBudget);
  },
  60_000,
);

function definitions(use: string): string {
  const names = Array.from({ length: events }, (_, index) => `event${index}`);
  return `import { defineEvent, definePlugin, type EventsOf, type Webhooks } from "@hookwright/core";
${names.map(definition).join("\n")}
export const plugin = definePlugin({ name: "many", version: "1.0.0", events: [${names.join()}] });
export type Events = EventsOf<typeof plugin>;
declare const hooks: Webhooks;
${use}
`;
}

function definition(name: string, index: number): string {
  return `export const ${name} = defineEvent({
  action: "EVENT_${index}",
  summary: "Something happened.",
  schema: {
    type: "object",
    required: ["id", "total"],
    properties: { id: { type: "integer" }, total: { type: "number" }, note: { type: "string" } },
  },
  example: { id: ${index}, total: 2 },
});`;
}

async function instantiations(version: string, file: string, text: string): Promise<number> {
  await project.write(file, text);
  const options = { noEmit: true, extendedDiagnostics: true };
  const { status, out } = await runTypescript(version, project, { files: [file], options });
  expect(out).not.toContain("error TS");
  expect(status).toBe(0);
  return Number(/^Instantiations:\s+(\d+)/m.exec(out)?.[1]);
}
