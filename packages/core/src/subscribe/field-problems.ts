import { HookwrightError } from "../foundation/hookwright-error.js";

/** What is wrong with one field: texts, or texts by index for a list. */
export type FieldProblem = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** Faults of one input by field; `nonField` is about several fields together. */
export type FieldProblems = Readonly<Record<string, FieldProblem>>;

/** A field's value as it will be stored, or what is wrong with it. The texts are those of Label Studio's API where it has one. */
export type Checked<Value> = { readonly value: Value } | { readonly problem: FieldProblem };

export const mayNotBeNull = { problem: ["This field may not be null."] } as const satisfies Checked<never>;

/** The `webhook_invalid` error that names every faulty field. */
export function webhookInvalid(problems: FieldProblems): HookwrightError {
  const texts = Object.entries(problems).map(
    ([field, problem]) => `${field}: ${Object.values(problem).flat().join(" ")}`,
  );
  return new HookwrightError("webhook_invalid", `The webhook cannot be saved. ${texts.join(" ")}`, {
    details: { fields: problems },
  });
}

/** The faults that a `webhook_invalid` error carries. */
export function fieldProblemsOf(error: HookwrightError): FieldProblems {
  // The one maker of such errors stands above.
  return (error.details["fields"] ?? {}) as FieldProblems;
}
