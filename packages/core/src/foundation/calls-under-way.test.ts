import { expect, test } from "vitest";
import { CallsUnderWay } from "./calls-under-way.js";

test("none() waits for every call, also for one that fails", async () => {
  const calls = new CallsUnderWay();
  const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const results = [calls.run(() => first.promise), calls.run(() => second.promise)];
  let isOver = false;
  const none = calls.none().then(() => {
    isOver = true;
  });
  expect(calls.count).toBe(2);
  first.resolve(1);
  expect(await results[0]).toBe(1);
  expect([calls.count, isOver]).toEqual([1, false]);
  second.reject(new Error("no"));
  await expect(results[1]).rejects.toThrow("no");
  await none;
  expect(calls.count).toBe(0);
  await calls.none();
});
