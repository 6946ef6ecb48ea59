import type { Outcome, OutgoingRequest } from "@hookwright/core";
import { expect } from "vitest";
import { answeredOutcome, type MiddlewareScene, visit } from "./middleware-scene.js";

/** One promise of every middleware. */
export interface MiddlewareLaw {
  readonly title: string;
  readonly run: (scene: MiddlewareScene) => Promise<void>;
}

/** Every way in which what lies below can end. */
const outcomes: readonly Outcome[] = [
  answeredOutcome,
  Object.freeze({ kind: "answered", status: 500, retryAfter: "30", excerpt: "", bodyError: undefined }),
  Object.freeze({ kind: "unreachable", code: "timeout", reason: "no answer", cause: undefined }),
  Object.freeze({ kind: "sender-failed", middleware: "other/layer", reason: "it threw", cause: undefined }),
  Object.freeze({ kind: "interrupted" }),
];

/** Turns of the event loop in which a call that comes too late would show. */
const fewTurns = 10;

/** In the order in which they are told. */
export const middlewareLaws: readonly MiddlewareLaw[] = [
  {
    title: "calls next exactly once for each attempt",
    run: async (scene) => {
      for (const request of scene.requests) {
        const { passedOn } = await visit(scene, request);
        await turns(fewTurns);
        expect(passedOn, "calls of next").toHaveLength(1);
      }
    },
  },
  {
    title: "waits for what lies below before it returns",
    run: async (scene) => {
      const below = Promise.withResolvers<Outcome>();
      let returned = false;
      const visiting = visit(scene, first(scene), () => below.promise).finally(() => {
        returned = true;
      });
      visiting.catch(() => undefined);
      await turns(fewTurns);
      expect(returned, "returned before next() had ended").toBe(false);
      below.resolve(answeredOutcome);
      await visiting;
    },
  },
  {
    title: "returns the outcome that came back, whatever it is",
    run: async (scene) => {
      for (const outcome of outcomes) {
        const visited = await visit(scene, first(scene), async () => outcome);
        expect(visited.outcome, `for ${outcome.kind}`).toBe(outcome);
      }
    },
  },
  {
    title: "comes back within its own time",
    run: async (scene) => {
      for (const request of scene.requests) await visit(scene, request);
    },
  },
  {
    title: "passes on the request that it was given, or one made from it",
    run: async (scene) => {
      for (const request of scene.requests) {
        const { passedOn } = await visit(scene, request);
        expect(passedOn.map((passed) => passed.delivery.lease.id)).toEqual([request.delivery.lease.id]);
      }
    },
  },
  {
    title: "keeps the bytes of the body, and of the message",
    run: async (scene) => {
      const request = first(scene);
      const before = [Buffer.from(request.body), Buffer.from(request.delivery.message.payload)];
      const { passedOn } = await visit(scene, request);
      const after = [Buffer.from(passedOn[0]?.body ?? []), Buffer.from(request.delivery.message.payload)];
      expect(after.map(String)).toEqual(before.map(String));
    },
  },
  {
    title: "leaves the request that it was given as it was",
    run: async (scene) => {
      const request = first(scene);
      const before = snapshot(request);
      await visit(scene, request);
      expect(snapshot(request)).toEqual(before);
    },
  },
  {
    title: "keeps webhook-id, by which a receiver knows a message again",
    run: async (scene) => {
      for (const request of scene.requests) {
        const { passedOn } = await visit(scene, request);
        expect(passedOn[0]?.header("webhook-id")).toBe(request.header("webhook-id"));
      }
    },
  },
  {
    title: "keeps attempts at the same time apart",
    run: async (scene) => {
      const held = scene.requests.map(() => Promise.withResolvers<Outcome>());
      const visits = scene.requests.map((request, index) =>
        visit(scene, request, () => held[index]?.promise ?? Promise.resolve(answeredOutcome)),
      );
      const visiting = Promise.all(visits);
      visiting.catch(() => undefined);
      await turns(fewTurns);
      // The last one's receiver is the fastest.
      const ends = scene.requests.map(
        (_, index): Outcome => Object.freeze({ ...answeredOutcome, excerpt: `${index}` }),
      );
      for (const index of [...held.keys()].toReversed()) held[index]?.resolve(ends[index] ?? answeredOutcome);
      expect((await visiting).map(({ outcome }) => outcome)).toEqual(ends);
    },
  },
];

function first({ requests }: MiddlewareScene): OutgoingRequest {
  const [request] = requests;
  if (request === undefined) throw new TypeError("a scene has requests");
  return request;
}

/** Everything that a layer can read of a request. */
function snapshot(request: OutgoingRequest): unknown {
  const { url, timeout, startedAt, headers, body, delivery } = request;
  return structuredClone({ url, timeout, startedAt, headers, body, delivery });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
