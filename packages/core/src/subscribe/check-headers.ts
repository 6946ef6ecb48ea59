import { isJsonObject } from "../foundation/json.js";
import { type Checked, mayNotBeNull } from "./field-problems.js";
import { pythonTypeOf } from "./python-names.js";

const mostHeaders = 10;
/** Of a request with a million headers, nobody reads a million faults. */
const mostRead = 100;
const longestValue = 4_096;
const senderHeaders =
  /^(?:host|content-length|content-type|connection|transfer-encoding|te|trailer|upgrade|keep-alive|expect|proxy-.*|webhook-.*|ce-.*)$/i;

/** One text per fault, naming the header and never its value, which is a secret. */
export function checkHeaders(value: unknown): Checked<Readonly<Record<string, string>>> {
  if (value === null) return mayNotBeNull;
  if (!isJsonObject(value)) {
    const shown = Array.isArray(value) && value.length === 0 ? "[]" : pythonTypeOf(value);
    return { problem: [`${shown} failed JSON schema check`] };
  }
  const all = Object.entries(value);
  const tooMany = all.length > mostHeaders ? [`At most ${mostHeaders} headers are allowed, found ${all.length}.`] : [];
  const headers = all.slice(0, mostRead);
  const problems = [...tooMany, ...headers.flatMap(faultOf), ...twins(headers.map(([name]) => name))];
  if (problems.length > 0) return { problem: problems };
  return { value: Object.fromEntries(headers.map(([name, text]) => [name, String(text)])) };
}

/** At most one text: a name that is wrong is not read any further. */
function faultOf([name, value]: readonly [string, unknown]): readonly string[] {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return [`${label(name)}: a name holds letters, digits, "-" and "_" only.`];
  if (senderHeaders.test(name)) return [`${label(name)}: this name belongs to the sender.`];
  if (typeof value !== "string") return [`${label(name)}: the value must be a string.`];
  if (value.length > longestValue) return [`${label(name)}: the value has more than ${longestValue} characters.`];
  // Space and tab inside, but not at the ends, where HTTP would drop them.
  if (/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/.test(value)) return [];
  return [`${label(name)}: the value must be visible ASCII, with blanks inside only.`];
}

/** HTTP does not tell `X-Key` from `x-key`, so only one of them would arrive. */
function twins(names: readonly string[]): readonly string[] {
  const folded = names.map((name) => name.toLowerCase());
  return names
    .filter((_, index) => folded.indexOf(folded[index] ?? "") < index)
    .map((name) => `${label(name)}: the name is there twice, differing in case only.`);
}

function label(name: string): string {
  return `Header ${JSON.stringify(name.slice(0, 100))}`;
}
