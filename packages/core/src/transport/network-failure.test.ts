import { errors } from "undici";
import { describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { bodyFailure, failureBy, failureInTime, isLostConnection, isMachineFault } from "./network-failure.js";

const authority = "receiver.example:443";

function withCode(code: string, message = `failed with ${code}`): Error {
  return Object.assign(new Error(message), { code });
}

describe("a failure", () => {
  test.each([
    ["ECONNREFUSED", "connecting", "connection_refused"],
    ["ETIMEDOUT", "connecting", "timeout"],
    ["EHOSTUNREACH", "connecting", "connection_failed"],
    ["ENETUNREACH", "connecting", "connection_failed"],
    ["ECONNRESET", "connecting", "connection_failed"],
    ["ECONNRESET", "securing", "tls_failed"],
    ["ECONNRESET", "open", "connection_failed"],
    ["EPIPE", "open", "connection_failed"],
    ["ENOTFOUND", "resolving", "dns_failed"],
    ["EAI_AGAIN", "resolving", "dns_failed"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "securing", "tls_failed"],
    ["CERT_HAS_EXPIRED", "securing", "tls_failed"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "open", "tls_failed"],
    ["EPROTO", "open", "tls_failed"],
    ["ERR_ASSERTION", "open", "protocol_error"],
  ] as const)("with %s while %s is %s", (code, phase, expected) => {
    const error = withCode(code);
    expect(failureBy(error, { authority, phase })).toEqual({
      kind: "unreachable",
      code: expected,
      reason: expect.stringContaining(code) as unknown,
      cause: error,
    });
  });

  test.each([
    [new errors.HeadersOverflowError(), "answer_too_large"],
    [new errors.HTTPParserError("bad"), "protocol_error"],
    [new errors.ResponseContentLengthMismatchError("mismatch"), "protocol_error"],
    [new errors.SocketError("bad response"), "protocol_error"],
    [new errors.SocketError("other side closed"), "connection_failed"],
    [new errors.InvalidArgumentError("invalid header"), "request_invalid"],
    [new errors.RequestContentLengthMismatchError(), "request_invalid"],
    [new errors.NotSupportedError("expect"), "request_invalid"],
  ])("of undici, %s, is %s", (error, expected) => {
    expect(failureBy(error, { authority, phase: "open" })).toMatchObject({ code: expected, cause: error });
  });

  test.each([
    ["EMFILE", "connecting"],
    ["ENFILE", "tunnelling"],
    ["ENOBUFS", "connecting"],
    ["ENOMEM", "open"],
    ["EADDRNOTAVAIL", "connecting"],
    ["ENETDOWN", "connecting"],
    ["EMFILE", "resolving"],
    ["ECONNREFUSED", "resolving"],
  ] as const)("with %s while %s is this machine's, and not the receiver's", (code, phase) => {
    const error = withCode(code);
    expect(failureBy(error, { authority, phase })).toMatchObject({
      kind: "sender-failed",
      middleware: "core/transport",
      reason: expect.stringContaining(code) as unknown,
      cause: { code: "machine_failed", cause: error },
    });
  });

  test("of a machine without IPv6 is the receiver's when its other addresses fail otherwise", () => {
    const error = new AggregateError([withCode("EADDRNOTAVAIL"), withCode("EHOSTUNREACH")]);
    expect(failureBy(error, { authority, phase: "connecting" })).toMatchObject({ code: "connection_failed" });
    expect(isMachineFault(error)).toBe(false);
    expect(isMachineFault(new AggregateError([withCode("EADDRNOTAVAIL")]))).toBe(true);
  });

  test("of the egress proxy is the sender's, and what it does not open is the receiver's", () => {
    const place = { authority, phase: "tunnelling" } as const;
    const failed = failureBy(new HookwrightError("proxy_failed", "no way"), place);
    expect(failed).toMatchObject({ kind: "sender-failed", reason: "no way", cause: { code: "proxy_failed" } });
    const refused = failureBy(new HookwrightError("proxy_refused", "answered 403"), place);
    expect(refused).toMatchObject({ kind: "unreachable", code: "proxy_refused", reason: "answered 403" });
  });

  test("of the deadline is the receiver's, but for the time before the egress proxy is reached", () => {
    const late = (phase: "proxying" | "tunnelling" | "resolving") => failureInTime(10, "nothing", { authority, phase });
    expect(late("resolving")).toMatchObject({ kind: "unreachable", code: "timeout" });
    expect(late("tunnelling")).toMatchObject({ kind: "unreachable", code: "timeout" });
    expect(late("proxying")).toMatchObject({ kind: "sender-failed", cause: { code: "proxy_failed" } });
  });

  test("of the guard is told in the guard's words", () => {
    const error = new HookwrightError("target_blocked", "10.0.0.1, a private address");
    expect(failureBy(error, { authority, phase: "resolving" })).toMatchObject({
      code: "target_blocked",
      reason: "10.0.0.1, a private address",
    });
  });

  test("of several addresses is the most telling one, and tells all", () => {
    const error = new AggregateError([withCode("ENETUNREACH"), withCode("ECONNREFUSED")]);
    expect(failureBy(error, { authority, phase: "connecting" })).toMatchObject({
      code: "connection_refused",
      reason: expect.stringMatching(/ENETUNREACH.*ECONNREFUSED/) as unknown,
    });
  });

  test("is told in one line of bounded length", () => {
    const { reason } = failureBy(withCode("X", `a\r\nb\n\tc ${"d".repeat(1_000)}`), { authority, phase: "open" });
    expect(reason).toMatch(/^the connection to receiver\.example:443 failed: a b c d+\.\.\.$/);
    expect(reason).toHaveLength(300);
    expect(bodyFailure(withCode("X", "a\nb"))).toBe("the answer's body broke off: a b (X)");
  });

  test("is told without letters that a terminal would obey", () => {
    const error = withCode("X", "names \u001b[2J\u009b31m\u007f.test");
    expect(failureBy(error, { authority, phase: "securing" })).toHaveProperty(
      "reason",
      expect.stringContaining("names \ufffd[2J\ufffd31m\ufffd.test"),
    );
    expect(bodyFailure(error)).not.toMatch(/\p{Cc}/u);
  });

  test("of OpenSSL is told by its reason, without its source files", () => {
    const error = Object.assign(withCode("ERR_SSL_WRONG_VERSION_NUMBER", "80:error:0A:ssl.c:354"), {
      reason: "wrong version number",
    });
    expect(failureBy(error, { authority, phase: "securing" }).reason).toBe(
      "no secure connection to receiver.example:443: wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)",
    );
  });
});

test("a connection is lost when the other side closed or reset it, and by nothing else", () => {
  const lost = [
    new errors.SocketError("other side closed"),
    new errors.SocketError("closed"),
    withCode("ECONNRESET"),
    withCode("EPIPE"),
  ];
  const kept = [
    new errors.SocketError("bad response"),
    new errors.HTTPParserError("x"),
    withCode("ETIMEDOUT"),
    withCode("EHOSTUNREACH"),
  ];
  expect(lost.map(isLostConnection)).toEqual(lost.map(() => true));
  expect(kept.map(isLostConnection)).toEqual(kept.map(() => false));
});
