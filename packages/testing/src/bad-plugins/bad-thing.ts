import { type ConfiguredPlugin, defineEvent, definePlugin, type PluginContext } from "@hookwright/core";

/** The event of bad plugins: harmless in itself. */
export const badThing = defineEvent({
  action: "BAD_THING",
  summary: "Something is about to go wrong.",
  schema: {
    type: "object",
    required: ["n"],
    properties: { n: { type: "integer" }, text: { type: "string", maxLength: 10_000_000 } },
  },
  example: { n: 1 },
});

/** The body of the first `BAD_THING`, as its receiver must get it. */
export const badBody = '{"action":"BAD_THING","n":1,"project":{"id":1}}';

interface BadParts {
  setup?(context: PluginContext<{ readonly [key: string]: unknown }>): void | Promise<void>;
  stop?(): void | Promise<void>;
}

/** A plugin whose manifest is in order, and whose code is bad. */
export function badPlugin(parts: BadParts): ConfiguredPlugin {
  return definePlugin({ name: "bad", version: "6.6.6", events: [badThing], ...parts });
}
