import { expect, test } from "vitest";
import { systemClock } from "../foundation/clock.js";
import { StateTurns } from "./state-turns.js";

const never = new AbortController().signal;

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("turns of one line come one after the other, in the order in which they were asked for", async () => {
  const turns = new StateTurns(systemClock);
  const order: number[] = [];
  const ends: ((() => void) | undefined)[] = [];
  for (const number of [1, 2, 3]) {
    void turns.take("line", never).then((end) => {
      order.push(number);
      ends.push(end);
    });
  }
  await settled();
  expect(order).toEqual([1]);
  ends[0]?.();
  await settled();
  expect(order).toEqual([1, 2]);
  ends[1]?.();
  await settled();
  expect(order).toEqual([1, 2, 3]);
});

test("lines do not wait for each other", async () => {
  const turns = new StateTurns(systemClock);
  await turns.take("one", never);
  await turns.take("other", never);
});

test("who is given up while waiting leaves the line to the others", async () => {
  const turns = new StateTurns(systemClock);
  const end = await turns.take("line", never);
  const call = new AbortController();
  const second = turns.take("line", call.signal);
  const third = turns.take("line", never);
  const reason = new Error("given up");
  call.abort(reason);
  await expect(second).rejects.toBe(reason);
  end?.();
  await third;
});

test("a call that was given up before gets no turn", async () => {
  const turns = new StateTurns(systemClock);
  const reason = new Error("given up");
  await expect(turns.take("line", AbortSignal.abort(reason))).rejects.toBe(reason);
  await turns.take("line", never);
});
