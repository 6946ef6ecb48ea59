import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { payloadOf } from "../foundation/payload-bytes.js";
import { defineEvent } from "./define-event.js";
import type { EventDefinition } from "./event-definition.js";
import { EventRegistry, refusePayload } from "./event-registry.js";

const billing = { name: "billing", version: "1.0.0" };
const shop = { name: "shop", version: "2.0.0" };

function event(action: string, aliases: readonly string[] = []): EventDefinition {
  return defineEvent({
    action,
    aliases,
    summary: "Something happened.",
    schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
    example: { id: 1 },
  });
}

describe("a registry", () => {
  test("finds an event by its action and by each alias", () => {
    const registry = new EventRegistry();
    registry.register(event("PAID", ["SETTLED", "CLEARED"]), billing);
    const found = registry.require("PAID");
    expect(found.names).toEqual(["PAID", "SETTLED", "CLEARED"]);
    expect(found.owner).toEqual(billing);
    expect(registry.find("SETTLED")).toBe(found);
    expect(registry.require("CLEARED")).toBe(found);
    expect(registry.find("paid")).toBeUndefined();
  });

  test("keeps the names of an event that cannot be emitted, and says why it cannot", () => {
    const registry = new EventRegistry();
    let isOpen = false;
    registry.register(event("PAID", ["SETTLED"]), billing, () => isOpen);
    expect(registry.require("SETTLED")).toMatchObject({ isOpen: false });
    expect(() => registry.register(event("SETTLED"), shop)).toThrow(expect.objectContaining({ code: "action_taken" }));
    expect(faultOf(() => registry.requireOpen("SETTLED"))).toMatchObject({
      code: "action_unknown",
      message: "Event PAID cannot be emitted: its plugin billing@1.0.0 has not started, or is stopped.",
    });
    isOpen = true;
    expect(registry.requireOpen("SETTLED")).toBe(registry.require("PAID"));
  });

  test("lists events in the order in which they came, each once", () => {
    const registry = new EventRegistry();
    for (const action of ["C", "A", "B"]) registry.register(event(action, [`${action}_ALIAS`]), billing);
    expect(registry.list().map(({ definition }) => definition.action)).toEqual(["C", "A", "B"]);
  });

  test("keeps name and version of an owner, and nothing else of a plugin", () => {
    const registry = new EventRegistry();
    const manifest = { ...billing, setup: () => {} };
    registry.register(event("PAID"), manifest);
    expect(registry.require("PAID").owner).toEqual(billing);
  });

  test.each([
    ["one action twice", event("PAID"), event("PAID"), '"PAID"'],
    ["an action that is an alias", event("PAID", ["SETTLED"]), event("SETTLED"), '"SETTLED"'],
    ["an alias that is an action", event("SETTLED"), event("PAID", ["SETTLED"]), '"SETTLED"'],
    ["one alias twice", event("PAID", ["OLD"]), event("SOLD", ["OLD"]), '"OLD"'],
  ])("refuses %s, names both owners, and takes nothing of the second", (_, first, second, name) => {
    const registry = new EventRegistry();
    registry.register(first, billing);
    const fault = faultOf(() => registry.register(second, shop));
    expect(fault.code).toBe("action_taken");
    expect(fault.message).toBe(
      `Event ${second.action} of shop@2.0.0 claims ${name}, which belongs to event ${first.action} of billing@1.0.0. Rename one of them.`,
    );
    expect(fault.details).toMatchObject({ name: JSON.parse(name), claims: ["billing", "shop"] });
    expect(registry.list().map(({ owner }) => owner.name)).toEqual(["billing"]);
    expect(
      [second.action, ...second.aliases].map((known) => registry.find(known)?.owner.name ?? "billing"),
    ).not.toContain("shop");
  });

  test("frees the names of an event that goes, once", () => {
    const registry = new EventRegistry();
    const dispose = registry.register(event("PAID", ["SETTLED"]), billing);
    dispose();
    expect([registry.find("PAID"), registry.find("SETTLED"), registry.list()]).toEqual([undefined, undefined, []]);
    registry.register(event("SETTLED", ["PAID"]), shop);
    dispose();
    expect(registry.require("PAID").owner).toEqual(shop);
  });

  test("leaves the owner's other events as they are", () => {
    const registry = new EventRegistry();
    const dispose = registry.register(event("PAID"), billing);
    registry.register(event("SOLD"), billing);
    dispose();
    expect(registry.require("SOLD").validate({ id: 1 })).toBeUndefined();
    expect(registry.require("SOLD").validate({})).toMatchObject({ pointer: "/id" });
  });

  test.each([
    ["TASKS_CREATD", "TASKS_CREATED"],
    ["tasks_created", "TASKS_CREATED"],
    ["TASK_MADE", "TASK_CREATED"],
    ["INVOICE_PAYED", "INVOICE_PAID"],
  ])("suggests for %s the nearest name, alias or not", (unknown, nearest) => {
    const registry = new EventRegistry();
    registry.register(event("TASKS_CREATED", ["TASK_CREATED"]), billing);
    registry.register(event("INVOICE_PAID"), billing);
    const fault = faultOf(() => registry.require(unknown));
    expect(fault.code).toBe("action_unknown");
    expect(fault.message).toBe(`No event is registered for action "${unknown}". Did you mean ${nearest}?`);
    expect(fault.details).toEqual({ nearest });
  });

  test.each(["", "X", "SOMETHING_ENTIRELY_DIFFERENT"])("suggests nothing for %j", (unknown) => {
    const registry = new EventRegistry();
    registry.register(event("TASKS_CREATED"), billing);
    expect(faultOf(() => registry.require(unknown)).message).toBe(`No event is registered for action "${unknown}".`);
  });

  test("shows no more of an unknown name than an action may have", () => {
    expect(faultOf(() => new EventRegistry().require("x".repeat(100_000))).message.length).toBeLessThan(200);
  });
});

test("events that come and go leave no memory behind", () => {
  const registry = new EventRegistry();
  const round = (): void => {
    const disposers = Array.from({ length: 10 }, (_, index) => registry.register(event(`EVENT_${index}`), billing));
    for (const dispose of disposers) dispose();
  };
  for (let warmUp = 0; warmUp < 30; warmUp += 1) round();
  const before = usedHeap();
  for (let count = 0; count < 300; count += 1) round();
  // Three thousand schemas that are kept are more than twenty megabytes.
  expect(usedHeap() - before).toBeLessThan(2 * 1_048_576);
});

describe("an event that is registered", () => {
  const schema = { type: "object", required: ["id"], properties: { id: { type: "integer" } } } as const;
  const sound = { action: "PAID", summary: "s", schema, example: { id: 1 } } as const;

  test.each<[string, object, string, string]>([
    [
      "a definition that is wrong",
      { scope: "world" },
      "definition_invalid",
      'The scope of event "PAID" of billing@1.0.0 must be "project" or "organization", found "world".',
    ],
    [
      "a schema that does not compile",
      { schema: { type: "object", colour: 1 } },
      "schema_invalid",
      "The schema of event PAID of billing@1.0.0",
    ],
    [
      "an example that does not fit",
      { example: { id: "1" } },
      "definition_invalid",
      "The example of event PAID of billing@1.0.0 does not fit its own schema: /id: expected integer, found a string of 1 character.",
    ],
    [
      "an example that JSON cannot say",
      { example: { id: 1n } },
      "definition_invalid",
      "The example of event PAID of billing@1.0.0 cannot be emitted: ",
    ],
    [
      "an example that JSON says otherwise",
      { example: { id: Number.NaN } },
      "definition_invalid",
      "/id: expected integer, found null",
    ],
  ])("is refused for %s, and leaves no trace", (_, fault, code, message) => {
    const registry = new EventRegistry();
    const register = (changes: object) =>
      registry.register({ ...defineEvent(sound), ...changes } as EventDefinition, billing);
    const error = faultOf(() => register(fault));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(registry.list()).toEqual([]);
    expect(() => register({})).not.toThrow();
  });

  test("shows what was checked, whatever becomes of the author's own", () => {
    const registry = new EventRegistry();
    let reads = 0;
    const changing = {
      ...schema,
      get properties() {
        reads += 1;
        return reads <= 2 ? { id: { type: "integer" } } : { id: { type: "text" } };
      },
    };
    const definition = { ...defineEvent(sound), schema: changing, example: { id: 1 } };
    registry.register(definition, billing);
    definition.example.id = 2;
    const shown = registry.require("PAID").definition;
    expect(shown).toMatchObject({ schema: { properties: { id: { type: "integer" } } }, example: { id: 1 } });
    expect([shown, shown.schema, shown.schema["properties"], shown.example].every(Object.isFrozen)).toBe(true);
  });

  test("takes the payload that its schema takes, and says what is wrong with another", () => {
    const registry = new EventRegistry();
    registry.register(defineEvent(sound), billing);
    const paid = registry.require("PAID");
    expect(() => refusePayload(paid, payloadOf({ id: 7, note: "x" }))).not.toThrow();
    const fault = faultOf(() => refusePayload(paid, payloadOf({ id: "secret" })));
    expect(fault.code).toBe("payload_invalid");
    expect(fault.message).toBe(
      "The payload of PAID is not valid at /id: expected integer, found a string of 6 characters.",
    );
    expect(fault.details).toEqual({
      problem: { pointer: "/id", expected: "integer", found: "a string of 6 characters" },
    });
  });

  test("refuses a payload with an action of its own, whatever its schema says", () => {
    const registry = new EventRegistry();
    registry.register(defineEvent(sound), billing);
    const fault = faultOf(() => refusePayload(registry.require("PAID"), payloadOf({ id: 1, action: "OTHER" })));
    expect(fault.details).toMatchObject({ problem: { pointer: "/action" } });
  });
});

function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

function faultOf(run: () => unknown): HookwrightError {
  try {
    run();
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
