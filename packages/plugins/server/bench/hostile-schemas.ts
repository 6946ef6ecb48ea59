import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  createMemoryStore,
  createWebhooks,
  defineEvent,
  definePlugin,
  HookwrightError,
  type JsonObject,
  type JsonSchema,
} from "@hookwright/core";
import { checkedPayload } from "@hookwright/core/internal";
import { report } from "./measure.ts";

/** As the tests of core have them. */
interface Scenes {
  hostileScenes(
    scale: number,
  ): Readonly<Record<string, { readonly schema: JsonSchema; readonly hostile: () => object }>>;
}

const goal = "under 50 ms";

/**
 * How long each hostile schema of core's tests blocks the event loop: to be compiled, and to check a payload that is made to
 * keep it busy, once as small as is enough and once ten times that. In processor time, so that a busy machine tells the same.
 */
export async function benchHostileSchemas(): Promise<void> {
  const { hostileScenes }: Scenes = await import(
    new URL("../../../core/dist/event/hostile-schemas.test.support.js", import.meta.url).href
  );
  const compiled = new Worst();
  const checked = new Worst();
  for (const scale of [1, 10])
    for (const [name, { schema, hostile }] of Object.entries(hostileScenes(scale))) {
      const hooks = await createWebhooks({ store: createMemoryStore() });
      const event = defineEvent({
        action: "HOSTILE",
        summary: "s",
        schema: { ...schema, type: "object" },
        example: {},
      });
      await hooks.start({ deliver: false });
      await compiled.measure(name, () =>
        hooks.plugins.load(definePlugin({ name: "hostile", version: "1.0.0", events: [event] })),
      );
      const { validate } = hooks.events.get("HOSTILE");
      const value = parsedPayload(hostile());
      if (value !== undefined)
        for (let round = 0; round < 2; round += 1) await checked.measure(name, async () => void validate(value));
      await hooks.stop();
    }
  report("longest that a hostile schema is compiled", compiled.toString(), goal);
  report("longest that a hostile payload is checked", checked.toString(), goal);
}

/** As a request brings it; `undefined` when it is refused for its form, whatever the schema. */
function parsedPayload(value: object): JsonObject | undefined {
  const text = JSON.stringify(value);
  try {
    return checkedPayload(Buffer.from(text), JSON.parse(text)).value;
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "payload_invalid") return undefined;
    throw error;
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

class Worst {
  #milliseconds = 0;
  #name = "";

  async measure(name: string, work: () => Promise<unknown>): Promise<void> {
    // What was made before is not to be collected meanwhile.
    collectGarbage();
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    const milliseconds = (user + system) / 1_000;
    if (milliseconds <= this.#milliseconds) return;
    this.#milliseconds = milliseconds;
    this.#name = name;
  }

  toString(): string {
    return `${this.#milliseconds.toFixed(0)} ms: ${this.#name}`;
  }
}
