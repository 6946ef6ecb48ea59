import fc from "fast-check";
import { expect, test } from "vitest";
import { claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import { maskedValue } from "../foundation/masked-value.js";
import { maskedHeaders } from "./masked-headers.js";
import { OutgoingRequest } from "./outgoing-request.js";

function shown(own: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>) {
  const request = OutgoingRequest.of(claimedDelivery({ target: { headers: own } }), 0);
  return maskedHeaders(OutgoingRequest.derive(request, { headers: { ...headers } }));
}

test("what the webhook's owner gave is masked, whatever its name and its case", () => {
  expect(shown({ "X-Team": "a" }, { "x-team": "a", "webhook-id": "msg_1" })).toEqual({
    "x-team": maskedValue,
    "webhook-id": "msg_1",
  });
});

test.each([
  "Authorization",
  "x-auth",
  "X-Access-Token",
  "x-secret",
  "x-api-key",
  "Cookie",
  "x-password",
  "x-passphrase",
  "x-pwd",
  "x-session-id",
  "x-credentials",
])("a middleware's %s is masked", (name) => {
  expect(shown({}, { [name]: "v" })).toEqual({ [name]: maskedValue });
});

test("what says nothing secret is shown", () => {
  const headers = { "Content-Type": "application/json", "webhook-signature": "v1,abc", "x-currency": "EUR" };
  expect(shown({}, headers)).toEqual(headers);
});

test("no value of the owner's is ever shown, and no header is missing", () => {
  const names = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), fc.constantFrom("__proto__", "constructor"));
  const lists = fc.uniqueArray(names, { maxLength: 10, selector: (name) => name.toLowerCase() });
  fc.assert(
    fc.property(lists, (list) => {
      const own = Object.fromEntries(list.map((name) => [name, "m4rk3r"]));
      expect(Object.entries(shown(own, own))).toEqual(Object.keys(own).map((name) => [name, maskedValue]));
    }),
  );
});
