import type { FastifyRequest } from "fastify";
import { choiceFault, FieldFaults, timeFault } from "./field-faults.js";
import { readTime } from "./wire-time.js";

/** Elements a list answers unless asked otherwise, and at most. */
const defaultLimit = 100;
export const largestLimit = 1_000;

/** What was asked for of one list: a page of at most `limit`, from behind the key that `after` names. */
export interface Page {
  readonly limit: number;
  readonly after: string | undefined;
}

/** Reads the parameters of a query. One without a value counts as absent, a faulty one is added to `faults`. */
export class Query {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly faults = new FieldFaults();

  constructor(request: FastifyRequest) {
    // The parser of the server makes an object of texts; see http-server.ts.
    this.#values = request.query as Readonly<Record<string, unknown>>;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    return value === "" ? undefined : value;
  }

  /** As it came; empty when the parameter is there without a value. */
  raw(name: string): string | undefined {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return typeof value === "string" ? value : undefined;
  }

  /** A whole number from `lowest` to `highest`. */
  integer(name: string, lowest: number, highest: number = Number.MAX_SAFE_INTEGER): number | undefined {
    return this.#read(name, (text) => {
      const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) return { fault: "A valid integer is required." };
      if (value < lowest) return { fault: `Ensure this value is greater than or equal to ${lowest}.` };
      return value > highest ? { fault: `Ensure this value is less than or equal to ${highest}.` } : { value };
    });
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    return this.#read(name, (text) => {
      const value = choices.find((choice) => choice === text);
      if (value !== undefined) return { value };
      return { fault: choiceFault(text, choices) };
    });
  }

  time(name: string): number | undefined {
    return this.#read(name, (text) => {
      const value = readTime(text);
      if (value !== undefined) return { value };
      return { fault: timeFault };
    });
  }

  /** `limit` and `cursor` (or `after`, as the list of webhooks has it). `isKey` knows a key of this list. */
  page(isKey: (key: string) => boolean): Page {
    const limit = this.integer("limit", 1, largestLimit) ?? defaultLimit;
    const name = this.text("cursor") === undefined ? "after" : "cursor";
    const after = this.#read(name, (text) => {
      const value = Buffer.from(text, "base64url").toString("utf8");
      return cursorOf(value) === text && isKey(value) ? { value } : { fault: "Invalid cursor." };
    });
    return { limit, after };
  }

  #read<Value>(name: string, read: (text: string) => Read<Value>): Value | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const result = read(text);
    if ("value" in result) return result.value;
    this.faults.add(name, [result.fault]);
    return undefined;
  }
}

type Read<Value> = { readonly value: Value } | { readonly fault: string };

/** A cursor is opaque to callers: what it is made of may change. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString("base64url");
}
