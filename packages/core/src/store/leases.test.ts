import { expect, test } from "vitest";
import type { DeliveryId, WebhookId } from "../foundation/ids.js";
import { type HeldLease, LeaseTable } from "./leases.js";

function lease(id: string, fence: number, until: number): HeldLease {
  // Ids of a test are their text.
  return { delivery: id as DeliveryId, webhook: 1 as WebhookId, fence, until };
}

test("accepts the fence of the lease that was given last", () => {
  const leases = new LeaseTable();
  const first = lease("dlv_1", 1, 10);
  leases.give(first);
  expect([leases.accepts(first.delivery, 1), leases.accepts(first.delivery, 2)]).toEqual([true, false]);
  leases.give(lease("dlv_1", 2, 20));
  expect([leases.accepts(first.delivery, 1), leases.accepts(first.delivery, 2)]).toEqual([false, true]);
});

test("tells each lease that ran out once, earliest first, and still accepts it", () => {
  const leases = new LeaseTable();
  const [late, early] = [lease("dlv_1", 1, 20), lease("dlv_2", 1, 10)];
  leases.give(late);
  leases.give(early);
  expect(leases.nextEnd).toBe(10);
  expect(leases.runOut(9)).toEqual([]);
  expect(leases.runOut(20)).toEqual([early, late]);
  expect(leases.runOut(30)).toEqual([]);
  expect(leases.nextEnd).toBeUndefined();
  expect([leases.isRunning(late.delivery), leases.accepts(late.delivery, 1)]).toEqual([false, true]);
});

test("says whether the lease that was ended had still been running", () => {
  const leases = new LeaseTable();
  const [running, over] = [lease("dlv_1", 1, 20), lease("dlv_2", 1, 10)];
  leases.give(running);
  leases.give(over);
  leases.runOut(10);
  expect([leases.end(running.delivery), leases.end(over.delivery), leases.end(over.delivery)]).toEqual([
    true,
    false,
    false,
  ]);
  expect([leases.accepts(running.delivery, 1), leases.accepts(over.delivery, 1)]).toEqual([false, false]);
  expect(leases.runOut(100)).toEqual([]);
});

test("a lease that was given again ends once", () => {
  const leases = new LeaseTable();
  leases.give(lease("dlv_1", 1, 10));
  leases.give(lease("dlv_1", 2, 30));
  expect(leases.runOut(20)).toEqual([]);
  expect(leases.runOut(30)).toHaveLength(1);
});
