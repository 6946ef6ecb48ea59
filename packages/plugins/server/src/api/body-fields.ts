import { HookwrightError, type Payload } from "@hookwright/core";
import { checkBoolean, checkedPayload, checkProject, jsonMembers } from "@hookwright/core/internal";
import { choiceFault, FieldFaults, timeFault } from "./field-faults.js";
import type { JsonBody } from "./request-body.js";
import { readTime } from "./wire-time.js";

export interface TextRules {
  /** Characters. */
  readonly longest: number;
  readonly required?: boolean;
}

/** Reads the fields of a JSON body, each of the type that it must have; a faulty one is added to `faults`. */
export class BodyFields {
  readonly #body: JsonBody;
  readonly faults = new FieldFaults();

  constructor(body: JsonBody) {
    this.#body = body;
  }

  /** A text that is not empty; `undefined` when it is absent or faulty. */
  text(name: string, { longest, required = false }: TextRules): string | undefined {
    const value = this.#value(name);
    if (value === undefined && !required) return undefined;
    const fault = textFault(value, longest);
    if (fault === undefined) return String(value);
    this.faults.add(name, [fault]);
    return undefined;
  }

  /** An ISO 8601 time, in milliseconds; `null` is none. */
  time(name: string, { required = false }: { readonly required?: boolean } = {}): number | undefined {
    const value = this.#value(name);
    if (!required && (value === undefined || value === null)) return undefined;
    if (value === undefined) return this.#refuse(name, "This field is required.");
    if (value === null) return this.#refuse(name, "This field may not be null.");
    const time = typeof value === "string" ? readTime(value) : undefined;
    return time ?? this.#refuse(name, timeFault);
  }

  /** One of these texts; `null` is none. */
  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    return choices.find((choice) => choice === value) ?? this.#refuse(name, choiceFault(value, choices));
  }

  /** As in a webhook's fields; `null` is none. */
  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    const checked = checkBoolean(value);
    if ("value" in checked) return checked.value;
    this.faults.add(name, checked.problem);
    return undefined;
  }

  /** A project's number, or a text that is one; `null` is none. */
  project(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    const checked = checkProject(value);
    if ("value" in checked) return checked.value;
    this.faults.add(name, checked.problem);
    return undefined;
  }

  /** An object, with its bytes as they stand in the body. */
  payload(name: string): Payload | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const range = jsonMembers(this.#body.bytes).findLast((member) => member.key === name);
    if (range === undefined) throw new TypeError(`${name} was parsed, so it stands in the body`);
    try {
      return checkedPayload(this.#body.bytes.subarray(range.start, range.end), value);
    } catch (error) {
      if (!(error instanceof HookwrightError)) throw error;
      this.faults.add(name, [error.message]);
      return undefined;
    }
  }

  #refuse(name: string, fault: string): undefined {
    this.faults.add(name, [fault]);
    return undefined;
  }

  #value(name: string): unknown {
    const { value } = this.#body;
    return Object.hasOwn(value, name) ? value[name] : undefined;
  }
}

/** The texts are those of Django REST framework. */
function textFault(value: unknown, longest: number): string | undefined {
  if (value === undefined) return "This field is required.";
  if (value === null) return "This field may not be null.";
  if (typeof value !== "string") return "Not a valid string.";
  if (value.trim() === "") return "This field may not be blank.";
  if (value.length > longest) return `Ensure this field has no more than ${longest} characters.`;
  // Neither can be kept by every database.
  if (value.includes("\0")) return "Null characters are not allowed.";
  return value.isWellFormed() ? undefined : "Surrogate characters are not allowed.";
}
