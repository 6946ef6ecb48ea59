import { describe, expect, test } from "vitest";
import { isJsonObject } from "../../foundation/json.js";
import { payloadOf } from "../../foundation/payload-bytes.js";
import { definitionOf } from "../event-class.js";
import { coreOwner, EventRegistry } from "../event-registry.js";
import { builtinEvents } from "./builtin-events.js";
import { isOperational, operationalEvents } from "./operational-events.js";

const registry = new EventRegistry();
for (const event of Object.values(operationalEvents)) {
  const definition = definitionOf(event);
  if (definition === undefined) throw new TypeError("an operational event is not decorated");
  registry.register(definition, coreOwner);
}

test("are told from all others by their action, whatever it is", () => {
  for (const action of Object.keys(operationalEvents)) expect(isOperational(action)).toBe(true);
  for (const action of [...Object.keys(builtinEvents), "", "toString", "__proto__", "webhook_disabled"])
    expect(isOperational(action)).toBe(false);
});

describe.each(Object.keys(operationalEvents))("%s", (action) => {
  const { definition, validate } = registry.require(action);
  const { example } = definition;
  const members = isJsonObject(example) ? Object.keys(example) : [];

  test("accepts its example, and stands under its own action", () => {
    expect(definition.action).toBe(action);
    expect(validate(payloadOf(example).value)).toBeUndefined();
  });

  test("demands every member of its example but the project", () => {
    for (const member of members) {
      const rest = Object.fromEntries(Object.entries(Object(example)).filter(([name]) => name !== member));
      expect([member, validate(payloadOf(rest).value) === undefined]).toEqual([member, member === "project"]);
    }
  });

  test("is of a project where its webhook is, and has no alias", () => {
    expect(definition).toMatchObject({ scope: "project", aliases: [], bulk: [] });
  });
});
