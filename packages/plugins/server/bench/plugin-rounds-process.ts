import { setTimeout } from "node:timers/promises";
import { createMemoryStore, createWebhooks, defineEvent, definePlugin } from "@hookwright/core";

const warmUp = 100;
const rounds = 1_000;

const hooks = await createWebhooks({ store: createMemoryStore() });
await hooks.start({ deliver: false });
for (let round = -warmUp; round < 0; round += 1) await loadAndUnload(round);
const before = await usedHeap();
const begun = performance.now();
for (let round = 0; round < rounds; round += 1) await loadAndUnload(round);
const each = (performance.now() - begun) / rounds;
console.log(`${(((await usedHeap()) - before) / 1_048_576).toFixed(2)} MB (${each.toFixed(1)} ms a round)`);
await hooks.stop();

async function loadAndUnload(round: number): Promise<void> {
  const events = Array.from({ length: 10 }, (_, index) => eventOf(round, index));
  await hooks.plugins.load(definePlugin({ name: "coming-and-going", version: "1.0.0", events }));
  await hooks.plugins.unload("coming-and-going");
}

function eventOf(round: number, index: number) {
  return defineEvent({
    action: `EVENT_${index}`,
    summary: "Something happened.",
    schema: {
      type: "object",
      required: ["id"],
      properties: {
        id: { type: "integer", minimum: round },
        code: { type: "string", maxLength: 20, pattern: `^[A-Z]{3}-${index}$` },
        kind: { enum: ["a", "b", "c"] },
        lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
      },
    },
    example: { id: round },
  });
}

/** V8 keeps compiled code over several collections, in case that it is wanted again. */
async function usedHeap(): Promise<number> {
  for (let collection = 0; collection < 20; collection += 1) {
    if (globalThis.gc === undefined) throw new Error("run it with --expose-gc");
    globalThis.gc();
    await setTimeout(10);
  }
  return process.memoryUsage().heapUsed;
}
