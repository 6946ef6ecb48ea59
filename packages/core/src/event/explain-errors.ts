import type { ErrorObject } from "ajv/dist/2020.js";
import { describeFound, type PayloadProblem } from "./payload-problem.js";

/**
 * Makes one problem of what Ajv found in `value`. Before the error of a failed `anyOf`, `oneOf` or `if` stand those of its branches:
 * the last error is the one that failed the value.
 */
export function explainErrors(errors: readonly ErrorObject[], value: unknown): PayloadProblem | undefined {
  const last = errors.at(-1);
  // That `if` failed says nothing; what its `then` or `else` complains of does.
  const error = last?.keyword === "if" ? errors[0] : last;
  if (error === undefined) return undefined;
  const data = valueAt(value, error.instancePath);
  return memberProblem(error, data) ?? valueProblem(error, data, errors);
}

function valueAt(value: unknown, pointer: string): unknown {
  const names = pointer.split("/").slice(1);
  return names.reduce((found, name) => memberOf(found, name.replaceAll("~1", "/").replaceAll("~0", "~")), value);
}

/** A problem about a member's being there, which belongs at the member's own place. */
function memberProblem({ params, instancePath }: ErrorObject, data: unknown): PayloadProblem | undefined {
  const at = (name: string): string => `${instancePath}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const missing: unknown = params["missingProperty"];
  if (typeof missing === "string") return { pointer: at(missing), expected: "a value", found: "nothing" };
  const extra: unknown = params["additionalProperty"] ?? params["unevaluatedProperty"];
  if (typeof extra === "string")
    return { pointer: at(extra), expected: "no such member", found: describeFound(memberOf(data, extra)) };
  const named: unknown = params["propertyName"];
  return typeof named === "string"
    ? { pointer: at(named), expected: "a name that propertyNames allows", found: "this one" }
    : undefined;
}

function valueProblem(error: ErrorObject, data: unknown, errors: readonly ErrorObject[]): PayloadProblem {
  const { keyword, instancePath: pointer } = error;
  const isChoice = keyword === "anyOf" || keyword === "oneOf";
  const expected = isChoice ? choiceOf(error, errors.slice(-mostRead, -1)) : expectationOf(error);
  return { pointer, expected, found: describeFound(data) };
}

/** Of the complaints of the branches; there may be a hundred thousand. */
const mostRead = 100;

/** More alternatives than these are not read anyway. */
const mostAlternatives = 6;

function choiceOf({ keyword, instancePath, params }: ErrorObject, branches: readonly ErrorObject[]): string {
  if (Array.isArray(params["passingSchemas"])) return "a value that fits exactly one of the forms of oneOf";
  const complaints = branches.filter((branch) => branch.keyword !== "anyOf" && branch.keyword !== "oneOf");
  const alternatives = [...new Set(complaints.map(expectationOf))];
  const sameValue = complaints.every((complaint) => complaint.instancePath === instancePath);
  return sameValue && alternatives.length > 0 && alternatives.length <= mostAlternatives
    ? alternatives.join(" or ")
    : `a value that fits one of the forms of ${keyword}`;
}

const expectations: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  type: ({ type }) => (Array.isArray(type) ? type.join(" or ") : String(type)),
  const: ({ allowedValue }) => shown(allowedValue),
  enum: ({ allowedValues }) => `one of ${shown(allowedValues)}`,
  required: ({ missingProperty }) => `a member ${shown(missingProperty)}`,
  format: ({ format }) => `a string in ${String(format)} format`,
  pattern: ({ pattern }) => `a string that matches ${shown(pattern)}`,
  minimum: numberBound,
  maximum: numberBound,
  exclusiveMinimum: numberBound,
  exclusiveMaximum: numberBound,
  multipleOf: ({ multipleOf }) => `a multiple of ${String(multipleOf)}`,
  minLength: ({ limit }) => `at least ${String(limit)} characters`,
  maxLength: ({ limit }) => `at most ${String(limit)} characters`,
  minItems: ({ limit }) => `at least ${String(limit)} elements`,
  maxItems: ({ limit }) => `at most ${String(limit)} elements`,
  minProperties: ({ limit }) => `at least ${String(limit)} members`,
  maxProperties: ({ limit }) => `at most ${String(limit)} members`,
  uniqueItems: () => "no two equal elements",
  items: ({ limit }) => `at most ${String(limit)} elements`,
  unevaluatedItems: ({ len }) => `at most ${String(len)} elements`,
  contains: ({ minContains, maxContains }) => containedCount(minContains, maxContains),
  discriminator: ({ tag }) => `a member ${shown(tag)} that names one of the forms`,
  not: () => "anything but what not describes",
  "false schema": () => "no such member",
};

function numberBound({ comparison, limit }: Readonly<Record<string, unknown>>): string {
  return `a number ${String(comparison)} ${String(limit)}`;
}

function containedCount(least: unknown, most: unknown): string {
  const atMost = most === undefined ? "" : ` and at most ${String(most)}`;
  return `at least ${String(least)}${atMost} elements as contains describes them`;
}

function expectationOf({ keyword, params }: ErrorObject): string {
  return expectations[keyword]?.(params) ?? `what ${keyword} describes`;
}

/** A list of a thousand allowed values helps nobody. */
const longestShown = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}
