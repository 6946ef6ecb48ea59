import { Ajv2020, type Options } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { checkSchema } from "./check-schema.js";
import { explainErrors } from "./explain-errors.js";
import type { JsonSchema } from "./json-schema.js";
import { linearPatterns } from "./linear-pattern.js";
import { describeProblem, type PayloadProblem } from "./payload-problem.js";

/** Tells the first problem of a value; `undefined` when the schema accepts it. */
export type PayloadValidator = (value: unknown) => PayloadProblem | undefined;

export interface CompilerOptions {
  /** Writes each `default` into the value that is checked: for configurations only, a payload is never changed. */
  readonly fillDefaults?: boolean;
}

/**
 * Owns one Ajv instance. Compiled schemas are never freed singly (Ajv keeps each one alive), so every plugin gets a
 * compiler of its own, and dropping the compiler drops them all.
 */
export class SchemaCompiler {
  readonly #ajv: Ajv2020;

  constructor({ fillDefaults = false }: CompilerOptions = {}) {
    this.#ajv = new Ajv2020({ ...options, useDefaults: fillDefaults, meta: false, validateSchema: false });
  }

  /**
   * @throws HookwrightError `schema_invalid` when the schema is no valid JSON Schema in strict mode, is too large or reaches
   * outside itself; `name` says whose it is.
   */
  compile(schema: JsonSchema, name: string): PayloadValidator {
    const checked = checkSchema(schema, name);
    refuseInvalid(checked, name);
    try {
      const validate = this.#ajv.compile(checked);
      return (value) => (validate(value) ? undefined : explainErrors(validate.errors ?? []));
    } catch (error) {
      throw schemaFault(name, messageOf(error), error);
    }
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
  // `required: ["toString"]` must not pass on {}.
  ownProperties: true,
  discriminator: true,
  verbose: true,
  logger: false,
  formats: fullFormats,
  code: { regExp: linearPatterns },
};

/** Knows JSON Schema's own schema and nothing else. One for all: to make it takes longer than to compile twenty schemas. */
let metaSchema: Ajv2020 | undefined;

function refuseInvalid(schema: JsonSchema, name: string): void {
  metaSchema ??= new Ajv2020({ strict: false, verbose: true, logger: false, formats: fullFormats });
  let isValid: unknown;
  try {
    isValid = metaSchema.validateSchema(schema);
  } catch (error) {
    throw schemaFault(name, messageOf(error), error);
  }
  const problem = isValid === true ? undefined : explainErrors(metaSchema.errors ?? []);
  if (problem !== undefined) throw schemaFault(name, describeProblem(problem));
}

function schemaFault(name: string, fault: string, cause?: unknown): HookwrightError {
  return new HookwrightError("schema_invalid", `The schema of ${name} does not compile: ${fault}.`, { cause });
}
