import { expect, test } from "vitest";
import { disposeOnce } from "./disposer.js";

test("a disposer undoes once, however often it is called", () => {
  let undone = 0;
  const dispose = disposeOnce(() => {
    undone += 1;
  });
  expect(undone).toBe(0);
  dispose();
  dispose();
  expect(undone).toBe(1);
});

test("a disposer that failed is not tried again", () => {
  let tries = 0;
  const dispose = disposeOnce(() => {
    tries += 1;
    throw new Error("broken");
  });
  expect(dispose).toThrow("broken");
  dispose();
  expect(tries).toBe(1);
});
