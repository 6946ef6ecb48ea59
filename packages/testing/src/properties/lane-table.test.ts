import type { TargetId } from "@hookwright/core";
import { type LaneSettings, LaneTable } from "@hookwright/core/internal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { organizationId, webhookId } from "../builders/ids.js";

/** What the model knows of one webhook: the due times that wait, and the ends of what is under way. */
interface ModelLane {
  settings: LaneSettings;
  waiting: number[];
  underWay: number;
  pausedUntil: number;
  /** Failures since the last success, how many at once the receiver is trusted with, and its rests. */
  failures: number;
  failingSince: number;
  trusted: number;
  rest: number;
  restUntil: number;
}

type Step =
  | {
      readonly kind: "open";
      readonly webhook: number;
      readonly isActive: boolean;
      readonly capacity: number;
      readonly ordered: boolean;
    }
  | { readonly kind: "close"; readonly webhook: number }
  | { readonly kind: "wait"; readonly webhook: number; readonly delay: number; readonly count: number }
  | { readonly kind: "admit"; readonly webhook: number }
  | { readonly kind: "leave"; readonly webhook: number }
  | { readonly kind: "pause"; readonly webhook: number; readonly delay: number }
  | { readonly kind: "strain"; readonly webhook: number; readonly rests: boolean; readonly times: number }
  | { readonly kind: "ease" | "rouse" | "renew"; readonly webhook: number }
  | { readonly kind: "take"; readonly limit: number }
  | { readonly kind: "advance"; readonly milliseconds: number };

const webhook = fc.integer({ min: 1, max: 8 });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("open" as const),
    webhook,
    isActive: fc.boolean(),
    capacity: fc.integer({ min: 1, max: 5 }),
    ordered: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("close" as const), webhook }),
  fc.record({
    kind: fc.constant("wait" as const),
    webhook,
    delay: fc.nat({ max: 50 }),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ kind: fc.constant("admit" as const), webhook }),
  fc.record({ kind: fc.constant("leave" as const), webhook }),
  fc.record({ kind: fc.constant("pause" as const), webhook, delay: fc.nat({ max: 50 }) }),
  fc.record({
    kind: fc.constant("strain" as const),
    webhook,
    rests: fc.boolean(),
    times: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ kind: fc.constantFrom("ease" as const, "rouse" as const, "renew" as const), webhook }),
  fc.record({ kind: fc.constant("take" as const), limit: fc.nat({ max: 12 }) }),
  fc.record({
    kind: fc.constant("advance" as const),
    milliseconds: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(999, 1_000, 4_000, 30_000, 60_000)),
  }),
);

/** Runs a lane table beside lists that are searched from end to end. */
class Comparison {
  readonly #table = new LaneTable();
  readonly #lanes = new Map<TargetId, ModelLane>();
  #now = 0;

  perform(step: Step): void {
    const lane = "webhook" in step ? this.#lanes.get(webhookId(step.webhook)) : undefined;
    switch (step.kind) {
      case "open":
        this.#open(step);
        break;
      case "close":
        this.#lanes.delete(webhookId(step.webhook));
        this.#table.remove(webhookId(step.webhook));
        break;
      case "wait":
        if (lane !== undefined) this.#wait(lane, step);
        break;
      case "admit":
        if (lane !== undefined) this.#admit(lane);
        break;
      case "leave":
        if (lane !== undefined && lane.underWay > 0) lane.underWay -= 1;
        this.#table.leave(webhookId(step.webhook));
        break;
      case "pause":
        if (lane !== undefined) lane.pausedUntil = Math.max(lane.pausedUntil, this.#now + step.delay);
        this.#table.pause(webhookId(step.webhook), this.#now + step.delay);
        break;
      case "strain":
        for (let time = 0; time < step.times; time += 1) {
          if (lane !== undefined) fail(lane, step.rests, this.#now);
          this.#table.strain(webhookId(step.webhook), step.rests ? "rest" : "narrow", this.#now);
        }
        break;
      case "ease":
        if (lane !== undefined) succeed(lane);
        this.#table.ease(webhookId(step.webhook));
        break;
      case "rouse":
        if (lane !== undefined) lane.restUntil = 0;
        this.#table.rouse(webhookId(step.webhook));
        break;
      case "renew":
        if (lane !== undefined) Object.assign(lane, trustedAgain, { pausedUntil: 0 });
        this.#table.renew(webhookId(step.webhook));
        break;
      case "take":
        this.#take(step.limit);
        break;
      case "advance":
        this.#now += step.milliseconds;
        break;
      default:
        step satisfies never;
    }
    this.#compareNextDue();
  }

  #open({ webhook: number, isActive, capacity, ordered }: Extract<Step, { readonly kind: "open" }>): void {
    const id = webhookId(number);
    // Odd and even webhooks belong to two organizations.
    const settings: LaneSettings = {
      id,
      organization: organizationId((number % 2) + 1),
      isActive,
      maxConcurrency: capacity,
      rateLimit: null,
      allowedRate: null,
      ordered,
    };
    const lane = this.#lanes.get(id) ?? { settings, waiting: [], underWay: 0, pausedUntil: 0, ...trustedAgain };
    lane.settings = settings;
    if (!ordered) lane.waiting.sort((left, right) => left - right);
    this.#lanes.set(id, lane);
    this.#table.configure(settings);
    this.#table.setNextDue(id, lane.waiting[0]);
  }

  #wait(lane: ModelLane, { delay, count }: Extract<Step, { readonly kind: "wait" }>): void {
    for (let number = 0; number < count; number += 1) lane.waiting.push(this.#now + delay);
    if (!lane.settings.ordered) lane.waiting.sort((left, right) => left - right);
    this.#table.wait(lane.settings.id, this.#now + delay);
  }

  #admit(lane: ModelLane): void {
    const blocked = lane.settings.ordered ? lane.waiting.length > 0 : lane.waiting.some((due) => due <= this.#now);
    const expected = this.#room(lane) > 0 && !blocked;
    expect(this.#table.admit(lane.settings.id, this.#now)).toBe(expected);
    if (expected) lane.underWay += 1;
  }

  #take(limit: number): void {
    const before = new Map([...this.#lanes].map(([id, lane]) => [id, this.#claimable(lane)]));
    const given = new Map<TargetId, number>();
    const total = this.#table.takeTurns(this.#now, limit, (id, offer) => {
      const lane = this.#lanes.get(id);
      if (lane === undefined) throw new Error(`A lane that is closed was asked for: ${id}.`);
      expect(offer).toBeLessThanOrEqual(this.#room(lane));
      const count = Math.min(offer, dueAtTheHead(lane.waiting, this.#now));
      lane.waiting.splice(0, count);
      lane.underWay += count;
      given.set(id, (given.get(id) ?? 0) + count);
      return { count, nextDue: lane.waiting[0] };
    });
    const possible = [...before.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBe(Math.min(limit, possible));
    this.#expectFair(before, given);
  }

  /** Whoever got less than another of its organization, by more than the odd one of a division, had nothing left to take. */
  #expectFair(before: ReadonlyMap<TargetId, number>, given: ReadonlyMap<TargetId, number>): void {
    for (const [id, could] of before) {
      const got = given.get(id) ?? 0;
      if (got === could) continue;
      for (const [other, more] of given)
        if (Number(other) % 2 === Number(id) % 2) expect(more).toBeLessThanOrEqual(got + 1);
    }
  }

  #compareNextDue(): void {
    const moments = [...this.#lanes.values()].flatMap((lane) => {
      const [head] = lane.waiting;
      const hasRoom = lane.settings.isActive && lane.underWay < capacityOf(lane);
      return head === undefined || !hasRoom ? [] : [Math.max(this.#now, head, lane.pausedUntil, lane.restUntil)];
    });
    const found = this.#table.nextDue(this.#now);
    if (moments.length === 0) return;
    expect(found).toBeDefined();
    expect(found).toBeLessThanOrEqual(Math.min(...moments));
  }

  #claimable(lane: ModelLane): number {
    return Math.min(this.#room(lane), dueAtTheHead(lane.waiting, this.#now));
  }

  #room(lane: ModelLane): number {
    if (!lane.settings.isActive || this.#now < Math.max(lane.pausedUntil, lane.restUntil)) return 0;
    return Math.max(0, capacityOf(lane) - lane.underWay);
  }
}

/** A fraction of the capacity, so that it means the same when that is changed. */
const trustedAgain = { failures: 0, failingSince: 0, trusted: 1, rest: 0, restUntil: 0 };

function capacityOf(lane: ModelLane): number {
  return Math.max(1, Math.floor(wholeCapacityOf(lane) * lane.trusted));
}

function wholeCapacityOf({ settings }: ModelLane): number {
  return settings.ordered ? 1 : (settings.maxConcurrency ?? 32);
}

function fail(lane: ModelLane, rests: boolean, now: number): void {
  if (lane.failures === 0) lane.failingSince = now;
  lane.failures += 1;
  if (lane.failures < 5) return;
  if (capacityOf(lane) > 1) lane.trusted /= 2;
  else if (rests && now >= lane.restUntil && now - lane.failingSince >= 30_000) {
    lane.rest = lane.rest === 0 ? 1_000 : Math.min(60_000, lane.rest * 2);
    lane.restUntil = now + lane.rest;
  }
}

function succeed(lane: ModelLane): void {
  Object.assign(lane, { failures: 0, trusted: Math.min(1, lane.trusted * 2), rest: 0, restUntil: 0 });
}

function dueAtTheHead(waiting: readonly number[], now: number): number {
  const later = waiting.findIndex((due) => due > now);
  return later === -1 ? waiting.length : later;
}

test("a lane table gives all that it may, in fair parts, and never more", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 5, maxLength: 120, size: "max" }), (steps) => {
      const comparison = new Comparison();
      for (const step of steps) comparison.perform(step);
    }),
    { numRuns: 300 },
  );
});
