/** Why a payload is refused. */
export interface PayloadProblem {
  /** RFC 6901; empty for the payload as a whole. */
  readonly pointer: string;
  readonly expected: string;
  /** The kind of what was found and its size; a number or a boolean itself, but never a text. */
  readonly found: string;
}

/** One line: `/tasks/0/id: expected integer, found a string of 3 characters`. */
export function describeProblem(problem: PayloadProblem): string {
  return `${problem.pointer === "" ? "(the payload itself)" : problem.pointer}: expected ${problem.expected}, found ${problem.found}`;
}

/** What a value is, without telling what a text says. */
export function describeFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return describeText(value);
  return `the ${typeof value} ${String(value)}`;
}

function describeText({ length }: string): string {
  if (length === 0) return "an empty string";
  return length === 1 ? "a string of 1 character" : `a string of ${length} characters`;
}
