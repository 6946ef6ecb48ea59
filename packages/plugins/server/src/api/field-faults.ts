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
