import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../foundation/json.js";
import { payloadOf } from "../../foundation/payload-bytes.js";
import { definitionOf } from "../event-class.js";
import type { EventDefinition } from "../event-definition.js";
import { coreOwner, EventRegistry } from "../event-registry.js";
import { builtinEvents } from "./builtin-events.js";

interface Row {
  readonly action: string;
  readonly title: string;
  readonly key: string;
  readonly scope: "project" | "organization";
  /** Whether the key holds an array. */
  readonly many: boolean;
  readonly aliases: readonly string[];
}

function row(action: string, title: string, key: string, rest: Partial<Row> = {}): Row {
  return { action, title, key, scope: "project", many: false, aliases: [], ...rest };
}

/** As Label Studio has them, in its order. */
const table: readonly Row[] = [
  row("PROJECT_CREATED", "Project created", "project", { scope: "organization" }),
  row("PROJECT_UPDATED", "Project updated", "project"),
  row("PROJECT_DELETED", "Project deleted", "project", { scope: "organization" }),
  row("TASKS_CREATED", "Task created", "tasks", { many: true, aliases: ["TASK_CREATED"] }),
  row("TASKS_DELETED", "Task deleted", "tasks", { many: true, aliases: ["TASK_DELETED"] }),
  row("ANNOTATION_CREATED", "Annotation created", "annotation"),
  row("ANNOTATIONS_CREATED", "Annotations created", "annotation", { many: true }),
  row("ANNOTATION_UPDATED", "Annotation updated", "annotation"),
  row("ANNOTATIONS_DELETED", "Annotation deleted", "annotations", { many: true, aliases: ["ANNOTATION_DELETED"] }),
  row("LABEL_LINK_CREATED", "Label link created", "label_link", { many: true }),
  row("LABEL_LINK_UPDATED", "Label link updated", "label_link"),
  row("LABEL_LINK_DELETED", "Label link deleted", "label_link"),
];

const registry = new EventRegistry();
const definitions = Object.values(builtinEvents).map(definitionIn);
for (const definition of definitions) registry.register(definition, coreOwner);

test("the twelve events are those of Label Studio, in its order", () => {
  const shown = definitions.map(({ action, title, key, scope, aliases }) => ({ action, title, key, scope, aliases }));
  expect(shown).toEqual(table.map(({ many: _, ...rest }) => rest));
  expect(Object.keys(builtinEvents)).toEqual(table.map(({ action }) => action));
  expect(
    definitions.every(({ description, version, summary }) => description === "" && version === 1 && summary !== ""),
  ).toBe(true);
});

describe.each(table)("$action", ({ action, key, many }) => {
  const event = registry.require(action);
  const whole = (item: unknown): JsonObject => payloadOf({ [key]: many ? [item, item] : item }).value;
  const at = many ? `/${key}/0` : `/${key}`;

  test("accepts its own example, which is about its key", () => {
    const { example, bulk } = event.definition;
    expect(event.validate(payloadOf(example).value)).toBeUndefined();
    expect(isJsonObject(example) && Array.isArray(example[key])).toBe(many);
    expect(bulk[0]).toBe(many ? key : undefined);
  });

  test("demands the key and an id, and nothing else", () => {
    expect(event.validate(whole({ id: 1 }))).toBeUndefined();
    expect(event.validate({})).toEqual({ pointer: `/${key}`, expected: "a value", found: "nothing" });
    expect(event.validate(whole({}))).toEqual({ pointer: `${at}/id`, expected: "a value", found: "nothing" });
    expect(event.validate(whole({ id: "1" }))).toEqual({
      pointer: `${at}/id`,
      expected: "integer",
      found: "a string of 1 character",
    });
    expect(event.validate(whole(1))).toMatchObject({ pointer: at, expected: "object" });
    expect(event.validate({ [key]: null })).toMatchObject({ pointer: `/${key}`, expected: many ? "array" : "object" });
  });

  test("accepts whatever else stands beside and inside", () => {
    expect(event.validate({ ...whole({ id: 1, new_in_2027: {} }), more: [1] })).toBeUndefined();
    // Described members are not demanded to be what the description says: they change with Label Studio's versions.
    const odd = Object.fromEntries(describedMembers(event.definition, key).map((name) => [name, [null]]));
    expect(event.validate(whole({ ...odd, id: 1 }))).toBeUndefined();
    for (const beside of ["task", "label"].filter((name) => name !== key))
      expect(event.validate({ ...whole({ id: 1 }), [beside]: "x" })).toBeUndefined();
  });

  test(`${many ? "accepts" : "refuses"} an empty array`, () => {
    expect(event.validate({ [key]: [] }) === undefined).toBe(many);
  });
});

test("the annotations of a bulk event and their tasks are split alike", () => {
  expect(registry.require("ANNOTATIONS_CREATED").definition.bulk).toEqual(["annotation", "task"]);
});

test("every member that a schema describes is in its example", () => {
  for (const { key, action, many } of table.filter(({ action }) => !action.includes("DELETED"))) {
    const { example } = registry.require(action).definition;
    const value: unknown = isJsonObject(example) ? example[key] : undefined;
    const item: unknown = many && Array.isArray(value) ? value[0] : value;
    const missing = describedMembers(registry.require(action).definition, key).filter(
      (name) => !Object.hasOwn(Object(item), name),
    );
    expect([action, missing]).toEqual([action, []]);
  }
});

/** The members that the schema describes of what an event is about. */
function describedMembers({ schema }: EventDefinition, key: string): readonly string[] {
  const member = memberOf(memberOf(schema, "properties"), key);
  const item = memberOf(member, "items") ?? member;
  return Object.keys(Object(memberOf(item, "properties")));
}

function memberOf(value: unknown, key: string): unknown {
  return isJsonObject(value) ? value[key] : undefined;
}

function definitionIn(event: unknown): EventDefinition {
  const definition = definitionOf(event);
  if (definition === undefined) throw new TypeError("a built-in event is not decorated");
  return definition;
}
