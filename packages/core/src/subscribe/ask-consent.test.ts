import { describe, expect, test } from "vitest";
import { CallLimits } from "../foundation/call-limits.js";
import type { TransportOutcome, WireRequest } from "../transport/transport.js";
import type { Webhook } from "../webhook/webhook.js";
import { consentAsker } from "./ask-consent.js";

const origin = "hooks.example.com";
const url = "https://receiver.example/hook";

describe("the request", () => {
  test("is an OPTIONS that says who asks, within the deadline of an attempt", async () => {
    const { requests, ask } = scene(answered({ "webhook-allowed-origin": origin }));
    await ask({ url, rateLimit: null });
    expect(requests).toEqual([
      {
        url,
        method: "OPTIONS",
        headers: { "User-Agent": "Hookwright/1.0.0", "WebHook-Request-Origin": origin },
        body: new Uint8Array(),
        timeout: 1_000,
        wantedHeaders: ["webhook-allowed-origin", "webhook-allowed-rate"],
        beside: true,
      },
    ]);
  });

  test.each([
    [2, "120"],
    [0.5, "30"],
    [0.03, "1"],
    [0.001, "1"],
    [100_000, "6000000"],
  ])("asks for %d deliveries a second as %s a minute", async (rateLimit, asked) => {
    const { requests, ask } = scene(answered({ "webhook-allowed-origin": "*" }));
    await ask({ url, rateLimit });
    expect(requests[0]?.headers["WebHook-Request-Rate"]).toBe(asked);
  });
});

describe("the answer", () => {
  test.each<[string, Readonly<Record<string, string>>, number | null]>([
    ["the origin", { "webhook-allowed-origin": origin }, null],
    ["the origin in another case", { "webhook-allowed-origin": "Hooks.Example.COM" }, null],
    ["anybody", { "webhook-allowed-origin": "*" }, null],
    ["a rate", { "webhook-allowed-origin": origin, "webhook-allowed-rate": "60" }, 60],
    ["any rate", { "webhook-allowed-origin": "*", "webhook-allowed-rate": "*" }, null],
  ])("consents when it allows %s", async (_, headers, value) => {
    expect(await scene(answered(headers)).ask({ url, rateLimit: 1 })).toEqual({ value });
  });

  const allowed = { "webhook-allowed-origin": origin };
  test.each<[string, TransportOutcome, RegExp]>([
    ["a status alone", answered({}), /with 200 but without WebHook-Allowed-Origin: hooks\.example\.com, or \*/],
    ["a rate alone", answered({ "webhook-allowed-rate": "*" }), /without WebHook-Allowed-Origin/],
    ["another origin", answered({ "webhook-allowed-origin": "evil.example" }), /neither hooks\.example\.com nor \*/],
    ["a longer origin", answered({ "webhook-allowed-origin": `${origin}.evil` }), /neither/],
    ["two origins", answered({ "webhook-allowed-origin": `a.example,${origin}` }), /neither/],
    ["no origin", answered({ "webhook-allowed-origin": "" }), /neither/],
    ["a redirect", answered(allowed, 302), /with 302, and a redirect is not followed/],
    ["a refusal", answered(allowed, 405), /OPTIONS from hooks\.example\.com with 405\./],
    ["an error", answered(allowed, 500), /with 500\./],
    ...["0", "-1", "1.5", "fast", "", "1e3", "9999999999"].map((rate): [string, TransportOutcome, RegExp] => [
      `a rate of ${JSON.stringify(rate)}`,
      answered({ ...allowed, "webhook-allowed-rate": rate }),
      /WebHook-Allowed-Rate is neither a whole number/,
    ]),
    [
      "no answer",
      { kind: "unreachable", code: "timeout", reason: "receiver.example:443: no byte came", cause: undefined },
      /no byte came\./,
    ],
  ])("is no consent: %s", async (_, outcome, text) => {
    const problem = [expect.stringMatching(text)];
    expect(await scene(outcome).ask({ url, rateLimit: 1 })).toEqual({ problem });
    expect(JSON.stringify(await scene(outcome).ask({ url, rateLimit: 1 }))).not.toContain("evil");
  });

  test("that does not come because the service stops is not the receiver's refusal", async () => {
    await expect(scene({ kind: "interrupted" }).ask({ url, rateLimit: null })).rejects.toMatchObject({
      code: "lifecycle_invalid",
    });
  });
});

function scene(outcome: TransportOutcome) {
  const requests: WireRequest[] = [];
  const send = async (request: WireRequest): Promise<TransportOutcome> => {
    requests.push(request);
    return outcome;
  };
  const limits = new CallLimits({ overall: 1, perOrganization: 1 });
  const asker = consentAsker({ transport: { send }, origin, timeout: 1_000, userAgent: "Hookwright/1.0.0", limits });
  const ask = (webhook: Pick<Webhook, "url" | "rateLimit">) =>
    asker({ organization: 1 as Webhook["organization"], ...webhook });
  return { requests, ask };
}

function answered(headers: Readonly<Record<string, string>>, status = 200): TransportOutcome {
  return { kind: "answered", status, retryAfter: undefined, excerpt: "", bodyError: undefined, headers };
}
