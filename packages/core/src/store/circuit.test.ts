import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit } from "./circuit.js";

const capacity = 32;
const outage = 30_000;
const never = Number.NEGATIVE_INFINITY;

function strain(circuit: Circuit, times: number, now = 0): void {
  for (let time = 0; time < times; time += 1) circuit.strain({ strain: "rest", capacity, now });
}

test("four failures in a row are a hiccup", () => {
  const circuit = new Circuit();
  strain(circuit, 4);
  expect(circuit.narrowed(capacity)).toBe(32);
  expect(circuit.restUntil).toBe(never);
});

test("from the fifth on each halves what may be under way, down to one; each success doubles it again", () => {
  const circuit = new Circuit();
  const narrowing = Array.from({ length: 10 }, () => {
    circuit.strain({ strain: "narrow", capacity, now: 0 });
    return circuit.narrowed(capacity);
  });
  expect(narrowing).toEqual([32, 32, 32, 32, 16, 8, 4, 2, 1, 1]);
  const widening = Array.from({ length: 6 }, () => {
    circuit.ease();
    return circuit.narrowed(capacity);
  });
  expect(widening).toEqual([2, 4, 8, 16, 32, 32]);
  expect(circuit.isWhole).toBe(true);
});

test("it rests once it is down to one and nothing came through for half a minute", () => {
  const circuit = new Circuit();
  strain(circuit, 100);
  strain(circuit, 100, outage - 1);
  expect(circuit.restUntil).toBe(never);
  strain(circuit, 1, outage);
  expect(circuit.restUntil).toBe(outage + 1_000);
  const wide = new Circuit();
  strain(wide, 4);
  strain(wide, 5, outage);
  expect([wide.narrowed(capacity), wide.restUntil]).toEqual([1, never]);
});

test("each rest is twice as long as the one before, up to a minute", () => {
  const circuit = new Circuit();
  strain(circuit, 9);
  let now = outage;
  const rests = Array.from({ length: 9 }, () => {
    strain(circuit, 1, now);
    const rest = circuit.restUntil - now;
    now = circuit.restUntil;
    return rest / 1_000;
  });
  expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("what fails while it rests was under way before, and makes no rest longer", () => {
  const circuit = new Circuit();
  strain(circuit, 9);
  strain(circuit, 20, outage);
  strain(circuit, 20, outage + 999);
  expect(circuit.restUntil).toBe(outage + 1_000);
  strain(circuit, 1, outage + 1_000);
  expect(circuit.restUntil).toBe(outage + 3_000);
});

test("a success ends the rest, and the next begins with a second, half a minute after the next failure", () => {
  const circuit = new Circuit();
  strain(circuit, 9);
  strain(circuit, 1, outage);
  strain(circuit, 1, outage + 1_000);
  circuit.ease();
  expect(circuit.restUntil).toBe(never);
  strain(circuit, 20, 2 * outage);
  expect(circuit.restUntil).toBe(never);
  strain(circuit, 1, 3 * outage);
  expect(circuit.restUntil).toBe(3 * outage + 1_000);
});

test("a wish for an attempt ends the rest and nothing else", () => {
  const circuit = new Circuit();
  strain(circuit, 9);
  strain(circuit, 1, outage);
  circuit.wake();
  expect(circuit.restUntil).toBe(never);
  expect(circuit.narrowed(capacity)).toBe(1);
  strain(circuit, 1, outage + 500);
  expect(circuit.restUntil).toBe(outage + 2_500);
});

test("a receiver without a schedule never rests", () => {
  const circuit = new Circuit();
  for (let time = 0; time < 100; time += 1) circuit.strain({ strain: "narrow", capacity, now: time * 10_000 });
  expect(circuit.restUntil).toBe(never);
  expect(circuit.narrowed(capacity)).toBe(1);
});

test("whatever happens, something may always leave within a minute, and ten successes make it whole", () => {
  const failure = fc.record({ strain: fc.constantFrom("narrow" as const, "rest" as const), after: fc.nat(100_000) });
  fc.assert(
    fc.property(fc.array(fc.option(failure), { maxLength: 200 }), fc.integer({ min: 1, max: 1_000 }), (steps, room) => {
      const circuit = new Circuit();
      let now = 0;
      for (const step of steps) {
        now += step?.after ?? 0;
        if (step === null) circuit.ease();
        else circuit.strain({ strain: step.strain, capacity: room, now });
        expect(circuit.narrowed(room)).toBeGreaterThanOrEqual(1);
        expect(circuit.narrowed(room)).toBeLessThanOrEqual(room);
        expect(circuit.restUntil - now).toBeLessThanOrEqual(60_000);
      }
      for (let success = 0; success < 10; success += 1) circuit.ease();
      expect(circuit.narrowed(room)).toBe(room);
      expect(circuit.isWhole).toBe(true);
    }),
  );
});

test("a clock that is set back begins the half minute anew", () => {
  const circuit = new Circuit();
  strain(circuit, 9, 86_400_000);
  strain(circuit, 1, 0);
  expect(circuit.restUntil).toBe(never);
  strain(circuit, 1, outage);
  expect(circuit.restUntil).toBe(outage + 1_000);
});
