import { _, Ajv2020, type KeywordCxt, type Options } from "ajv/dist/2020.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { JsonObject } from "../foundation/json.js";
import { boundedFormats } from "./bounded-formats.js";
import { checkReferences } from "./check-references.js";
import { type CheckedSchema, checkSchema } from "./check-schema.js";
import { CheckSteps, StepsExhausted } from "./check-steps.js";
import { copySchema, SchemaFault } from "./copy-schema.js";
import { memberSteps, type StepCost, stepsKeyword, writeSteps } from "./count-steps.js";
import { areDistinct } from "./distinct-values.js";
import { explainErrors } from "./explain-errors.js";
import type { JsonSchema } from "./json-schema.js";
import { LinearPatterns } from "./linear-pattern.js";
import { describeFound, type PayloadProblem } from "./payload-problem.js";

/** Tells the first problem of a value; `undefined` when the schema accepts it. */
export type PayloadValidator = (value: unknown) => PayloadProblem | undefined;

export interface CompilerOptions {
  /** Writes each `default` into the value that is checked: for configurations only, a payload is never changed. */
  readonly fillDefaults?: boolean;
}

/**
 * Owns the schemas of one plugin, compiled. Ajv never frees one singly, so every plugin gets a compiler of its own, and
 * dropping the compiler drops them all.
 */
export class SchemaCompiler {
  readonly #steps = new CheckSteps();
  readonly #patterns = new LinearPatterns(this.#steps);
  readonly #options: Options;
  /** One for schemas that name an inherited member, one for all others: asking who owns a member costs four times as much. */
  readonly #instances = new Map<boolean, Ajv2020>();

  constructor({ fillDefaults = false }: CompilerOptions = {}) {
    this.#options = {
      ...options,
      useDefaults: fillDefaults,
      formats: boundedFormats(this.#steps),
      // The code is only for generated source files, which are not made here.
      code: { optimize: false, regExp: Object.assign(this.#patterns.compile, { code: "RE2JS.compile" }) },
    };
  }

  /**
   * @throws HookwrightError `schema_invalid` when the schema is no valid JSON Schema in strict mode, is too large or reaches
   * outside itself; `name` says whose it is.
   */
  compile(schema: JsonSchema, name: string): PayloadValidator {
    try {
      return this.#compile(schema);
    } catch (error) {
      throw schemaFault(error, name);
    }
  }

  #compile(schema: JsonSchema): PayloadValidator {
    const { $id: _id, ...copy } = copyObject(schema);
    this.#patterns.beginSchema();
    const checked = checkSchema(copy, this.#patterns.compile);
    writeSteps(checked.places, checkReferences(checked.places));
    const validate = this.#instanceFor(checked).compile(copy);
    return (value) => {
      this.#steps.begin();
      try {
        return validate(value) ? undefined : explainErrors(validate.errors ?? [], value);
      } catch (error) {
        return problemOf(error, value);
      } finally {
        validate.errors = null;
      }
    };
  }

  #instanceFor({ namesInherited }: CheckedSchema): Ajv2020 {
    const known = this.#instances.get(namesInherited);
    if (known !== undefined) return known;
    // `required: ["toString"]` must not pass on {}.
    const made = new Ajv2020({ ...this.#options, ownProperties: namesInherited });
    addSteps(made, this.#steps);
    this.#instances.set(namesInherited, made);
    return made;
  }
}

/**
 * A schema as plain data that nobody else holds.
 *
 * @throws HookwrightError `schema_invalid` when it is none, or too large
 */
export function plainSchema(schema: JsonSchema, name: string): JsonObject {
  try {
    return copyObject(schema);
  } catch (error) {
    throw schemaFault(error, name);
  }
}

const options: Options = {
  strict: true,
  // `required` beside a property that only another branch declares is the usual form of a discriminated union.
  strictRequired: false,
  // Else Ajv tries each pattern on the declared names, with the engine of the language.
  allowMatchingProperties: true,
  allowUnionTypes: true,
  // One bad array could make 200,000 error objects.
  allErrors: false,
  // explainErrors words them; a third of the code would be for these.
  messages: false,
  discriminator: true,
  logger: false,
  // 0.3 is a multiple of 0.1, though no double says so.
  multipleOfPrecision: 6,
  // What is long is gone through in a loop, and what is referred to is called: else the code grows without bound.
  loopRequired: 20,
  loopEnum: 20,
  inlineRefs: false,
  // checkSchema did it, and says where; JSON Schema's own schema would take longer to make than twenty others.
  meta: false,
  validateSchema: false,
};

/** Makes the code that Ajv writes take from the steps, and replaces the one keyword whose own code is quadratic. */
function addSteps(ajv: Ajv2020, steps: CheckSteps): void {
  ajv.addKeyword({
    keyword: stepsKeyword,
    schemaType: "object",
    // Ahead of everything that goes on to other schemas.
    before: "$ref",
    code: (cxt) => writeTaking(cxt, steps),
  });
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    code: (cxt) => {
      const distinct = cxt.gen.scopeValue("func", { ref: (values: readonly unknown[]) => areDistinct(values, steps) });
      if (cxt.schema === true) cxt.pass(_`${distinct}(${cxt.data})`);
    },
  });
}

function writeTaking({ gen, data, schema }: KeywordCxt, steps: CheckSteps): void {
  const { fixed, perCharacter, perMember }: StepCost = schema;
  const counter = gen.scopeValue("obj", { ref: steps });
  if (fixed > 0) gen.code(_`if ((${counter}.left -= ${Math.ceil(fixed)}) < 0) ${counter}.giveUp();`);
  if (perCharacter > 0) gen.code(_`if (typeof ${data} == "string") ${counter}.take(${data}.length * ${perCharacter});`);
  if (perMember > 0) {
    const members = gen.scopeValue("func", { ref: memberSteps });
    gen.code(_`${counter}.take(${members}(${data}) * ${perMember});`);
  }
}

function copyObject(schema: JsonSchema): JsonObject {
  const copy = copySchema(schema);
  if (typeof copy === "object" && copy !== null && !Array.isArray(copy)) return copy as JsonObject; // isArray does not narrow readonly arrays.
  throw new SchemaFault({ pointer: "", expected: "an object", found: describeFound(copy) });
}

function problemOf(error: unknown, value: unknown): PayloadProblem {
  if (error instanceof StepsExhausted)
    return { pointer: "", expected: "less than its schema takes too much work to check", found: describeFound(value) };
  if (error instanceof RangeError)
    return { pointer: "", expected: "less nesting than its schema follows", found: describeFound(value) };
  throw error;
}

function schemaFault(error: unknown, name: string): HookwrightError {
  if (!(error instanceof SchemaFault)) {
    const found = messageOf(error);
    return new HookwrightError("schema_invalid", `The schema of ${name} does not compile: ${found}.`, {
      cause: error,
      details: { expected: `a schema of ${name} that compiles`, found },
    });
  }
  const { pointer, expected, found, fix } = error.problem;
  const place = pointer === "" ? name : `${name} at ${pointer}`;
  return new HookwrightError("schema_invalid", `The schema of ${name}: ${error.message}`, {
    cause: error.cause,
    details: { pointer, expected: `in the schema of ${place}: ${expected}`, found, ...(fix && { fix }) },
  });
}
