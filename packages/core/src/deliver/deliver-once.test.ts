import { beforeEach, describe, expect, test } from "vitest";
import { type ClaimedChanges, claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import type { RetrySchedule } from "../delivery/retry-schedule.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { headersLayer } from "../pipeline/headers-layer.js";
import { OnionScene, ok } from "../pipeline/onion-scene.test.support.js";
import { deliverOnce } from "./deliver-once.js";

let scene: OnionScene;

beforeEach(() => {
  scene = new OnionScene([headersLayer({ userAgent: "Hookwright/1.0.0", origin: "sender.example" })]);
});

function deliver(changes: ClaimedChanges = {}, schedule: RetrySchedule = []) {
  const { pipeline, clock } = scene;
  return deliverOnce(claimedDelivery(changes), schedule, { pipeline, clock, random: () => 0.5, disableAfter: 50 });
}

async function attemptOf(changes: ClaimedChanges = {}) {
  return (await deliver(changes)).settlement.attempt;
}

test("the settlement names its lease, so that it can be written to nothing else", async () => {
  const lease = { attempt: 4, failures: 2, due: 17, organization: 3 as OrganizationId, webhook: 9 as WebhookId };
  const { settlement } = await deliver({ lease });
  expect(settlement).toMatchObject({ delivery: "dlv_01", organization: 3, webhook: 9, fence: 4, due: 17 });
});

test("a delivered attempt records what was sent, with secrets masked, and when", async () => {
  scene.use("sign", (request, next) => next(request.withHeader("webhook-signature", "v1,abc")), { name: "sign" });
  scene.answer = () => ({ ...ok, status: 202, excerpt: "thanks" });
  const attempt = await attemptOf({ lease: { attempt: 2 }, target: { headers: { "X-Team": "s3cr3t" } } });
  expect(attempt).toEqual({
    number: 2,
    startedAt: scene.clock.now(),
    duration: expect.any(Number),
    status: 202,
    code: null,
    error: null,
    excerpt: "thanks",
    middleware: null,
    changedBy: ["app/sign"],
    slowedBy: [],
    headers: {
      "Content-Type": "application/json",
      "User-Agent": "Hookwright/1.0.0",
      "X-Team": "***",
      "webhook-id": "msg_01",
      "webhook-timestamp": String(scene.clock.now() / 1000),
      "webhook-signature": "v1,abc",
    },
  });
  expect(scene.sent[0]?.headers["X-Team"]).toBe("s3cr3t");
});

describe("a failed attempt records", () => {
  test("the status, and why", async () => {
    scene.answer = () => ({ ...ok, status: 500, excerpt: "oops" });
    expect(await attemptOf()).toMatchObject({
      status: 500,
      code: "http_status",
      error: "The receiver answered 500.",
      excerpt: "oops",
    });
  });

  test("the wish for a pause, in quotes, since it is the receiver's text", async () => {
    scene.answer = () => ({ ...ok, status: 429, retryAfter: 'soon"\n' });
    expect(await attemptOf()).toMatchObject({ error: 'The receiver answered 429. Retry-After: "soon\\"\\n".' });
  });

  test("the code and the reason of the network", async () => {
    scene.answer = () => ({ kind: "unreachable", code: "tls_failed", reason: "expired", cause: new Error("x") });
    expect(await attemptOf()).toMatchObject({ status: null, code: "tls_failed", error: "expired", excerpt: "" });
  });

  test("the middleware that broke it, and no headers, since nothing was sent", async () => {
    scene.use("sign", () => Promise.reject(new Error("no key")), { name: "sign" });
    expect(await attemptOf()).toMatchObject({
      status: null,
      code: "middleware_failed",
      error: "app/sign: no key",
      middleware: "app/sign",
      headers: {},
    });
    expect(scene.sent).toEqual([]);
  });
});

test("a delivered answer whose body broke off is delivered, and says so", async () => {
  scene.answer = () => ({ ...ok, bodyError: "the answer's body broke off" });
  const { settlement } = await deliver();
  expect(settlement.verdict).toEqual({ kind: "delivered" });
  expect(settlement.attempt).toMatchObject({ code: null, error: "the answer's body broke off" });
});

test("a middleware that fails after the answer is named, and the delivery is not repeated", async () => {
  scene.use(
    "observe",
    async (request, next) => {
      await next(request);
      throw new Error("broken");
    },
    { name: "trace" },
  );
  const { settlement } = await deliver({}, [1_000]);
  expect(settlement).toMatchObject({
    verdict: { kind: "delivered" },
    effect: { kind: "healthy" },
    attempt: { code: null, error: null, middleware: "app/trace" },
  });
});

test("an interrupted attempt goes back to the queue, and leaves no record", async () => {
  scene.answer = () => ({ kind: "interrupted" });
  const { settlement } = await deliver({ lease: { failures: 1 } }, [1_000, 2_000]);
  expect(settlement).toMatchObject({ verdict: { kind: "release" }, attempt: null, effect: { kind: "none" } });
});

test("an interrupted test is recorded as stopped", async () => {
  scene.answer = () => ({ kind: "interrupted" });
  const { settlement } = await deliver({ test: true });
  expect(settlement).toMatchObject({ verdict: { kind: "failed" }, attempt: { code: "stopped", status: null } });
});

test("the law of what an answer is worth gets the delivery's own numbers", async () => {
  scene.answer = () => ({ ...ok, status: 503 });
  const { settlement, outcome } = await deliver({ lease: { failures: 1, attempt: 2 } }, [1_000, 2_000]);
  expect(settlement.verdict).toEqual({ kind: "retry", at: scene.clock.now() + 2_000, failures: 2 });
  expect(settlement.effect).toEqual({ kind: "failed", disableAfter: 50, strain: "rest" });
  expect(outcome).toMatchObject({ status: 503 });
});

describe("a repeated attempt that goes without a middleware", () => {
  const repeated = { lease: { attempt: 2, failures: 0 } };

  const first = { lease: { attempt: 1, failures: 0 } };

  beforeEach(() => {
    scene.use("prepare", () => Promise.reject(new Error("no token")), { name: "token" });
  });

  test("is delivered, and records what failed in it", async () => {
    await deliver(first);
    const { settlement } = await deliver(repeated);
    expect(settlement).toMatchObject({
      verdict: { kind: "delivered" },
      attempt: { status: 200, code: null, middleware: "app/token" },
    });
  });

  test("is not counted against the receiver when that refuses what it got", async () => {
    scene.answer = () => ({ ...ok, status: 401 });
    await deliver(first);
    const { settlement } = await deliver(repeated);
    expect(settlement).toMatchObject({
      verdict: { kind: "retry", failures: 0 },
      effect: { kind: "none" },
      attempt: { status: 401, code: "http_status", middleware: "app/token" },
    });
  });

  test("is made only after one that kept to it", async () => {
    const { settlement } = await deliver(first);
    expect(settlement).toMatchObject({
      verdict: { kind: "retry" },
      attempt: { status: null, middleware: "app/token" },
    });
    expect(scene.sent).toEqual([]);
  });

  test("is none where the receiver failed before, and the sender never did", async () => {
    const { settlement } = await deliver({ lease: { attempt: 3, failures: 2 } }, [1_000, 1_000, 1_000]);
    expect(settlement.attempt).toMatchObject({ status: null });
  });
});

test("an attempt names the middleware that slowed it", async () => {
  scene.use("prepare", (request, next) => {
    const until = performance.now() + 120;
    while (performance.now() < until);
    return next(request);
  });
  expect(await attemptOf()).toMatchObject({ slowedBy: ["app/middleware"] });
});
