import { expect, test } from "vitest";
import { TurnQueue } from "./turn-queue.js";

function queueOf(work: Readonly<Record<string, number>>): {
  readonly queue: TurnQueue<string>;
  readonly share: (limit: number) => Readonly<Record<string, number>>;
} {
  const left = new Map(Object.entries(work));
  const queue = new TurnQueue<string>();
  for (const name of left.keys()) queue.push(name);
  const share = (limit: number) => {
    const given: Record<string, number> = {};
    queue.shareOut(limit, (name, offer) => {
      const waiting = left.get(name) ?? 0;
      const used = Math.min(waiting, offer);
      left.set(name, waiting - used);
      given[name] = (given[name] ?? 0) + used;
      return { used, again: used > 0 && waiting > used };
    });
    return given;
  };
  return { queue, share };
}

test("shares equally", () => {
  const { share } = queueOf({ a: 100, b: 100, c: 100 });
  expect(share(30)).toEqual({ a: 10, b: 10, c: 10 });
});

test("shares out again what some leave", () => {
  const { queue, share } = queueOf({ a: 100, b: 1, c: 5 });
  expect(share(30)).toEqual({ a: 24, b: 1, c: 5 });
  expect(queue.size).toBe(1);
});

test("goes on with whoever had no turn yet", () => {
  const { share } = queueOf({ a: 9, b: 9, c: 9 });
  expect([share(2), share(2), share(2)]).toEqual([
    { a: 1, b: 1 },
    { c: 1, a: 1 },
    { b: 1, c: 1 },
  ]);
});

test("ends when nobody is left", () => {
  const { queue, share } = queueOf({ a: 1, b: 0 });
  expect(share(10)).toEqual({ a: 1, b: 0 });
  expect(queue.size).toBe(0);
  expect(share(10)).toEqual({});
});

test("keeps the place of a member whose turn throws", () => {
  const queue = new TurnQueue<string>();
  for (const name of ["a", "b", "c"]) queue.push(name);
  const seen: string[] = [];
  expect(() =>
    queue.shareOut(3, (name) => {
      if (name === "b") throw new Error("disk failed");
      return { used: 1, again: true };
    }),
  ).toThrow("disk failed");
  queue.shareOut(3, (name) => {
    seen.push(name);
    return { used: 1, again: true };
  });
  expect(seen).toEqual(["b", "c", "a"]);
});

test("keeps its order while what was served is cut off", () => {
  const queue = new TurnQueue<number>();
  for (let number = 0; number < 100; number += 1) queue.push(number);
  const seen: number[] = [];
  for (let call = 0; call < 50; call += 1) {
    queue.shareOut(7, (number) => {
      seen.push(number);
      return { used: 1, again: true };
    });
  }
  expect(queue.size).toBe(100);
  expect(seen).toEqual(Array.from({ length: 350 }, (_, index) => index % 100));
});
