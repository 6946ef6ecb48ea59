import type { FieldProblem } from "@hookwright/core/internal";
import { invalidFields } from "../request-problem.js";

/** Gathers what is wrong with the fields of one input, so that one answer names every fault. */
export class FieldFaults {
  readonly #problems: Record<string, FieldProblem> = {};

  add(field: string, problem: FieldProblem): void {
    this.#problems[field] = problem;
  }

  /** To be called when everything was read. @throws RequestProblem `invalid` that names every faulty field. */
  refuse(): void {
    if (Object.keys(this.#problems).length > 0) throw invalidFields(this.#problems);
  }
}

export const timeFault = "Enter a date or time as in ISO 8601, such as 2026-07-20T10:11:12Z.";

/** What is said of a value that is none of the `choices`. */
export function choiceFault(value: unknown, choices: readonly string[]): string {
  const shown = JSON.stringify(typeof value === "string" ? value.slice(0, 100) : value).slice(0, 200);
  return `${shown} is not a valid choice: expected one of ${choices.join(", ")}.`;
}
