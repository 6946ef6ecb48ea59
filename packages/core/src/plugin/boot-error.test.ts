import { expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { BootError, type BootProblem, problemOf } from "./boot-error.js";

function problem(changes: Partial<BootProblem> = {}): BootProblem {
  return {
    code: "plugin_version",
    plugin: "billing@1.0.0",
    expected: "plugin rates ^2.0.0",
    found: "rates@1.4.0",
    fix: "Load versions that fit each other.",
    ...changes,
  };
}

test("one problem is told in one line with everything that there is to say", () => {
  const error = new BootError([problem()]);
  expect(error.message).toBe(
    "Plugin billing@1.0.0: expected plugin rates ^2.0.0, found rates@1.4.0. Load versions that fit each other. (plugin_version)",
  );
  expect(error.code).toBe("plugins_refused");
  expect(error.details["problems"]).toEqual([problem()]);
});

test("several are told one line each", () => {
  const error = new BootError([problem(), problem({ plugin: "audit@2.0.0" })]);
  const [head, ...lines] = error.message.split("\n");
  expect(head).toBe("The plugins have 2 problems:");
  expect(lines).toEqual([
    expect.stringMatching(/^- Plugin billing@1\.0\.0: /),
    expect.stringMatching(/^- Plugin audit@/),
  ]);
});

test("the message stays short however many and however long they are, and the list is whole", () => {
  const endless = "x\n".repeat(50_000);
  const problems = Array.from({ length: 5_000 }, () => problem({ plugin: endless, expected: endless, found: endless }));
  const error = new BootError(problems);
  expect(error.message.split("\n")).toHaveLength(22);
  expect(error.message.length).toBeLessThan(25_000);
  expect(error.message).toMatch(/- and 4980 more$/);
  expect(error.problems).toHaveLength(5_000);
});

test("it is an error of ours, and known as a boot error across two copies of the class", () => {
  const error = new BootError([problem()]);
  expect(error).toBeInstanceOf(HookwrightError);
  expect(error).toBeInstanceOf(BootError);
  expect(error.name).toBe("BootError");
  const ofAnotherCopy = Object.defineProperty(new Error("x"), Symbol.for("hookwright:boot-error"), { value: true });
  expect(ofAnotherCopy).toBeInstanceOf(BootError);
  for (const other of [new HookwrightError("plugins_refused", "x"), new Error("x"), {}, null, undefined, "x"])
    expect(other instanceof BootError).toBe(false);
});

test("the errors behind it are its cause", () => {
  const [one, other] = [new Error("one"), new Error("other")];
  expect(new BootError([problem()], []).cause).toBeUndefined();
  expect(new BootError([problem()], [one]).cause).toBe(one);
  expect(new BootError([problem()], [one, other]).cause).toMatchObject({ errors: [one, other] });
});

test("an error becomes a problem with its code, what it found, and what to do", () => {
  const error = new HookwrightError("definition_invalid", "Event X of a@1.0.0: summary must say what happened.");
  expect(problemOf(error, "a@1.0.0")).toMatchObject({
    code: "definition_invalid",
    plugin: "a@1.0.0",
    found: "Event X of a@1.0.0: summary must say what happened",
    fix: expect.stringMatching(/./),
  });
  expect(problemOf("thrown as it is", "a@1.0.0")).toMatchObject({ code: "plugin_invalid", found: "thrown as it is" });
});
