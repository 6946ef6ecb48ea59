import fc from "fast-check";
import { expect, test } from "vitest";
import { SteppedClock, settled } from "../foundation/stepped-clock.test.support.js";
import { Lifecycle } from "./lifecycle.js";

/** A step that notes what is asked of it, and fails where it is told to. */
function step(name: string, log: string[], fails: { readonly start?: boolean; readonly stop?: boolean } = {}) {
  const act = async (what: string, isFailing = false): Promise<void> => {
    log.push(`${what} ${name}`);
    await settled(1);
    if (isFailing) throw new Error(`${what} ${name}`);
    log.push(`${what} ${name}, done`);
  };
  return { name, start: () => act("start", fails.start), stop: () => act("stop", fails.stop) };
}

test("steps start one at a time and stop in exactly the reverse order, one at a time", async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle();
  for (const name of ["a", "b", "c"]) await lifecycle.start(step(name, log));
  expect(await lifecycle.stop()).toEqual([]);
  const twice = (what: string, names: readonly string[]) =>
    names.flatMap((name) => [`${what} ${name}`, `${what} ${name}, done`]);
  expect(log).toEqual([...twice("start", ["a", "b", "c"]), ...twice("stop", ["c", "b", "a"])]);
});

test("whatever fails, what was started is stopped once, in reverse, and every fault is told", async () => {
  const fates = fc.array(fc.record({ start: fc.boolean(), stop: fc.boolean() }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fates, async (fates) => {
      const log: string[] = [];
      const lifecycle = new Lifecycle();
      for (const [index, fate] of fates.entries())
        await lifecycle.start(step(String(index), log, fate)).catch(() => undefined);
      const faults = await lifecycle.stop();
      const started = fates.flatMap((fate, index) => (fate.start ? [] : [index])).reverse();
      expect(log.filter((line) => /^stop \d$/.test(line))).toEqual(started.map((index) => `stop ${index}`));
      expect(faults.map(({ step }) => Number(step))).toEqual(started.filter((index) => fates[index]?.stop));
      expect(await lifecycle.stop()).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("a stop that throws at once keeps nobody else from being stopped", async () => {
  const log: string[] = [];
  const error = new Error("broken");
  const lifecycle = new Lifecycle();
  await lifecycle.start(step("a", log));
  await lifecycle.start({
    name: "b",
    stop: () => {
      throw error;
    },
  });
  expect(await lifecycle.stop()).toEqual([{ step: "b", error }]);
  expect(log).toContain("stop a, done");
});

test("a step without start and stop is one all the same", async () => {
  const lifecycle = new Lifecycle();
  await lifecycle.start({ name: "a" });
  expect(await lifecycle.stop()).toEqual([]);
});

test("what was let go of is not stopped", async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle();
  const letGo = lifecycle.own(step("a", log));
  lifecycle.own(step("b", log));
  letGo();
  letGo();
  await lifecycle.stop();
  expect(log).toEqual(["stop b", "stop b, done"]);
});

test("a step that never stops is waited for as long as the limit says, and then the next one is stopped", async () => {
  const log: string[] = [];
  const clock = new SteppedClock();
  const lifecycle = new Lifecycle({ clock, milliseconds: 5_000 });
  lifecycle.own(step("a", log));
  lifecycle.own({ name: "b", stop: () => new Promise(() => undefined) });
  const stopping = lifecycle.stop();
  await settled();
  clock.advance(4_999);
  await settled();
  expect(log).toEqual([]);
  clock.advance(1);
  const faults = await stopping;
  expect(faults).toMatchObject([{ step: "b", error: { message: "b did not stop within 5000 ms." } }]);
  expect(log).toEqual(["stop a", "stop a, done"]);
  expect(clock.pendingTimers).toBe(0);
});

test("it says that it was stopped from the moment that the stop begins", async () => {
  const lifecycle = new Lifecycle();
  expect(lifecycle.isStopped).toBe(false);
  const stopping = lifecycle.stop();
  expect(lifecycle.isStopped).toBe(true);
  await stopping;
});
