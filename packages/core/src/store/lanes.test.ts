import { expect, test } from "vitest";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { type LaneSettings, LaneTable } from "./lanes.js";

/** A lane table over backlogs that are plain lists of due times. */
class Yard {
  readonly lanes: LaneTable;
  readonly #backlogs = new Map<number, number[]>();
  /** How often the table asked for a lane's deliveries. */
  asked = 0;

  constructor(isResumed = false) {
    this.lanes = new LaneTable({ isResumed });
  }

  open(
    id: number,
    settings: Partial<Omit<LaneSettings, "organization">> & { readonly organization?: number } = {},
  ): void {
    const { organization = 1, ...rest } = settings;
    const defaults = { isActive: true, maxConcurrency: null, rateLimit: null, allowedRate: null, ordered: false };
    // Ids of a test are their numbers.
    this.lanes.configure({ ...defaults, ...rest, id: id as WebhookId, organization: organization as OrganizationId });
  }

  wait(id: number, count: number, due = 0): void {
    const backlog = this.#backlogs.get(id) ?? [];
    for (let number = 0; number < count; number += 1) backlog.push(due);
    this.#backlogs.set(id, backlog);
    this.lanes.wait(id as WebhookId, due);
  }

  /** How many each webhook was given. */
  take(limit: number, now = 0): Readonly<Record<number, number>> {
    const given: Record<number, number> = {};
    const total = this.lanes.takeTurns(now, limit, (webhook, offer) => {
      this.asked += 1;
      const backlog = this.#backlogs.get(webhook) ?? [];
      const count = Math.min(offer, backlog.filter((due) => due <= now).length);
      backlog.splice(0, count);
      given[webhook] = (given[webhook] ?? 0) + count;
      return { count, nextDue: backlog[0] };
    });
    expect(total).toBe(Object.values(given).reduce((sum, count) => sum + count, 0));
    return given;
  }

  leave(id: number, count = 1): void {
    for (let number = 0; number < count; number += 1) this.lanes.leave(id as WebhookId);
  }
}

test("gives each webhook an equal share, whatever it has waiting", () => {
  const yard = new Yard();
  for (const id of [1, 2, 3]) yard.open(id, { maxConcurrency: 1_000 });
  yard.wait(1, 10_000);
  yard.wait(2, 10);
  yard.wait(3, 10);
  expect(yard.take(12)).toEqual({ 1: 4, 2: 4, 3: 4 });
  expect(yard.take(15)).toEqual({ 1: 5, 2: 5, 3: 5 });
  expect(yard.take(9)).toEqual({ 1: 7, 2: 1, 3: 1 });
});

test("organizations take turns first, their webhooks inside", () => {
  const yard = new Yard();
  for (let id = 1; id <= 9; id += 1) yard.open(id, { organization: 1 });
  yard.open(10, { organization: 2 });
  for (let id = 1; id <= 10; id += 1) yard.wait(id, 20, id);
  expect(yard.take(10, 50)).toEqual({ 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 10: 5 });
  expect(yard.take(8, 50)).toEqual({ 6: 1, 7: 1, 8: 1, 9: 1, 10: 4 });
});

test("never gives more than the room, 32 where the webhook says nothing", () => {
  const yard = new Yard();
  yard.open(1);
  yard.open(2, { maxConcurrency: 3 });
  yard.wait(1, 100);
  yard.wait(2, 100);
  expect(yard.take(1_000)).toEqual({ 1: 32, 2: 3 });
  expect(yard.take(1_000)).toEqual({});
  yard.leave(2, 2);
  expect(yard.take(1_000)).toEqual({ 2: 2 });
});

test("an ordered webhook has room for one", () => {
  const yard = new Yard();
  yard.open(1, { ordered: true, maxConcurrency: 10 });
  yard.wait(1, 5);
  expect(yard.take(10)).toEqual({ 1: 1 });
  expect(yard.take(10)).toEqual({});
});

test("in an ordered lane one more that waits does not bring the first one forward", () => {
  const yard = new Yard();
  yard.open(1, { ordered: true });
  yard.open(2);
  for (const id of [1, 2]) {
    yard.wait(id, 1, 500);
    yard.lanes.wait(id as WebhookId, 100);
  }
  expect(yard.lanes.nextDue(0)).toBe(100);
  yard.lanes.remove(2 as WebhookId);
  expect(yard.lanes.nextDue(0)).toBe(500);
});

test("what is held, paused or gone is not asked for", () => {
  const yard = new Yard();
  for (const id of [1, 2, 3, 4]) yard.open(id);
  for (const id of [1, 2, 3, 4]) yard.wait(id, 5);
  yard.open(1, { isActive: false });
  yard.lanes.pause(2 as WebhookId, 1_000);
  yard.lanes.pause(2 as WebhookId, 10);
  yard.lanes.remove(3 as WebhookId);
  expect(yard.take(100)).toEqual({ 4: 5 });
  expect(yard.lanes.nextDue(0)).toBe(1_000);
  expect(yard.take(100, 1_000)).toEqual({ 2: 5 });
  yard.open(1);
  expect(yard.take(100, 1_000)).toEqual({ 1: 5 });
});

test("what changes while a webhook stands in line counts when its turn comes", () => {
  const yard = new Yard();
  for (const id of [1, 2, 3]) yard.open(id);
  for (const id of [1, 2, 3]) yard.wait(id, 5);
  expect(yard.take(1)).toEqual({ 1: 1 });
  yard.open(2, { isActive: false });
  yard.lanes.remove(3 as WebhookId);
  expect(yard.take(10)).toEqual({ 1: 4 });
  yard.open(2);
  expect(yard.take(10)).toEqual({ 2: 5 });
});

test("tells when something can be taken next", () => {
  const yard = new Yard();
  yard.open(1, { maxConcurrency: 1 });
  expect(yard.lanes.nextDue(0)).toBeUndefined();
  yard.wait(1, 1, 700);
  yard.wait(1, 1, 900);
  expect(yard.lanes.nextDue(5)).toBe(700);
  expect(yard.take(5, 699)).toEqual({});
  expect(yard.lanes.nextDue(800)).toBe(800);
  expect(yard.take(5, 800)).toEqual({ 1: 1 });
  expect(yard.lanes.nextDue(800)).toBeUndefined();
  yard.leave(1);
  expect(yard.lanes.nextDue(800)).toBe(900);
});

test("a next due that was told too early is corrected by the turn that finds nothing", () => {
  const yard = new Yard();
  yard.open(1);
  yard.wait(1, 1, 900);
  yard.lanes.setNextDue(1 as WebhookId, 100);
  expect(yard.take(5, 100)).toEqual({ 1: 0 });
  expect(yard.lanes.nextDue(100)).toBe(900);
});

test("keeps to the rate, also for what is admitted", () => {
  const yard = new Yard();
  yard.open(1, { rateLimit: 3 });
  expect([yard.lanes.admit(1 as WebhookId, 0), yard.lanes.admit(1 as WebhookId, 0)]).toEqual([true, true]);
  yard.wait(1, 10);
  expect(yard.take(10)).toEqual({ 1: 1 });
  expect(yard.lanes.nextDue(0)).toBe(1_000);
  expect(yard.take(10, 999)).toEqual({});
  expect(yard.take(10, 1_000)).toEqual({ 1: 3 });
});

test("a new rate counts what left already, an equal one changes nothing", () => {
  const yard = new Yard();
  yard.open(1, { rateLimit: 1 });
  yard.wait(1, 10);
  expect(yard.take(10)).toEqual({ 1: 1 });
  yard.open(1, { rateLimit: 1 });
  expect(yard.take(10)).toEqual({});
  yard.open(1, { rateLimit: 2 });
  expect(yard.take(10)).toEqual({ 1: 1 });
  yard.open(1, { rateLimit: null });
  expect(yard.take(10)).toEqual({ 1: 8 });
});

test("a rate that is changed and changed back lets nothing more out", () => {
  const yard = new Yard();
  yard.open(1, { rateLimit: 10 });
  yard.wait(1, 100);
  expect(yard.take(100)).toEqual({ 1: 10 });
  yard.open(1, { rateLimit: 11 });
  expect(yard.take(100)).toEqual({ 1: 1 });
  yard.open(1, { rateLimit: 10 });
  expect(yard.take(100, 999)).toEqual({});
  yard.open(1, { rateLimit: 0.1 });
  expect(yard.take(100, 9_999)).toEqual({});
  expect(yard.take(100, 10_000)).toEqual({ 1: 1 });
});

test("admits what is new where there is room, and lets it overtake nothing that is due", () => {
  const yard = new Yard();
  yard.open(1, { maxConcurrency: 2 });
  yard.open(2, { ordered: true });
  const admit = (id: number, now = 0) => yard.lanes.admit(id as WebhookId, now);
  yard.wait(1, 1, 500);
  expect([admit(1), admit(1, 500), admit(1), admit(1)]).toEqual([true, false, true, false]);
  yard.wait(2, 1, 500);
  expect(admit(2)).toBe(false);
  yard.lanes.setNextDue(2 as WebhookId, undefined);
  expect([admit(2), admit(2)]).toEqual([true, false]);
  expect(admit(99)).toBe(false);
  yard.leave(1, 2);
  yard.lanes.setNextDue(1 as WebhookId, 900);
  expect(yard.lanes.nextDue(600)).toBe(900);
  expect([admit(1, 600), admit(1, 600), yard.lanes.nextDue(600)]).toEqual([true, true, undefined]);
});

test("a turn that throws leaves the lane its turn", () => {
  const yard = new Yard();
  yard.open(1, { organization: 1 });
  yard.open(2, { organization: 2 });
  yard.wait(1, 3);
  yard.wait(2, 3);
  expect(() =>
    yard.lanes.takeTurns(0, 10, () => {
      throw new Error("disk failed");
    }),
  ).toThrow("disk failed");
  expect(yard.lanes.nextDue(0)).toBe(0);
  expect(yard.take(10)).toEqual({ 1: 3, 2: 3 });
});

test("looks at as many lanes as it gives leases, however many lanes wait", () => {
  const yard = new Yard();
  for (let id = 1; id <= 20_000; id += 1) {
    yard.open(id, { organization: id % 100 });
    yard.wait(id, 2);
  }
  for (let call = 0; call < 10; call += 1) yard.take(50);
  expect(yard.asked).toBe(500);
});

/** Half a minute: so long nothing must have come through before a lane rests. */
const outage = 30_000;

function strain(yard: Yard, id: number, times: number, now: number): void {
  for (let time = 0; time < times; time += 1) yard.lanes.strain(id as WebhookId, "rest", now);
}

test("a lane that is strained narrows, rests, lets one through, and is whole again after some successes", () => {
  const yard = new Yard();
  yard.open(1);
  yard.wait(1, 200);
  expect(yard.take(100)).toEqual({ 1: 32 });
  yard.leave(1, 32);
  strain(yard, 1, 9, 0);
  strain(yard, 1, 1, outage);
  expect(yard.take(100, outage)).toEqual({});
  expect(yard.lanes.nextDue(outage)).toBe(outage + 1_000);
  expect(yard.lanes.admit(1 as WebhookId, outage + 500)).toBe(false);
  expect(yard.take(100, outage + 1_000)).toEqual({ 1: 1 });
  expect(yard.take(100, outage + 1_000)).toEqual({});
  const given: number[] = [1];
  for (let success = 0; success < 6; success += 1) {
    yard.leave(1, given.at(-1));
    yard.lanes.ease(1 as WebhookId);
    given.push(yard.take(100, outage + 1_000)[1] ?? 0);
  }
  expect(given).toEqual([1, 2, 4, 8, 16, 32, 32]);
  expect(yard.lanes.isStrained(1 as WebhookId)).toBe(false);
});

test("a narrowed lane keeps to its rate, and an ordered one to its order", () => {
  const yard = new Yard();
  yard.open(1, { rateLimit: 1 });
  yard.open(2, { ordered: true });
  for (const id of [1, 2]) {
    yard.wait(id, 10);
    strain(yard, id, 4, 0);
  }
  expect(yard.take(10)).toEqual({ 1: 1, 2: 1 });
  yard.leave(1);
  expect(yard.take(10, 999)).toEqual({});
  yard.leave(2);
  // An ordered lane has one place from the start: it rests with the fifth failure that is late enough.
  strain(yard, 2, 1, outage);
  expect(yard.take(10, outage)).toEqual({ 1: 1 });
  yard.leave(1);
  expect(yard.take(10, outage + 1_000)).toEqual({ 1: 1, 2: 1 });
});

test("another receiver is neither paused nor strained, and one that is roused may be asked at once", () => {
  const yard = new Yard();
  for (const id of [1, 2]) {
    yard.open(id);
    yard.wait(id, 50);
    strain(yard, id, 9, 0);
    strain(yard, id, 1, outage);
    yard.lanes.pause(id as WebhookId, outage + 500);
  }
  yard.lanes.renew(1 as WebhookId);
  yard.lanes.rouse(2 as WebhookId);
  expect(yard.take(100, outage)).toEqual({ 1: 32 });
  expect(yard.take(100, outage + 500)).toEqual({ 2: 1 });
});

test("a pause that was written down holds from the moment the lane is opened", () => {
  const yard = new Yard();
  yard.open(1, { pausedUntil: 5_000 });
  yard.wait(1, 1);
  expect(yard.take(1, 4_999)).toEqual({});
  expect(yard.take(1, 5_000)).toEqual({ 1: 1 });
});

test("a clock that is set back prolongs no rest and no window", () => {
  const yard = new Yard();
  const day = 86_400_000;
  yard.open(1);
  yard.open(2, { rateLimit: 1 });
  yard.wait(1, 5);
  yard.wait(2, 5);
  expect(yard.take(2, day)).toEqual({ 1: 1, 2: 1 });
  yard.leave(1);
  yard.leave(2);
  strain(yard, 1, 9, day - outage);
  strain(yard, 1, 1, day);
  expect(yard.take(2, day)).toEqual({});
  expect(yard.take(2, 1_000)).toEqual({ 1: 1, 2: 1 });
  yard.leave(2);
  // A clock that is corrected by less than a second is as good as one that runs on.
  expect(yard.take(2, 500)).toEqual({});
});

test("a table of a database that lived before holds those with a rate back for one window, and those that are new not", () => {
  const yard = new Yard(true);
  yard.open(1, { rateLimit: 2 });
  yard.open(2, { rateLimit: 2 });
  yard.lanes.welcome(2 as WebhookId);
  yard.open(3);
  for (const id of [1, 2, 3]) yard.wait(id, 5);
  expect(yard.take(20, 100)).toEqual({ 2: 2, 3: 5 });
  expect(yard.lanes.nextDue(100)).toBe(1_100);
  // Opened later, by the first delivery that asked for it.
  yard.open(4, { rateLimit: 1 });
  yard.open(5, { rateLimit: 1 });
  yard.lanes.welcome(5 as WebhookId);
  for (const id of [4, 5]) yard.wait(id, 1);
  expect(yard.take(20, 1_099)).toEqual({ 5: 1 });
  expect(yard.take(20, 1_100)).toEqual({ 1: 2, 2: 2, 4: 1 });
});
