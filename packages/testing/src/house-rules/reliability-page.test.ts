import { describe, expect, test } from "vitest";
import { type ProofCase, reliabilityPage } from "./reliability-page.js";

const file = "packages/plugins/sqlite/src/storage.proof.int.test.ts";

function proofCase(titles: readonly string[], holds = true): ProofCase {
  return { file, titles, holds };
}

const cases = [proofCase(["Storage", "full"]), proofCase(["Clock", "an hour"]), proofCase(["Clock", "a day"])];
const page = reliabilityPage("# Reliability\n\nWhat is promised.\n", cases, "24.0.0");

describe("the reliability page", () => {
  test("keeps its head, whatever was generated below it before", () => {
    expect(page.startsWith("# Reliability\n\nWhat is promised.\n\n<!--")).toBe(true);
    expect(reliabilityPage(page, cases, "24.0.0")).toBe(page);
  });

  test("does not depend on the order in which files come", () => {
    const [storage, ...clock] = cases;
    expect(storage === undefined ? "" : reliabilityPage(page, [...clock, storage], "24.0.0")).toBe(page);
  });

  test("tells a case that is gone, one that is new, and one that fails", () => {
    expect(reliabilityPage(page, cases.slice(1), "24.0.0")).not.toBe(page);
    expect(reliabilityPage(page, [...cases, proofCase(["Clock", "a week"])], "24.0.0")).not.toBe(page);
    const failing = reliabilityPage(page, [proofCase(["Clock", "an hour"], false)], "24.0.0");
    expect(failing).toContain("- an hour **FAILS**");
    expect(failing).toContain("| **1 fail** |");
  });

  test("folds a long suite, and shows marks of Markdown as they are", () => {
    const many = Array.from({ length: 20 }, (_, index) => proofCase(["Many", `case_${index} <b>`]));
    const long = reliabilityPage("", many, "24.0.0");
    expect(long).toContain("<summary>20 cases</summary>");
    expect(long).toContain("- case\\_19 \\<b\\>");
  });
});
