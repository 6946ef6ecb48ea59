import type { FieldProblems } from "@hookwright/core/internal";

/** What can be wrong with a request before core is asked. The HTTP status of each is known in `error-envelope.ts`. */
export type ProblemKind =
  | "no_credentials"
  | "bad_credentials"
  | "forbidden"
  | "not_found"
  | "wrong_method"
  | "conflict"
  | "media_type"
  | "unreadable"
  | "invalid"
  | "too_large"
  | "overloaded"
  | "not_ready"
  | "stopping";

export interface RequestProblemOptions {
  /** Faults by field, as the API names them; only of kind `invalid`. */
  readonly fields?: FieldProblems;
  /** Headers that the answer carries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log. */
  readonly cause?: unknown;
}

/** A request that is refused. The message is what the caller reads. */
export class RequestProblem extends Error {
  override readonly name: string = "RequestProblem";
  readonly kind: ProblemKind;
  readonly fields: FieldProblems | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemKind, message: string, { fields, headers = {}, cause }: RequestProblemOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.fields = fields;
    this.headers = headers;
  }
}

/** Refuses an input with the faults of its fields. */
export function invalidFields(fields: FieldProblems): RequestProblem {
  return new RequestProblem("invalid", "Validation error", { fields });
}

/** Refuses an input that is no object at all. */
export function invalidInput(text: string): RequestProblem {
  return invalidFields({ non_field_errors: [text] });
}
