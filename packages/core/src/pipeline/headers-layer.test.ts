import { expect, test } from "vitest";
import { claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import type { MessageId } from "../foundation/ids.js";
import { headersLayer } from "./headers-layer.js";
import { OutgoingRequest } from "./outgoing-request.js";

interface Given {
  readonly own?: Readonly<Record<string, string>>;
  /** What `observe` put in. */
  readonly before?: Readonly<Record<string, string>>;
  readonly startedAt?: number;
  readonly handshake?: boolean;
}

/** The headers behind the layer. */
async function headersOf({ own = {}, before = {}, startedAt = 1_767_225_600_999, handshake = false }: Given = {}) {
  const claimed = claimedDelivery({ target: { headers: own, handshake }, message: { id: "msg_42" as MessageId } });
  const request = OutgoingRequest.derive(OutgoingRequest.of(claimed, startedAt), { headers: { ...before } });
  let passed: OutgoingRequest | undefined;
  await headersLayer({ userAgent: "Hookwright/1.0.0", origin: "sender.example" }).run(request, async (next) => {
    passed = next;
    return { kind: "interrupted" };
  });
  return passed?.headers;
}

test("a webhook without headers gets the sender's alone", async () => {
  expect(await headersOf()).toEqual({
    "Content-Type": "application/json",
    "User-Agent": "Hookwright/1.0.0",
    "webhook-id": "msg_42",
    "webhook-timestamp": "1767225600",
  });
});

test("a receiver that was asked for its consent hears who sends, and no other does", async () => {
  expect(await headersOf({ handshake: true })).toMatchObject({ "WebHook-Request-Origin": "sender.example" });
  expect(await headersOf()).not.toHaveProperty("WebHook-Request-Origin");
});

test.each([
  [1_767_225_600_000, "1767225600"],
  [1_767_225_600_999, "1767225600"],
  [1_767_225_601_000, "1767225601"],
])("an attempt at %d has the timestamp %s: whole seconds, rounded down", async (startedAt, timestamp) => {
  expect(await headersOf({ startedAt })).toMatchObject({ "webhook-timestamp": timestamp });
});

test("the webhook's own headers keep their names and values as they were given", async () => {
  const own = { "X-API-Key": "k", authorization: "Bearer t", x_under: "", __proto: "p" };
  expect(await headersOf({ own })).toMatchObject(own);
});

test("a header named __proto__ is a header like any other", async () => {
  const own = Object.fromEntries([["__proto__", "p"]]);
  expect(Object.entries((await headersOf({ own })) ?? {})).toContainEqual(["__proto__", "p"]);
});

test.each(["User-Agent", "user-agent", "USER-AGENT"])(
  "the webhook's %s takes the place of the sender's",
  async (name) => {
    const headers = (await headersOf({ own: { [name]: "Mine/1" } })) ?? {};
    expect(Object.entries(headers).filter(([known]) => known.toLowerCase() === "user-agent")).toEqual([
      [name, "Mine/1"],
    ]);
  },
);

test("what an observing middleware put in stays, but where the webhook's owner says otherwise", async () => {
  const headers = await headersOf({
    before: { traceparent: "00-1", "user-agent": "Tracer/1", "X-Team": "ours", "Webhook-Id": "forged" },
    own: { "x-team": "theirs" },
  });
  expect(headers).toEqual({
    "Content-Type": "application/json",
    traceparent: "00-1",
    "user-agent": "Tracer/1",
    "x-team": "theirs",
    "webhook-id": "msg_42",
    "webhook-timestamp": "1767225600",
  });
});
