import { createMemoryStore, createWebhooks, defineEvent, definePlugin } from "@hookwright/core";
import { median, report } from "./measure.ts";

const plugins = 200;
const eventsAPlugin = 5;
const rounds = 3;

/** From nothing to a started host with 200 plugins and 1,000 events, every schema compiled and every example checked. */
export async function benchPluginStart(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const made = Array.from({ length: plugins }, (_, index) => pluginWithEvents(round, index));
    const begun = performance.now();
    const hooks = await createWebhooks({ store: createMemoryStore(), plugins: made });
    await hooks.start({ deliver: false });
    times.push(performance.now() - begun);
    const { length } = hooks.events.list();
    await hooks.stop();
    if (length < plugins * eventsAPlugin) throw new Error(`${length} events are registered`);
  }
  const [first = Number.NaN] = times;
  report(
    "start with 200 plugins and 1,000 events",
    `${first.toFixed(0)} ms (median ${median(times).toFixed(0)} ms)`,
    "under 1,000 ms",
  );
}

/** Each round's schemas are others, so that none profits from the round before. */
function pluginWithEvents(round: number, index: number) {
  const events = Array.from({ length: eventsAPlugin }, (_, number) =>
    defineEvent({
      action: `EVENT_${index}_${number}`,
      summary: "Something happened.",
      schema: {
        type: "object",
        required: ["id", "total"],
        properties: {
          id: { type: "integer" },
          total: { type: "number", minimum: 0 },
          note: { type: "string", maxLength: 200 + round },
          kind: { enum: ["a", "b"] },
          lines: {
            type: "array",
            items: { type: "object", required: ["sku"], properties: { sku: { type: "string" } } },
          },
        },
      },
      example: { id: 1, total: 2, lines: [{ sku: "A" }] },
    }),
  );
  return definePlugin({ name: `plugin-${index}`, version: "1.0.0", events });
}
