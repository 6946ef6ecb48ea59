import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { OutgoingRequest } from "./outgoing-request.js";

const request = OutgoingRequest.of(claimedDelivery(), 1_767_225_600_000);

describe("a header", () => {
  test("replaces one whose name differs in case only, and is found whatever the case", () => {
    const changed = request.withHeader("X-Token", "a").withHeader("x-other", "b").withHeader("x-tOKEN", "c");
    expect(changed.headers).toEqual({ "x-other": "b", "x-tOKEN": "c" });
    expect([changed.header("X-TOKEN"), changed.header("x-token"), changed.header("nothing")]).toEqual([
      "c",
      "c",
      undefined,
    ]);
  });

  test("is taken away whatever the case of its name", () => {
    const changed = request.withHeader("X-Token", "a").withoutHeader("x-TOKEN");
    expect(changed.headers).toEqual({});
    expect(changed.withoutHeader("x-token")).toBe(changed);
  });

  test("may be named like a part of every object", () => {
    const changed = request.withHeader("__proto__", "a").withHeader("constructor", "b");
    expect(Object.entries(changed.headers)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(changed.withoutHeader("__PROTO__").header("__proto__")).toBeUndefined();
    expect(request.header("constructor")).toBeUndefined();
  });

  test("any visible ASCII is kept as it is", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}x$/);
    const value = fc.stringMatching(/^[\t\x20-\x7e]{0,50}$/);
    fc.assert(
      fc.property(name, value, (name, value) => {
        expect(request.withHeader(name, value).header(name.toUpperCase())).toBe(value);
      }),
    );
  });

  const own = ["Host", "content-length", "Connection", "transfer-encoding", "TE", "trailer", "upgrade", "keep-alive"];

  test.each([...own, "Expect", "", "a b", "a:b", "a\r\nb", "é", `${"a".repeat(200)}\n`])(
    "named %j is refused, and its value not repeated",
    (name) => {
      const setting = () => request.withHeader(name, "s3cr3t");
      expect(setting).toThrow(HookwrightError);
      expect(setting).toThrow(/^Header ".{0,110}" cannot be set/);
      expect(setting).not.toThrow(/s3cr3t/);
    },
  );

  test.each(["s3cr3t\r\nx: y", "s3cr3t\n", "s3cr3t\0", "s3cr3t é", "日s3cr3t"])(
    "with the value %j is refused, and the value not repeated",
    (value) => {
      const setting = () => request.withHeader("x-token", value);
      expect(setting).toThrow(/Header "x-token" cannot be set/);
      expect(setting).not.toThrow(/s3cr3t/);
    },
  );

  test.each([undefined, null, 5, ["a"], {}])("that is %j is refused", (value) => {
    expect(() => request.withHeader("x-token", value as unknown as string)).toThrow(HookwrightError);
    expect(() => request.withHeader(value as unknown as string, "a")).toThrow(HookwrightError);
  });
});

describe("a request", () => {
  test("is not changed by what is made from it", () => {
    const first = request.withHeader("x-one", "1");
    first.withHeader("x-two", "2");
    first.withoutHeader("x-one");
    OutgoingRequest.derive(first, { timeout: 5, body: new Uint8Array([1]), headers: {} });
    expect(OutgoingRequest.toWire(first)).toEqual({
      url: "https://receiver.example/hook",
      headers: { "x-one": "1" },
      body: new Uint8Array(),
      timeout: 0,
    });
  });

  test.each([
    ["its headers", () => Object.assign(request.withHeader("a", "b").headers, { a: "c" })],
    ["its time", () => Object.assign(request, { timeout: 1 })],
    ["its delivery", () => Object.assign(request.delivery, { test: true })],
    ["the target", () => Object.assign(request.delivery.target, { url: "https://thief.example" })],
    ["the target's headers", () => Object.assign(request.delivery.target.headers, { a: "b" })],
    ["the lease", () => Object.assign(request.delivery.lease, { failures: 0 })],
    ["the message", () => Object.assign(request.delivery.message, { payload: new Uint8Array() })],
  ])("refuses that somebody writes to %s", (_what, write) => {
    expect(write).toThrow(TypeError);
  });

  test("shows a copy of the bytes: writing to it changes nothing that leaves", () => {
    // A Buffer, whose own slice() would share its memory.
    const bytes = Buffer.from("{}");
    const changed = OutgoingRequest.derive(request, { body: bytes });
    changed.body.fill(0);
    expect(new TextDecoder().decode(changed.body)).toBe("{}");
    expect(OutgoingRequest.toWire(changed).body).toBe(bytes);
  });
});

test("it cannot be changed, and leads a middleware to nothing that core's own layers use", () => {
  const changed = request.withHeader("x-a", "1");
  const shared = Object.getPrototypeOf(changed);
  expect([changed, shared].every(Object.isFrozen)).toBe(true);
  expect(Reflect.setPrototypeOf(changed, null)).toBe(false);
  expect(Reflect.get(shared, "constructor")).toBe(Object);
});
