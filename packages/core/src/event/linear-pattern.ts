import type { RegExpEngine } from "ajv/dist/types/index.js";
import { RE2JS } from "re2js";

/**
 * The regular expressions of schemas, in time linear to the text: with the language's own engine, `^(a|a)*$` on 28
 * characters stops the process for seconds. Look-around and back references are refused, since they cannot be linear.
 */
export const linearPatterns: RegExpEngine = Object.assign(
  // The result's toString() gives the pattern; Ajv tells two patterns of one schema apart by it.
  (pattern: string) => RE2JS.compile(RE2JS.translateRegExp(pattern)),
  // Only for generated source files, which are not made here.
  { code: "RE2JS.compile" },
);
