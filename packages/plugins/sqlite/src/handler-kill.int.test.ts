import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { SqliteRig } from "./sqlite-rig.test.support.js";
import { StoreProgram } from "./store-program.test.support.js";

/** From the moment that an event is being stored to the moment before its handler's commit is answered. */
const points = ["storing", "stored", "called", "written", "committing", "commit sent", "committed"] as const;

/** Where the events are not answered yet. */
const early: readonly string[] = ["storing", "stored"];

/** How often a process is killed at each point, one after the other on one database. */
const kills = 2;

test.each(points)(
  "a process that is killed at the point '%s' has each event take effect exactly once",
  async (point) => {
    const rig = SqliteRig.forTest();
    for (let kill = 0; kill < kills; kill += 1) await killAt(point, rig.file);
    await finish(rig.file);

    const store = await rig.open();
    const organization = organizationId(1);
    const deliveries = await store.attempts.list(organization, {}, { limit: 1_000 });
    const events = deliveries.filter(({ action }) => action === "TASKS_CREATED");
    // What was not answered may be missing, but only there.
    if (point === "storing") expect(events.length).toBeLessThanOrEqual(3 * kills);
    else expect(events).toHaveLength(3 * kills);
    expect(deliveries.filter(({ action }) => action === "TASKS_DELETED")).toHaveLength(events.length);
    expect(deliveries.every(({ status, attempts }) => status === "delivered" && attempts === 1)).toBe(true);
    const state = await store.state.read({ plugin: "counting", organization }, ["handled", "emitted"]);
    expect(state.map(({ value }) => Number(value ?? 0))).toEqual([events.length, events.length]);
  },
  60_000,
);

async function killAt(point: string, file: string): Promise<void> {
  const program = StoreProgram.startHandlers(point, file);
  await sayAll(program, early.includes(point) ? ["reached"] : ["reached", "emitted"]);
  await program.kill();
}

/** A process that goes on until nothing waits. */
async function finish(file: string): Promise<void> {
  await sayAll(StoreProgram.startHandlers("none", file), ["done"]);
}

async function sayAll(program: StoreProgram, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted);
  while (missing.size > 0) {
    const line = await program.nextLine();
    if (line === undefined) throw new Error(`The program ended without saying ${[...missing].join(" and ")}.`);
    missing.delete(line);
  }
}
