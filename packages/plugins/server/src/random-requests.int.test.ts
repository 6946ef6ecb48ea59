import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";

/** Values that a field may meet: those that are nearly right, and any other. */
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<fc.JsonValue>("https://hooks.example.com/", "TASKS_CREATED", "TASK_CREATED", "12", "null", "on", ""),
  fc.constantFrom<fc.JsonValue>(true, false, null, 0, -1, 1, 12, 1.5, 1e21, 2 ** 53),
  fc.constantFrom<fc.JsonValue>("\0", "\ud800", " ", "a\r\nb", "__proto__", "x".repeat(3_000)),
  fc.constant<fc.JsonValue>({ tasks: [{ id: 1 }] }),
  fc.dictionary(fc.string(), fc.string({ unit: "binary" })),
  fc.array(fc.constantFrom("TASKS_CREATED", "NOPE", "PROJECT_CREATED")),
);

function bodies(...fields: readonly string[]): fc.Arbitrary<fc.JsonValue> {
  const known = Object.fromEntries(fields.map((field) => [field, values]));
  return fc.oneof({ arbitrary: fc.record(known, { requiredKeys: [] }), weight: 9 }, { arbitrary: values, weight: 1 });
}

const webhook = bodies(
  "url",
  "project",
  "send_payload",
  "send_for_all_actions",
  "headers",
  "is_active",
  "actions",
  "retry_schedule",
  "max_concurrency",
  "rate_limit",
  "ordered",
  "__proto__",
);
const event = bodies("action", "payload", "project", "id", "constructor");

/** No input is a bug: whatever is sent is taken or refused, in an answer that the OpenAPI document has. */
describe("any body", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
    await api.post("/api/webhooks/", { url: "http://127.0.0.1:1/", is_active: false });
  });
  afterAll(() => api.stop());

  test.each<[string, string, fc.Arbitrary<fc.JsonValue>]>([
    // Events first, while no webhook is active: what a random one names must not be called.
    ["POST", "/api/events/", event],
    ["POST", "/api/tokens/", bodies("name")],
    ["POST", "/api/webhooks/1/test/", bodies("action", "payload")],
    ["POST", "/api/webhooks/", webhook],
    ["PUT", "/api/webhooks/1/", webhook],
    ["PATCH", "/api/webhooks/1/", webhook],
  ])("%s %s is answered, never failed", async (method, path, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        const answer = await api.call(method, path, {
          body: JSON.stringify(value),
          headers: { "content-type": "application/json" },
        });
        expect([200, 201, 202, 400, 409]).toContain(answer.status);
      }),
      { numRuns: 300 },
    );
  });
});
