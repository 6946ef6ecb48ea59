import type { Format, FormatDefinition } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import type { CheckSteps } from "./check-steps.js";

/** Every format that a schema may name. */
export const formatNames: readonly string[] = Object.keys(fullFormats);

/** Steps for each character of a text. Most formats are short and end at the first wrong character. */
const stepsPerCharacter: Readonly<Record<string, number>> = {
  uri: 25,
  "uri-reference": 25,
  "uri-template": 10,
  regex: 50,
  ipv6: 15,
  email: 10,
  byte: 5,
};

/**
 * The formats of JSON Schema, each taking from `steps` what it costs at worst: they run on the language's own engine.
 */
export function boundedFormats(steps: CheckSteps): Record<string, Format> {
  return Object.fromEntries(Object.entries(fullFormats).map(([name, format]) => [name, bounded(name, format, steps)]));
}

function bounded(name: string, format: Format, steps: CheckSteps): Format {
  const check = checkOf(format);
  if (check === undefined) return format;
  const perCharacter = stepsPerCharacter[name] ?? 5;
  // Only this one goes back and forth over its text.
  const perSquare = name === "url" ? 0.4 : 0;
  return {
    type: "string",
    validate: (text: string): boolean => {
      steps.take(50 + text.length * (perCharacter + text.length * perSquare));
      return check(text);
    },
  };
}

/** `undefined` for a format that looks at numbers, or at nothing. */
function checkOf(format: Format | FormatDefinition<string>["validate"]): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === "function") return (text) => format(text) === true;
  if (typeof format !== "object" || format.type === "number" || format.async === true) return undefined;
  // What is neither of numbers nor asynchronous looks at a text.
  return checkOf(format.validate as FormatDefinition<string>["validate"]);
}
