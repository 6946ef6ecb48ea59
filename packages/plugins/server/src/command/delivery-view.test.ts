import { expect, test } from "vitest";
import { type DeliveryView, deliveriesText, deliveryText } from "./delivery-view.js";

const hostile = "a\u001b[2J\u001b]0;owned\u0007\u009b31m\u007f\r\u202eb";

const delivery: DeliveryView = {
  id: "dlv_1",
  message: "msg_1",
  webhook: 1,
  handler: null,
  project: 1,
  action: "TASKS_CREATED",
  status: "failed",
  test: false,
  created_at: "2026-01-01T00:00:00Z",
  finished_at: "2026-01-01T00:00:01Z",
  next_attempt_at: null,
  attempt_count: 1,
  last_status: 500,
  last_code: "http_status",
  request: { url: "http://receiver.test/", headers: { "x-own": hostile }, body: JSON.stringify({ text: hostile }) },
  attempts: [
    {
      number: 1,
      started_at: "2026-01-01T00:00:00Z",
      duration: 1,
      status: 500,
      code: "http_status",
      error: hostile,
      excerpt: hostile,
      middleware: hostile,
      changed_by: [hostile],
      slowed_by: [hostile],
    },
  ],
};

test("what a receiver or a payload said cannot move the terminal's cursor", () => {
  const text = deliveryText(delivery);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(text.match(/owned/g)).toHaveLength(6);
});

test("what waits for a webhook that is switched off is held, and looks due where it is on", () => {
  const waiting = { ...delivery, status: "pending", next_attempt_at: "2026-01-01T00:00:05Z" };
  expect(deliveryText(waiting, { is_active: false })).toMatch(/^next attempt +held: webhook 1 is switched off$/m);
  expect(deliveryText(waiting, { is_active: true })).toMatch(/^next attempt +2026-01-01 00:00:05Z$/m);
  expect(deliveryText(delivery, { is_active: false })).toMatch(/^next attempt +-$/m);
});

test.each([
  ["http_status", 503, "503"],
  [null, 200, "200"],
  ["timeout", null, "timeout"],
])("the list shows of %j with status %j: %s", (code, status, shown) => {
  const [, row = ""] = deliveriesText([{ ...delivery, last_code: code, last_status: status }]).split("\n");
  expect(row.split(/ +/).at(-1)).toBe(shown);
});
