import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "@hookwright/core";
import { sqlite } from "@hookwright/plugin-sqlite";
import { benchBacklogMemory } from "./backlog-memory.ts";
import { benchBadReceivers } from "./bad-receivers.ts";
import { benchDeliveries } from "./deliveries.ts";
import { benchHostileSchemas } from "./hostile-schemas.ts";
import { benchMatching } from "./matching.ts";
import { benchMiddleware } from "./middleware.ts";
import { benchPluginRounds } from "./plugin-rounds.ts";
import { benchPluginStart } from "./plugin-start.ts";
import { benchSearch } from "./search.ts";
import { benchValidation } from "./validation.ts";

/** `npm run bench`, or `npm run bench -- deliveries matching` for those whose name holds one of the words. Everything is loopback, bounded, and cleans up after itself. */
const words = process.argv.slice(2);
const isWanted = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));
const folder = await mkdtemp(join(tmpdir(), "hookwright-bench-"));
const file = (name: string) => sqlite({ file: join(folder, `${name}.db`) });

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  "deliveries-sqlite": () => benchDeliveries("SQLite", file("deliveries")),
  "deliveries-memory": () => benchDeliveries("memory", createMemoryStore()),
  matching: () => benchMatching(file),
  middleware: benchMiddleware,
  "backlog-memory": () => benchBacklogMemory(folder),
  "bad-receivers": () => benchBadReceivers(file("bad-receivers")),
  search: () => benchSearch(folder),
  "plugin-start": benchPluginStart,
  "plugin-rounds": benchPluginRounds,
  validation: benchValidation,
  "hostile-schemas": benchHostileSchemas,
};

const unknown = words.find((word) => !Object.keys(benchmarks).some((name) => name.includes(word)));
if (unknown !== undefined)
  throw new Error(`No benchmark is named ${unknown}; there are ${Object.keys(benchmarks).join(", ")}.`);
console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown processor"}`);
try {
  for (const [name, run] of Object.entries(benchmarks)) if (isWanted(name)) await run();
} finally {
  await rm(folder, { recursive: true, force: true });
}
