/** Whatever JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Whether a value is an object in JSON's sense: no array, not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * One text for all JSON texts of equal content: members sorted, blanks gone, one way to write each number. Numbers beyond
 * 2⁵³ are compared by their digits, not by what a double makes of them. Two requests with one idempotency key are compared
 * by it.
 */
export function canonicalJson(text: string): string {
  return write(JSON.parse(text, keepLargeNumber));
}

/** A number that a double does not hold. */
class LargeNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function keepLargeNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  return new LargeNumber(exactDecimal(context?.source ?? String(value)));
}

/** The digits without zeros at either end, and the power of ten: `12.50e30` and `1250e28` are both `125e29`. */
function exactDecimal(source: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`;
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${sign}${digits.slice(0, end).replace(/^0+/, "")}e${power}`;
}

function write(value: unknown): string {
  if (value instanceof LargeNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`);
  return `{${members.join(",")}}`;
}
