import { type Middleware, type Next, type Outcome, type OutgoingRequest } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin } from "./bad-thing.js";

const received: Sign = { kind: "received", body: badBody, times: 1 };

/** Nothing was sent the first time; the second attempt goes without it. */
const leftOut = (error: RegExp): readonly Sign[] => [
  received,
  { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error } },
  { kind: "attempt", action: "BAD_THING", facts: { number: 1, code: "middleware_failed", middleware: "bad/layer" } },
];

/** It was sent once, and how that ended stands. */
const ignored = (error: RegExp): readonly Sign[] => [
  received,
  { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error } },
  { kind: "attempt", action: "BAD_THING", facts: { number: 1, status: 200, code: null } },
];

interface NextCase {
  readonly name: string;
  readonly fault: string;
  /** What it does to every delivery. */
  readonly layer: Middleware;
  readonly signs: readonly Sign[];
  readonly holdsUp?: "retry";
}

const stash: { next: Next | undefined; request: OutgoingRequest | undefined } = { next: undefined, request: undefined };

const cases: readonly NextCase[] = [
  {
    name: "next is called twice",
    fault: "It sends again what was answered.",
    layer: async (request, next) => {
      const outcome = await next(request);
      await next(request).catch(() => undefined);
      return outcome;
    },
    signs: ignored(/called next\(\) a second time/),
  },
  {
    name: "next is called twice at once",
    fault: "It sends the same request twice side by side.",
    layer: async (request, next) => {
      const [outcome] = await Promise.all([next(request), next(request).catch(() => undefined)]);
      return outcome;
    },
    signs: ignored(/called next\(\) a second time/),
  },
  {
    name: "next is called a hundred times",
    fault: "It floods the receiver.",
    layer: async (request, next) => {
      const [outcome] = await Promise.all([
        next(request),
        ...Array.from({ length: 99 }, () => next(request).catch(() => undefined)),
      ]);
      return outcome;
    },
    signs: ignored(/called next\(\) a second time/),
  },
  {
    name: "next is called again and the rejection is not handled",
    fault: "It calls next() a second time and never looks at what comes of it.",
    layer: async (request, next) => {
      const outcome = await next(request);
      void next(request);
      return outcome;
    },
    signs: ignored(/called next\(\) a second time/),
  },
  {
    name: "next is never called",
    fault: "It returns without an outcome.",
    layer: async () => undefined as unknown as Outcome,
    signs: leftOut(/returned no outcome/),
    holdsUp: "retry",
  },
  {
    name: "what next gave is forgotten",
    fault: "It passes the request on, and returns nothing.",
    layer: async (request, next) => {
      await next(request);
      return undefined as unknown as Outcome;
    },
    signs: ignored(/returned no outcome/),
  },
  {
    name: "next is not awaited",
    fault: "It returns before the layers below have come to an end.",
    layer: async (request, next) => {
      void next(request);
      return undefined as unknown as Outcome;
    },
    signs: ignored(/returned before next\(\) had ended/),
  },
  {
    name: "next is called when the attempt is over",
    fault: "It keeps next(), and calls it with the next delivery that comes along.",
    layer: async (request, next) => {
      const { next: late, request: old } = stash;
      stash.next = next;
      stash.request = request;
      if (late !== undefined && old !== undefined) await late(old).catch(() => undefined);
      return next(request);
    },
    signs: [
      received,
      {
        kind: "notification",
        name: "middleware.failed",
        facts: { middleware: "bad/layer", error: /called next\(\) a(?:fter its attempt| second time)/ },
      },
    ],
  },
  {
    name: "next is called with nothing",
    fault: "It passes on no request at all.",
    layer: async (_request, next) => next(undefined as unknown as OutgoingRequest),
    signs: leftOut(/called next\(\) without a request/),
    holdsUp: "retry",
  },
  {
    name: "next is called with an imitation of a request",
    fault: "It passes on an object that looks like a request and leads elsewhere.",
    layer: async (request, next) =>
      next(Object.create(Object.getPrototypeOf(request), { url: { value: "https://elsewhere.test/" } })),
    signs: leftOut(/called next\(\) without a request/),
    holdsUp: "retry",
  },
  {
    name: "next is called with the request of another delivery",
    fault: "It mixes up two deliveries, so that one receiver would get what is meant for another.",
    layer: async (request, next) => {
      stash.request ??= request;
      const { request: other } = stash;
      return next(other);
    },
    signs: [
      received,
      {
        kind: "notification",
        name: "middleware.failed",
        facts: { middleware: "bad/layer", error: /called next\(\) with the request of another attempt/ },
      },
    ],
    holdsUp: "retry",
  },
  {
    name: "it returns an outcome that only the transport may tell",
    fault: "It says that the attempt was interrupted, which would go on for ever.",
    layer: async () => ({ kind: "interrupted" }) as Outcome,
    signs: leftOut(/returned no outcome/),
    holdsUp: "retry",
  },
  {
    name: "it returns an outcome that is none",
    fault: "It makes up an answer that has no status.",
    layer: async () => ({ kind: "answered" }) as Outcome,
    signs: leftOut(/returned no outcome/),
    holdsUp: "retry",
  },
  {
    name: "it sets headers that are not HTTP",
    fault: "It breaks the request by a header with a line break, in the hope of a second request.",
    layer: async (request, next) => next(request.withHeader("x-bad", "1\r\nx-smuggled: 1")),
    signs: leftOut(/not visible ASCII/),
    holdsUp: "retry",
  },
  {
    name: "it sets a header that belongs to HTTP",
    fault: "It says another length of the body than there is.",
    layer: async (request, next) => next(request.withHeader("Content-Length", "1")),
    signs: leftOut(/belongs to HTTP/),
    holdsUp: "retry",
  },
];

export const misusesNext: readonly BadPluginCase[] = cases.map(({ name, fault, layer, signs, holdsUp }) => ({
  name,
  fault,
  plugins: () => {
    stash.next = undefined;
    stash.request = undefined;
    return [badPlugin({ setup: (ctx) => void ctx.use("prepare", layer, { name: "layer" }) })];
  },
  expectation: { kind: "contained", signs, ...(holdsUp === undefined ? {} : { holdsUp }) },
}));
