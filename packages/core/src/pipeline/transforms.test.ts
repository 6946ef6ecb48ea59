import { beforeEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { JsonObject } from "../foundation/json.js";
import type { Match } from "../webhook/webhook-index.js";
import { type Transform, type TransformedEvent, Transforms } from "./transforms.js";

let transforms: Transforms;

beforeEach(() => {
  transforms = new Transforms();
});

const match: Match = {
  webhook: 1 as WebhookId,
  project: 12 as ProjectId,
  action: "ANNOTATION_CREATED",
  sendPayload: true,
};

function eventOf(payload: JsonObject = { annotation: { id: 1 }, trail: [] }): TransformedEvent {
  return { action: "ANNOTATION_CREATED", organization: 1 as OrganizationId, project: 12 as ProjectId, payload };
}

/** Leaves a mark behind those of the transforms before it. */
function marking(variant: string, changes: Partial<Transform> = {}): Transform {
  return {
    variant,
    apply: ({ payload }) => ({ ...payload, trail: [...(payload["trail"] as readonly string[]), variant] }),
    ...changes,
  };
}

/** What a webhook gets: the variant's name and its payload, as an emit asks for them. */
function got(event = eventOf()): readonly [variant: string, payload: JsonObject | undefined] {
  const variant = transforms.choose(match, event);
  return [variant, variant === "" ? undefined : transforms.make(variant, event).value];
}

test("without transforms, and where none applies, there is no variant", () => {
  expect(transforms.isEmpty).toBe(true);
  expect(got()).toEqual(["", undefined]);
  transforms.add("billing", marking("a", { appliesTo: () => false }));
  expect(transforms.isEmpty).toBe(false);
  expect(got()).toEqual(["", undefined]);
});

test("transforms apply in the order in which they were added, each on what the one before made", () => {
  for (const variant of ["b", "a", "c"]) transforms.add("billing", marking(variant));
  expect(got()).toEqual(["b+a+c", { annotation: { id: 1 }, trail: ["b", "a", "c"] }]);
});

test("only those that want the webhook apply", () => {
  transforms.add("billing", marking("mine", { appliesTo: ({ webhook }) => webhook === match.webhook }));
  transforms.add("billing", marking("theirs", { appliesTo: ({ webhook }) => webhook !== match.webhook }));
  transforms.add("billing", marking("action", { appliesTo: (_, { action }) => action === "ANNOTATION_CREATED" }));
  expect(got()[0]).toBe("mine+action");
});

test("the bytes are the payload's, as one JSON text", () => {
  transforms.add("billing", {
    variant: "redacted",
    apply: () => ({ annotation: { id: 1, when: undefined as never } }),
  });
  const { bytes, value } = transforms.make("redacted", eventOf());
  expect(new TextDecoder().decode(bytes)).toBe('{"annotation":{"id":1}}');
  expect(value).toEqual({ annotation: { id: 1 } });
});

test("a transform that is an object of a class keeps its methods and its state", () => {
  class Redaction implements Transform {
    readonly variant = "redacted";
    readonly #hidden: string = "annotation";
    appliesTo(): boolean {
      return this.#hidden !== "";
    }
    apply({ payload }: TransformedEvent): JsonObject {
      return { ...payload, [this.#hidden]: "***" };
    }
  }
  transforms.add("billing", new Redaction());
  expect(got()).toEqual(["redacted", { annotation: "***", trail: [] }]);
});

describe("nothing that a transform does reaches another one, or the event", () => {
  test("while it makes its payload", () => {
    const event = eventOf();
    transforms.add("billing", {
      variant: "a",
      apply: ({ payload }) => {
        Object.assign(payload["annotation"] as object, { id: "changed" });
        return { kept: payload["annotation"] ?? null };
      },
    });
    expect(got(event)).toEqual(["a", { kept: { id: "changed" } }]);
    expect(event.payload).toEqual({ annotation: { id: 1 }, trail: [] });
  });

  test("while it is asked whether it applies", () => {
    const event = eventOf();
    const write = (_: Match, { payload }: TransformedEvent): boolean => {
      Object.assign(payload["annotation"] as object, { id: "changed" });
      return true;
    };
    transforms.add("billing", marking("a", { appliesTo: write }));
    expect(() => got(event)).toThrow(HookwrightError);
    expect(event.payload).toEqual({ annotation: { id: 1 }, trail: [] });
  });
});

describe("a transform that fails makes the emit fail: the full payload is never sent in its place", () => {
  const secret = "s3cr3t";

  test.each<[string, Partial<Transform>]>([
    [
      "by throwing",
      {
        apply: () => {
          throw new Error("no key");
        },
      },
    ],
    ["by returning nothing", { apply: () => undefined as unknown as JsonObject }],
    ["by returning a list", { apply: () => [] as unknown as JsonObject }],
    ["by returning a text", { apply: () => secret as unknown as JsonObject }],
    ["by returning a promise", { apply: (async () => ({})) as unknown as Transform["apply"] }],
    ["by returning a cycle", { apply: () => cycle() }],
    ["by rejecting later", { apply: (() => Promise.reject(new Error("late"))) as unknown as Transform["apply"] }],
    ["by making more than can be stored", { apply: () => ({ text: "x".repeat(17 * 1_048_576) }) }],
    ["by making what throws when it is written", { apply: () => throwingGetter() }],
    ["by adding an action of its own", { apply: () => ({ action: "FORGED" }) }],
    ["by adding an action in secret", { apply: () => ({ toJSON: () => ({ action: "FORGED" }) }) as never }],
    [
      "when asked whether it applies",
      {
        appliesTo: () => {
          throw new Error("no key");
        },
      },
    ],
    ["by forgetting to answer", { appliesTo: (() => undefined) as unknown as () => boolean }],
    ["by answering later", { appliesTo: (async () => false) as unknown as () => boolean }],
    [
      "by failing to answer later",
      { appliesTo: (() => Promise.reject(new Error("late"))) as unknown as () => boolean },
    ],
  ])("%s", (_how, changes) => {
    transforms.add("billing", marking("bad", changes));
    const failing = () => got(eventOf({ secret, trail: [] }));
    expect(failing).toThrow(HookwrightError);
    expect(failing).toThrow(/^Transform bad of billing failed for ANNOTATION_CREATED: /);
    expect(failing).not.toThrow(secret);
  });

  test("and one that was taken out meanwhile fails as well", () => {
    const dispose = transforms.add("billing", marking("a"));
    const event = eventOf();
    const variant = transforms.choose(match, event);
    dispose();
    expect(() => transforms.make(variant, event)).toThrow(/Transform a of core failed .*taken out/);
  });
});

function throwingGetter(): JsonObject {
  return {
    get later(): string {
      throw new Error("no key");
    },
  };
}

function cycle(): JsonObject {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  return loop as JsonObject;
}

describe("adding", () => {
  test.each<[string, unknown]>([
    ["without a variant", { apply: () => ({}) }],
    ["with an empty variant", marking("")],
    ["with a variant that would look like two", marking("a+b")],
    ["with a variant that is too long", marking("a".repeat(65))],
    ["without apply", { variant: "a" }],
    ["with an appliesTo that is no function", { ...marking("a"), appliesTo: true }],
  ])("%s is refused, and the owner named", (_what, transform) => {
    const adding = () => transforms.add("billing", transform as Transform);
    expect(adding).toThrow(HookwrightError);
    expect(adding).toThrow(/billing/);
    expect(transforms.isEmpty).toBe(true);
  });

  test("a variant that is taken is refused, and both owners named", () => {
    transforms.add("billing", marking("a"));
    expect(() => transforms.add("audit", marking("a"))).toThrow(/a of audit is taken by a transform of billing/);
  });

  test("what a disposer took out can be added again, and the disposer takes out no second one", () => {
    const dispose = transforms.add("billing", marking("a"));
    dispose();
    transforms.add("audit", marking("a"));
    dispose();
    expect(got()[0]).toBe("a");
  });
});

test("a transform cannot change whom the delivery goes to, and so send it elsewhere", () => {
  const own = { ...match };
  const forged: (webhook: Match) => boolean = (webhook) => Reflect.set(webhook, "webhook", 2);
  transforms.add("billing", marking("a", { appliesTo: forged }));
  expect(transforms.choose(own, eventOf())).toBe("");
  expect(own.webhook).toBe(match.webhook);
});

test("what a transform promises is refused, and its rejection is nobody's", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  const late = async (): Promise<never> => {
    throw new Error("late");
  };
  // The types would refuse both.
  transforms.add("billing", marking("a", { apply: late as never }));
  transforms.add("stock", marking("b", { appliesTo: late as never }));
  expect(() => transforms.make("a", eventOf())).toThrow("at once");
  expect(() => transforms.choose(match, eventOf())).toThrow("at once");
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});
