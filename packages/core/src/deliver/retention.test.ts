import { beforeEach, expect, test } from "vitest";
import { SteppedClock, settled } from "../foundation/stepped-clock.test.support.js";
import type { Logger } from "../observe/logger.js";
import { Retention } from "./retention.js";

const day = 86_400_000;
const tenMinutes = 600_000;

let clock: SteppedClock;
let steps: { readonly before: number; readonly now: number }[];
/** What each step does, in order; those beyond find nothing. */
let script: (() => Promise<boolean>)[];
let errors: string[];
let retention: Retention;

beforeEach(() => {
  clock = new SteppedClock();
  steps = [];
  script = [];
  errors = [];
  const quiet = (): void => undefined;
  const error = (message: string): void => void errors.push(message);
  const logger: Logger = { isEnabled: () => true, debug: quiet, info: quiet, warn: quiet, error };
  const attempts = {
    list: async () => [],
    get: async () => undefined,
    recordTest: async () => undefined,
    purge: async (before: number, now: number) => {
      steps.push({ before, now });
      return (await script.shift()?.()) ?? false;
    },
  };
  retention = new Retention({ attempts, clock, logger }, 30 * day);
});

async function pass(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  await settled();
}

test("looks every ten minutes for what is older than it is kept", async () => {
  retention.start();
  await pass(tenMinutes - 1);
  expect(steps).toEqual([]);
  await pass(1);
  expect(steps).toEqual([{ before: clock.now() - 30 * day, now: clock.now() }]);
  await pass(tenMinutes);
  expect(steps).toHaveLength(2);
});

test("takes step after step while there is more, with a pause between them", async () => {
  script = [async () => true, async () => true];
  retention.start();
  await pass(tenMinutes);
  expect(steps).toHaveLength(1);
  await pass(20);
  await pass(20);
  expect(steps).toHaveLength(3);
  await pass(1_000);
  expect(steps).toHaveLength(3);
});

test("goes on after a failure, which is told", async () => {
  script = [() => Promise.reject(new Error("disk"))];
  retention.start();
  await pass(tenMinutes);
  expect(errors).toEqual(["Old records could not be removed; it is tried again"]);
  await pass(tenMinutes);
  expect(steps).toHaveLength(2);
});

test("a stop waits for the step under way, and there is no further one", async () => {
  const gate = Promise.withResolvers<boolean>();
  script = [() => gate.promise];
  retention.start();
  await pass(tenMinutes);
  let stopped = false;
  const stopping = retention.stop().then(() => {
    stopped = true;
  });
  await settled();
  expect(stopped).toBe(false);
  gate.resolve(true);
  await stopping;
  await pass(10 * tenMinutes);
  expect(steps).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});
