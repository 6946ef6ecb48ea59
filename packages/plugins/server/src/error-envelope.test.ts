import { type ErrorCode, errorCodes, HookwrightError } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { answerOf } from "./error-envelope.js";
import { RequestProblem } from "./request-problem.js";

describe("answerOf", () => {
  const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
    action_unknown: 400,
    payload_invalid: 400,
    scope_invalid: 400,
    action_reserved: 400,
    webhook_invalid: 400,
    replay_invalid: 400,
    not_found: 404,
    idempotency_conflict: 409,
    too_many_jobs: 409,
    delivery_not_retryable: 409,
    secret_scheme_missing: 409,
    overloaded: 503,
    lifecycle_invalid: 503,
    storage_failed: 503,
    storage_full: 507,
  };

  test("knows every code of core; what no request can cause is a fault of the service", () => {
    // The table has its codes as keys.
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const { status, envelope, blame } = answerOf(new HookwrightError(code, `About ${code}.`), "id");
      expect(status, code).toBe(statuses[code] ?? 500);
      expect(envelope.status_code).toBe(status);
      expect(blame).toBe(status < 500 ? "caller" : "service");
    }
  });

  test("faults of a webhook are told under the names of the wire", () => {
    const fields = { sendPayload: ["a"], isActive: ["b"], nonField: ["c"], actions: { 1: ["d"] } };
    const error = new HookwrightError("webhook_invalid", "no", { details: { fields } });
    expect(answerOf(error, "id").envelope.validation_errors).toEqual({
      send_payload: ["a"],
      is_active: ["b"],
      non_field_errors: ["c"],
      actions: { 1: ["d"] },
    });
  });

  test.each([
    ["what a fault of the service says", new TypeError("inner matters")],
    ["what the database says", new HookwrightError("storage_failed", "inner matters")],
    ["what is thrown that is no error", "inner matters"],
  ])("does not tell %s", (_, error) => {
    const { envelope } = answerOf(error, "id");
    expect(JSON.stringify(envelope)).not.toContain("inner matters");
    expect(envelope.exc_info).toBeNull();
  });

  test("asks for a token with the header that says so", () => {
    expect(answerOf(new RequestProblem("no_credentials", "x"), "id").headers).toEqual({ "www-authenticate": "Token" });
    expect(answerOf(new RequestProblem("stopping", "x"), "id")).toMatchObject({
      status: 503,
      headers: { "retry-after": "1" },
    });
  });
});
