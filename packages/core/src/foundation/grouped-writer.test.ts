import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GroupedWriter } from "./grouped-writer.js";

describe("a grouped writer", () => {
  test("gives each item its own result, writes each once and in order, and keeps to its bounds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (scheduler, pauses, largest) => {
          const groups: number[][] = [];
          let underWay = 0;
          const writer = new GroupedWriter<number, string>(async (items) => {
            groups.push([...items]);
            underWay += 1;
            expect(underWay).toBeLessThanOrEqual(2);
            expect(items.length).toBeLessThanOrEqual(largest);
            await scheduler.schedule(Promise.resolve());
            underWay -= 1;
            return items.map((item) => `written ${item}`);
          }, largest);
          const results: Promise<string>[] = [];
          for (const [item, pause] of pauses.entries()) {
            results.push(writer.add(item));
            for (let turn = 0; turn < pause; turn += 1) await nextTurn();
          }
          const all = Promise.all(results);
          await scheduler.waitFor(all);
          expect(await all).toEqual(pauses.map((_, item) => `written ${item}`));
          expect(groups.flat()).toEqual(pauses.map((_, item) => item));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("writes what arrives in one turn together, and what arrives meanwhile in the next group", async () => {
    const gate = Promise.withResolvers<void>();
    const groups: number[][] = [];
    const writer = new GroupedWriter<number, number>(async (items) => {
      groups.push([...items]);
      await gate.promise;
      return items;
    }, 100);
    const results = [1, 2, 3].map((item) => writer.add(item));
    await nextTurn();
    results.push(writer.add(4));
    await nextTurn();
    // Two groups are under way; these wait for one of them.
    for (const item of [5, 6, 7]) results.push(writer.add(item));
    await nextTurn();
    expect(groups).toEqual([[1, 2, 3], [4]]);
    gate.resolve();
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(groups).toEqual([[1, 2, 3], [4], [5, 6, 7]]);
  });

  test("writes what is to be first before all that wait", async () => {
    const groups: number[][] = [];
    const writer = new GroupedWriter<number, number>(async (items) => {
      groups.push([...items]);
      return items;
    }, 2);
    const results = [1, 2, 3].map((item) => writer.add(item));
    results.push(writer.add(4, true));
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4]);
    expect(groups).toEqual([
      [4, 1],
      [2, 3],
    ]);
  });

  test("fails the items of a group that fails, and goes on with the next", async () => {
    const full = new Error("the disk is full");
    const writer = new GroupedWriter<number, number>(async (items) => {
      if (items.includes(2)) throw full;
      return items;
    }, 2);
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => writer.add(item)));
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : result.reason))).toEqual([
      full,
      full,
      3,
      4,
      5,
    ]);
  });

  test("fails the items of a group whose writer throws at once", async () => {
    const broken = new Error("closed");
    const writer = new GroupedWriter<number, number>(() => {
      throw broken;
    }, 10);
    await expect(writer.add(1)).rejects.toBe(broken);
    await expect(writer.add(2)).rejects.toBe(broken);
  });

  test("fails an item that was given no result", async () => {
    const writer = new GroupedWriter<number, number>(async (items) => items.slice(1), 10);
    const results = await Promise.allSettled([writer.add(1), writer.add(2)]);
    expect(results).toEqual([
      { status: "fulfilled", value: 2 },
      { status: "rejected", reason: new TypeError("A group of 2 items got 1 results.") },
    ]);
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
