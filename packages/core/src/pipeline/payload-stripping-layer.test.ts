import { expect, test } from "vitest";
import { claimedDelivery, leaseOf, messageOf } from "../delivery/claimed-delivery.test.support.js";
import type { Message, WebhookLease } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { OutgoingRequest } from "./outgoing-request.js";
import { bodyOf, payloadStrippingLayer } from "./payload-stripping-layer.js";

const encoder = new TextEncoder();

function textOf(lease: Partial<WebhookLease>, message: Partial<Message> = {}): string {
  return new TextDecoder().decode(bodyOf({ lease: leaseOf(lease), message: messageOf(message) }));
}

test("a full delivery carries the action first, then the payload's bytes as they came", () => {
  const payload = encoder.encode('{ "b":1.50,\n"a": 12345678901234567890 }');
  expect(textOf({ form: "full", action: "TASK_CREATED" }, { payload })).toBe(
    '{"action":"TASK_CREATED", "b":1.50,\n"a": 12345678901234567890 }',
  );
});

test("a full delivery of an empty payload is still one JSON object", () => {
  expect(textOf({ form: "full" }, { payload: encoder.encode("{ }") })).toBe('{"action":"ANNOTATION_UPDATED"}');
});

test("a stripped delivery carries the action and nothing else", () => {
  expect(textOf({ form: "stripped" })).toBe('{"action":"ANNOTATION_UPDATED"}');
});

test("a variant takes the payload's place", () => {
  const variants = new Map([["redacted", encoder.encode('{"annotation":{}}')]]);
  expect(textOf({ form: "variant:redacted" }, { variants })).toBe('{"action":"ANNOTATION_UPDATED","annotation":{}}');
});

test("a variant that is not stored is never sent in full instead", () => {
  const body = () => textOf({ form: "variant:redacted" });
  expect(body).toThrow(HookwrightError);
  expect(body).toThrow(/msg_01 has no stored payload for variant:redacted/);
});

test("all deliveries of a message in one form, under one action, share their bytes", () => {
  const message = messageOf();
  const body = (lease: Partial<WebhookLease>) => bodyOf({ lease: leaseOf(lease), message });
  expect(body({})).toBe(body({ id: "dlv_02" as WebhookLease["id"], attempt: 2 }));
  expect(body({ form: "stripped" })).toBe(body({ form: "stripped" }));
  expect(new Set([body({}), body({ form: "stripped" }), body({ action: "OTHER" })]).size).toBe(3);
});

test("another message of equal content has bytes of its own", () => {
  const body = () => bodyOf({ lease: leaseOf(), message: messageOf() });
  expect(body()).not.toBe(body());
  expect(body()).toEqual(body());
});

test("the layer puts the bytes into the request, and changes nothing else", async () => {
  const request = OutgoingRequest.of(claimedDelivery(), 5).withHeader("a", "b");
  let passed: OutgoingRequest | undefined;
  await payloadStrippingLayer.run(request, async (next) => {
    passed = next;
    return { kind: "interrupted" };
  });
  const wire = passed === undefined ? undefined : OutgoingRequest.toWire(passed);
  expect(wire).toEqual({ ...OutgoingRequest.toWire(request), body: bodyOf(request.delivery) });
});
