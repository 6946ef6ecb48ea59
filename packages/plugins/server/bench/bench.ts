import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "@hookwright/core";
import { sqlite } from "@hookwright/plugin-sqlite";
import { benchBacklogMemory } from "./backlog-memory.ts";
import { benchDeliveries } from "./deliveries.ts";
import { benchMatching } from "./matching.ts";

/** `npm run bench`, or `npm run bench -- deliveries` for those whose name holds a word. Everything is loopback, bounded, and cleans up after itself. */
const wanted = process.argv[2] ?? "";
const folder = await mkdtemp(join(tmpdir(), "hookwright-bench-"));
const file = (name: string) => sqlite({ file: join(folder, `${name}.db`) });

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  "deliveries-sqlite": () => benchDeliveries("SQLite", file("deliveries")),
  "deliveries-memory": () => benchDeliveries("memory", createMemoryStore()),
  matching: () => benchMatching(file),
  "backlog-memory": () => benchBacklogMemory(folder),
};

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown processor"}`);
try {
  for (const [name, run] of Object.entries(benchmarks)) if (name.includes(wanted)) await run();
} finally {
  await rm(folder, { recursive: true, force: true });
}
