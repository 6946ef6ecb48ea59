import type { WireRequest } from "@hookwright/core";
import { expect, test } from "vitest";
import { answered, ScriptedTransport, unreachable } from "./scripted-transport.js";

const request: WireRequest = { url: "https://receiver.example/", headers: {}, body: new Uint8Array(), timeout: 1_000 };

test("answers by script, then with what was set for the rest", async () => {
  const transport = new ScriptedTransport([unreachable("timeout"), (sent) => answered(sent.body.length)]);
  transport.script(answered(503, { retryAfter: "30" }));
  transport.answerWith(answered(204));

  const outcomes = [];
  for (let sent = 0; sent < 5; sent += 1) outcomes.push(await transport.send(request));

  expect(outcomes).toEqual([
    unreachable("timeout"),
    answered(0),
    answered(503, { retryAfter: "30" }),
    answered(204),
    answered(204),
  ]);
  expect(transport.requests).toEqual(Array(5).fill(request));
});

test("holds a request until the test releases it", async () => {
  const transport = new ScriptedTransport(["hold"]);
  const sending = transport.send(request);
  await transport.sent(1);
  expect(transport.held).toEqual([request]);
  expect(transport.release(answered(410))).toBe(1);
  expect(await sending).toEqual(answered(410));
  expect(transport.held).toEqual([]);
});

test("tells when a number of requests was sent", async () => {
  const transport = new ScriptedTransport();
  const both = transport.sent(2);
  await transport.send(request);
  await transport.send(request);
  await both;
  expect(transport.requests).toHaveLength(2);
});

test("interrupts what is under way when it is closed, and everything after", async () => {
  const transport = new ScriptedTransport(["hold"]);
  const sending = transport.send(request);
  await transport.sent(1);
  await transport.close();
  expect(await sending).toEqual({ kind: "interrupted" });
  expect(await transport.send(request)).toEqual({ kind: "interrupted" });
  expect(transport.requests).toHaveLength(1);
});
