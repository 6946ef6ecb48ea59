import type { DeliveryId } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { SqliteRig } from "./sqlite-rig.test.support.js";
import { StoreProgram } from "./store-program.test.support.js";

test("a process that is killed under load loses nothing that was answered, and sends nothing again that was settled", async () => {
  const rig = SqliteRig.forTest();
  const program = StoreProgram.start("load", rig.file);
  const answered = { stored: new Set<DeliveryId>(), settled: new Set<DeliveryId>() };
  for (let lines = 0; lines < 400; lines += 1) note(await program.nextLine(), answered);
  await program.kill();
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) note(line, answered);
  expect(answered.settled.size).toBeGreaterThan(400);

  const store = await rig.open();
  const now = Date.now();
  for (const id of answered.stored) {
    const found = await store.attempts.get(organizationId(1), id);
    if (answered.settled.has(id))
      expect(found).toMatchObject({ delivery: { status: "delivered" }, attempts: [{ status: 200 }] });
    else expect(found?.delivery.status).toMatch(/pending|delivered/);
  }
  const { leases } = await store.queue.claim({ now, leaseUntil: now + 1_000, limit: 100_000 });
  expect(leases.filter(({ id }) => answered.settled.has(id))).toEqual([]);
  const claimed = new Set(leases.map(({ id }) => id));
  for (const id of answered.stored) {
    if ((await store.attempts.get(organizationId(1), id))?.delivery.status === "pending") expect(claimed).toContain(id);
  }
});

function note(
  line: string | undefined,
  { stored, settled }: Readonly<Record<"stored" | "settled", Set<DeliveryId>>>,
): void {
  const [word, ids = ""] = line?.split(" ") ?? [];
  // A line that the kill cut off ends in a piece of an id.
  const whole = ids.split(",").filter((id): id is DeliveryId => id.length === 30);
  if (word === "stored") for (const id of whole) stored.add(id);
  if (word === "settled") for (const id of whole) settled.add(id);
}
