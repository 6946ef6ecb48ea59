import type { Middleware, OutgoingRequest } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { middlewareContract } from "./middleware-contract.js";
import { middlewareLaws } from "./middleware-laws.js";
import { answeredOutcome, openScene } from "./middleware-scene.js";

middlewareContract({ name: "one that does nothing", create: () => (request, next) => next(request) });
middlewareContract({
  name: "one that sets a header and looks at the outcome",
  phase: "sign",
  create: () => async (request, next) => {
    const outcome = await next(request.withHeader("x-length", String(request.body.length)));
    return outcome;
  },
});
middlewareContract({
  name: "one that answers by itself",
  phase: "send",
  create: () => () => answeredOutcome,
  exempt: {
    "calls next exactly once for each attempt": "it answers by itself",
    "waits for what lies below before it returns": "nothing lies below it",
    "returns the outcome that came back, whatever it is": "none comes back",
    "passes on the request that it was given, or one made from it": "it passes on none",
    "keeps the bytes of the body, and of the message": "it passes on none",
    "keeps webhook-id, by which a receiver knows a message again": "it passes on none",
    "keeps attempts at the same time apart": "its outcome is the same for all",
  },
});

let kept: OutgoingRequest | undefined;

/** Each with the laws that must find it; every law has at least one. */
const bad: Readonly<Record<string, { readonly middleware: Middleware; readonly breaks: readonly string[] }>> = {
  "never calls next": {
    middleware: () => answeredOutcome,
    breaks: ["calls next exactly once for each attempt", "waits for what lies below before it returns"],
  },
  "calls next twice": {
    middleware: async (request, next) => {
      await next(request);
      return next(request);
    },
    breaks: ["calls next exactly once for each attempt"],
  },
  "calls next again when it has returned": {
    middleware: async (request, next) => {
      const outcome = await next(request);
      setImmediate(() => next(request));
      return outcome;
    },
    breaks: ["calls next exactly once for each attempt"],
  },
  "does not wait": {
    middleware: (request, next) => {
      void next(request);
      return answeredOutcome;
    },
    breaks: ["waits for what lies below before it returns"],
  },
  "makes every outcome a success": {
    middleware: async (request, next) => {
      await next(request);
      return answeredOutcome;
    },
    breaks: ["returns the outcome that came back, whatever it is"],
  },
  "throws when the receiver failed": {
    middleware: async (request, next) => {
      const outcome = await next(request);
      if (outcome.kind !== "answered") throw new Error(outcome.kind);
      return outcome;
    },
    breaks: ["returns the outcome that came back, whatever it is"],
  },
  "passes on another delivery's request": {
    middleware: (request, next) => {
      kept ??= request;
      return next(kept);
    },
    breaks: ["passes on the request that it was given, or one made from it"],
  },
  "passes on a body of its own": {
    middleware: (request, next) => next(Object.create(request, { body: { value: new Uint8Array([123, 125]) } })),
    breaks: ["keeps the bytes of the body, and of the message"],
  },
  "writes into the request": {
    middleware: (request, next) => {
      Object.assign(request.headers, { "x-region": "eu" });
      return next(request);
    },
    breaks: ["leaves the request that it was given as it was"],
  },
  "removes the message's id": {
    middleware: (request, next) => next(request.withoutHeader("webhook-id")),
    breaks: ["keeps webhook-id, by which a receiver knows a message again"],
  },
  "gives every attempt the first outcome": {
    middleware: cachingMiddleware(),
    breaks: ["keeps attempts at the same time apart"],
  },
  hangs: {
    middleware: () => new Promise(() => undefined),
    breaks: ["comes back within its own time", "calls next exactly once for each attempt"],
  },
};

describe("the contract finds a middleware that", () => {
  for (const [name, { middleware, breaks }] of Object.entries(bad)) {
    test(name, async () => {
      kept = undefined;
      const broken: string[] = [];
      for (const { title, run } of middlewareLaws) {
        const scene = await openScene({ name, phase: "send", ownTime: 50, create: () => middleware });
        await run(scene).catch(() => broken.push(title));
      }
      expect(broken).toEqual(expect.arrayContaining([...breaks]));
    });
  }

  test("breaks any of its laws", () => {
    const found = new Set(Object.values(bad).flatMap(({ breaks }) => breaks));
    expect(middlewareLaws.map(({ title }) => title).filter((title) => !found.has(title))).toEqual([]);
  });
});

/** Keeps one outcome for all attempts that are under way. */
function cachingMiddleware(): Middleware {
  let underWay: ReturnType<Parameters<Middleware>[1]> | undefined;
  return async (request, next) => {
    const own = next(request);
    underWay ??= own;
    await own;
    const outcome = await underWay;
    return outcome;
  };
}
