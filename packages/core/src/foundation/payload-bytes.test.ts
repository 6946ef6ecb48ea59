import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HookwrightError } from "./hookwright-error.js";
import { canonicalJson, isJsonObject, type JsonValue } from "./json.js";
import { jsonElements, jsonMembers } from "./json-bytes.js";
import { type Content, type ObjectContent, objectContent, spell, spelling } from "./json-texts.test.support.js";
import {
  actionOnlyBody,
  checkedPayload,
  deepestPayload,
  deliveryBody,
  payloadOf,
  splitPayload,
  widestPayload,
  withMember,
} from "./payload-bytes.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A payload's text; a payload has no member of its own named `action`. */
const payloadText = fc
  .tuple(objectContent, spelling)
  .filter(([content]) => content.members.every(([key]) => key !== "action"))
  .map(([content, seed]) => spell(content, seed));

describe("the body of a delivery", () => {
  test("is the action, then the payload's own bytes", () => {
    fc.assert(
      fc.property(payloadText, (text) => {
        const body = decoder.decode(deliveryBody("TASKS_CREATED", encoder.encode(text)));
        const rest = text.slice(text.indexOf("{") + 1);
        expect(body).toBe(rest.trim() === "}" ? '{"action":"TASKS_CREATED"}' : `{"action":"TASKS_CREATED",${rest}`);
      }),
    );
  });

  test("says the action first and what the payload says", () => {
    fc.assert(
      fc.property(payloadText, fc.string(), (text, action) => {
        const body = deliveryBody(action, encoder.encode(text));
        expect(jsonMembers(body)[0]?.key).toBe("action");
        const said = `{"action":${JSON.stringify(action)},${text.slice(1)}`.replace(/,\s*\}$/, "}");
        expect(canonicalJson(decoder.decode(body))).toBe(canonicalJson(said));
        expect(JSON.parse(decoder.decode(body))).toHaveProperty("action", action);
      }),
    );
  });

  test("keeps numbers that no double holds", () => {
    const body = deliveryBody("A", encoder.encode('{ "id" : 9007199254740993, "x":1.10 }'));
    expect(decoder.decode(body)).toBe('{"action":"A", "id" : 9007199254740993, "x":1.10 }');
  });

  test("without a payload is exactly the action", () => {
    expect(decoder.decode(actionOnlyBody("TASKS_CREATED"))).toBe('{"action":"TASKS_CREATED"}');
    expect(decoder.decode(deliveryBody("TASKS_CREATED", encoder.encode("{\n}")))).toBe('{"action":"TASKS_CREATED"}');
  });
});

describe("a member that is added", () => {
  test("stands at the end, and the rest keeps its bytes", () => {
    fc.assert(
      fc.property(payloadText, (text) => {
        const payload = checkedPayload(encoder.encode(text), JSON.parse(text));
        const { bytes, value } = withMember(payload, "project", { id: 12 });
        const added = decoder.decode(bytes);
        const separator = Object.keys(payload.value).length === 0 ? "" : ",";
        expect(added).toBe(`${text.slice(0, -1)}${separator}"project":{"id":12}}`);
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(added)));
      }),
    );
  });
});

describe("a payload that is split", () => {
  const elements = fc.array(
    objectContent.map((content): Content => content),
    { maxLength: 12 },
  );
  const bulkPayload = fc.record({
    tasks: elements,
    others: objectContent.map(({ members }) => members.filter(([key]) => key !== "tasks" && key !== "task")),
    seed: spelling,
    size: fc.integer({ min: 1, max: 5 }),
  });

  test("has all elements in order, at most so many in a piece, and every other member in each piece", () => {
    fc.assert(
      fc.property(bulkPayload, ({ tasks, others, seed, size }) => {
        const content: ObjectContent = {
          kind: "object",
          members: [...others, ["tasks", { kind: "array", elements: tasks }]],
        };
        const whole = encoder.encode(spell(content, seed));
        const pieces = splitPayload(whole, ["tasks"], size);
        expect(pieces).toHaveLength(Math.max(1, Math.ceil(tasks.length / size)));
        expect(pieces.map((piece) => elementsOf(piece, "tasks").length)).toEqual(sizesOf(tasks.length, size));
        expect(pieces.flatMap((piece) => elementsOf(piece, "tasks"))).toEqual(elementsOf(whole, "tasks"));
        for (const piece of pieces) expect(othersOf(piece, ["tasks"])).toEqual(othersOf(whole, ["tasks"]));
      }),
    );
  });

  test("has arrays of equal length under the further keys cut alike, and all others whole", () => {
    fc.assert(
      fc.property(bulkPayload, fc.nat({ max: 3 }), ({ tasks, seed, size }, surplus) => {
        const parallel: Content = { kind: "array", elements: tasks.toReversed() };
        const longer: Content = { kind: "array", elements: [...tasks, ...tasks.slice(0, surplus)] };
        const members: ObjectContent["members"] = [
          ["annotation", { kind: "array", elements: tasks }],
          ["task", parallel],
          ["longer", longer],
        ];
        const whole = encoder.encode(spell({ kind: "object", members }, seed));
        const pieces = splitPayload(whole, ["annotation", "task", "longer"], size);
        expect(pieces.flatMap((piece) => elementsOf(piece, "task"))).toEqual(elementsOf(whole, "task"));
        for (const piece of pieces)
          expect(elementsOf(piece, "task")).toHaveLength(elementsOf(piece, "annotation").length);
        const isLonger = elementsOf(whole, "longer").length > tasks.length;
        if (isLonger)
          for (const piece of pieces)
            expect(othersOf(piece, ["annotation", "task"])).toEqual(othersOf(whole, ["annotation", "task"]));
      }),
    );
  });

  test.each([
    ["fits", '{"tasks":[1,2]}'],
    ["has no such member", '{"other":[1,2,3]}'],
    ["has no array there", '{"tasks":{"0":1,"1":2,"2":3}}'],
  ])("is the same bytes when it %s", (_, text) => {
    const bytes = encoder.encode(text);
    expect(splitPayload(bytes, ["tasks"], 2)).toEqual([bytes]);
    expect(splitPayload(bytes, ["tasks"], 2)[0]).toBe(bytes);
  });

  test("by no key at all is the same bytes", () => {
    const bytes = encoder.encode('{"tasks":[1,2,3]}');
    expect(splitPayload(bytes, [], 2)).toEqual([bytes]);
  });
});

describe("a payload that comes as bytes", () => {
  test("loses what stands around the object", () => {
    const { bytes } = checkedPayload(encoder.encode('\ufeff \n{"a": "}"} \t'), { a: "}" });
    expect(decoder.decode(bytes)).toBe('{"a": "}"}');
  });

  test.each([
    [[], "an array"],
    [null, "null"],
    ["text", "string"],
    [7, "number"],
    [undefined, "undefined"],
  ])("is refused when it is %j", (value, found) => {
    const bytes = encoder.encode(JSON.stringify(value) ?? "");
    expect(refusal(() => checkedPayload(bytes, value))).toBe(
      `payload_invalid: The payload must be a JSON object, found ${found}.`,
    );
  });

  test("may be nested as deep as promised, and no deeper", () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
    const check = (text: string) => checkedPayload(encoder.encode(text), JSON.parse(text));
    expect(check(nested(deepestPayload)).bytes).toHaveLength(nested(deepestPayload).length);
    expect(refusal(() => check(nested(deepestPayload + 1)))).toBe(
      "payload_invalid: The payload is nested deeper than 500 levels.",
    );
  });

  test("may be as wide as promised, and no wider; what is in arrays does not count", () => {
    const object = (members: number) =>
      `{"list":[${"{},".repeat(60_000)}{"a":[1,2]}],"x":{${Array.from({ length: members }, (_, index) => `"m${index}":1`).join()}}}`;
    const check = (text: string) => checkedPayload(encoder.encode(text), JSON.parse(text));
    expect(() => check(object(widestPayload))).not.toThrow();
    expect(refusal(() => check(object(widestPayload + 1)))).toBe(
      "payload_invalid: The payload has an object with more than 50000 members. Write what there are so many of as an array.",
    );
  });
});

describe("a payload made of a value", () => {
  test("says what JSON.stringify says, and its value is what its bytes say", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const payload = payloadOf(value);
        expect(decoder.decode(payload.bytes)).toBe(JSON.stringify(value));
        expect(JSON.stringify(payload.value)).toBe(JSON.stringify(value));
      }),
    );
  });

  class Invoice {
    readonly id = 7;
    readonly note = undefined;
    readonly #secret = "hidden";
    readonly paidAt = new Date(0);

    get secret(): string {
      return this.#secret;
    }
  }

  test.each<[string, unknown, JsonValue]>([
    [
      "a member that is undefined, a function or a symbol is not in it",
      { a: undefined, b: () => 1, c: Symbol("c") },
      {},
    ],
    [
      "NaN and Infinity become null, as JSON has neither",
      { a: Number.NaN, b: [Number.POSITIVE_INFINITY] },
      { a: null, b: [null] },
    ],
    ["a date becomes its text", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["a class instance becomes its public fields", new Invoice(), { id: 7, paidAt: "1970-01-01T00:00:00.000Z" }],
    ["a Map and a Set become empty objects", { map: new Map([[1, 2]]), set: new Set([1]) }, { map: {}, set: {} }],
    ["toJSON has the word", { toJSON: () => ({ a: 1 }) }, { a: 1 }],
  ])("%s", (_, value, expected) => {
    const payload = payloadOf(value);
    expect(payload.value).toEqual(expected);
    expect(JSON.parse(decoder.decode(payload.bytes))).toEqual(expected);
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const throws = {
    toJSON: () => {
      throw new Error("no invoice today");
    },
  };

  test.each<[string, unknown, RegExp]>([
    ["a cycle", cycle, /^payload_invalid: The payload cannot be written as JSON: Converting circular structure/],
    ["a BigInt", { id: 1n }, /^payload_invalid: The payload cannot be written as JSON: .*BigInt/],
    ["a toJSON that throws", throws, /^payload_invalid: The payload cannot be written as JSON: no invoice today\.$/],
    ["nothing", undefined, /found undefined\.$/],
    ["a function", () => 1, /found undefined\.$/],
    ["null", null, /found null\.$/],
    ["an array", [{}], /found an array\.$/],
    ["a text", "{}", /found string\.$/],
    ["a toJSON that makes an array", { toJSON: () => [] }, /found an array\.$/],
    ["a structure too deep to walk", deepValue(50_000), /^payload_invalid: /],
  ])("is refused for %s", (_, value, expected) => {
    expect(refusal(() => payloadOf(value))).toMatch(expected);
  });

  test("keeps the reason of the refusal", () => {
    const reason = catchError(() => payloadOf(throws));
    expect(reason).toHaveProperty("cause.message", "no invoice today");
  });
});

function deepValue(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}

/** The texts of the elements of one member. */
function elementsOf(bytes: Uint8Array, key: string): readonly string[] {
  const member = jsonMembers(bytes).findLast((found) => found.key === key);
  if (member === undefined) return [];
  return jsonElements(bytes, member.start).map(({ start, end }) => decoder.decode(bytes.subarray(start, end)));
}

/** What the other members say, by key. */
function othersOf(bytes: Uint8Array, keys: readonly string[]): unknown {
  const value: unknown = JSON.parse(decoder.decode(bytes));
  const entries = Object.entries(isJsonObject(value) ? value : {}).filter(([key]) => !keys.includes(key));
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}

function sizesOf(count: number, size: number): readonly number[] {
  if (count === 0) return [0];
  return Array.from({ length: Math.ceil(count / size) }, (_, piece) => Math.min(size, count - piece * size));
}

function refusal(run: () => unknown): string {
  const error = catchError(run);
  return error instanceof HookwrightError ? `${error.code}: ${error.message}` : `unexpected: ${String(error)}`;
}

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}
