import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type CallOptions } from "../api-rig.test.support.js";

const url = "https://hooks.example.com/ls";
const kilobyte = 1_024;

describe("a webhook of any size", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  const form: CallOptions = { headers: { "content-type": "application/x-www-form-urlencoded" } };
  const multipart: CallOptions = { headers: { "content-type": "multipart/form-data; boundary=b" } };

  test.each([
    ["a form", 2_000, `${"a&".repeat(1_999)}a`, form],
    ["a form", 2_001, `${"a&".repeat(2_000)}a`, form],
    ["a multipart form", 2_000, partsOf(2_000), multipart],
    ["a multipart form", 2_001, partsOf(2_001), multipart],
  ])("%s of %i fields", async (_, count, body, options) => {
    const answer = await api.post("/api/webhooks/", body, options);
    expect(answer.status).toBe(400);
    expect(/more than 2,000 fields/.test(answer.text)).toBe(count > 2_000);
  });

  test.each([
    ["/api/webhooks/", "POST"],
    ["/api/webhooks/1/", "PATCH"],
    ["/api/webhooks/1/replay/", "POST"],
    ["/api/webhooks/1/secret/", "PUT"],
    ["/api/webhooks/1/secret/rotate/", "POST"],
  ])("is read up to 256 kB by %s", async (path, method) => {
    const call = (length: number) => api.call(method, path, { body: { url: "x".repeat(length) } });
    expect((await call(255 * kilobyte)).status).not.toBe(413);
    const refused = await call(256 * kilobyte);
    expect(refused).toMatchObject({ status: 413, json: { detail: expect.stringContaining("262144 bytes") } });
  });

  test("but what a test sends may be as large as any event", async () => {
    const { json } = await api.post("/api/webhooks/", { url, project: 1 });
    const answer = await api.post(`/api/webhooks/${json["id"]}/test/`, { action: "x".repeat(300 * kilobyte) });
    expect(answer.status).toBe(400);
  });

  test("tells of a hundred faulty actions, and of more than a thousand in one text", async () => {
    const faultsOf = async (count: number) => {
      const answer = await api.post("/api/webhooks/", { url, project: 1, actions: Array(count).fill(0) });
      expect(answer.status).toBe(400);
      return answer.json["validation_errors"]?.["actions"];
    };
    expect(Object.keys((await faultsOf(99)) ?? {})).toHaveLength(99);
    expect(Object.keys((await faultsOf(1_000)) ?? {})).toHaveLength(100);
    expect(await faultsOf(1_001)).toEqual(["Ensure this field has no more than 1000 elements."]);
  });
});

function partsOf(count: number): string {
  return `${'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'.repeat(count)}--b--\r\n`;
}
