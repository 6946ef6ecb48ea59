import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";

const origin = "hooks.example.com";

/** A webhook with `handshake: true`, and receivers that answer its OPTIONS in one way or another. */
describe("the consent of a receiver", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start({ settings: { origin, timeout: 500 } });
  });
  afterAll(() => api.stop());

  test.each<[string, Answer, object]>([
    ["its origin", { "WebHook-Allowed-Origin": origin }, { allowed_rate: null }],
    ["everybody", { "WebHook-Allowed-Origin": "*", Allow: "POST" }, { allowed_rate: null }],
    ["a lower rate", { "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "30" }, { allowed_rate: 30 }],
    ["a higher rate", { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "9999" }, { allowed_rate: 9_999 }],
    ["any rate", { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*" }, { allowed_rate: null }],
  ])("is what saves the webhook when it allows %s", async (_, headers, kept) => {
    const receiver = await receiverOf({ headers });
    const { status, json } = await api.post("/api/webhooks/", { ...body(receiver), rate_limit: 2 });
    expect({ status, json }).toMatchObject({ status: 201, json: { handshake: true, rate_limit: 2, ...kept } });
    expect(await api.get(`/api/webhooks/${String(json["id"])}/`)).toMatchObject({ json: kept });
    expect(receiver.requests).toEqual([
      expect.objectContaining({
        method: "OPTIONS",
        path: "/hook",
        body: "",
        headers: expect.objectContaining({
          "webhook-request-origin": origin,
          "webhook-request-rate": "120",
          "user-agent": expect.stringMatching(/^Hookwright\//),
        }),
      }),
    ]);
    // They may be secrets, and it is not known yet to whom they would go.
    expect(receiver.requests[0]?.headers).not.toHaveProperty("x-key");
  });

  test.each<[string, Answers, RegExp]>([
    [
      "another origin",
      { headers: { "WebHook-Allowed-Origin": "other.example.com" } },
      /neither hooks\.example\.com nor/,
    ],
    ["a status alone", { headers: { Allow: "POST, OPTIONS" } }, /with 200 but without WebHook-Allowed-Origin/],
    ["204 alone", { status: 204, headers: {} }, /with 204 but without/],
    ["a refusal", { status: 403, headers: { "WebHook-Allowed-Origin": "*" } }, /with 403\./],
    [
      "a redirect",
      { status: 307, headers: { Location: "/", "WebHook-Allowed-Origin": "*" } },
      /with 307, and a redirect/,
    ],
    ["no answer", "hang", /500 ms/],
    ["a closed connection", "hang-up", /could not be asked for its consent: /],
    ["a rate of nothing", { headers: { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "0" } }, /Allowed-Rate/],
  ])("is missing with %s, and nothing is saved", async (_, answers, told) => {
    const receiver = await receiverOf(answers);
    const before = await api.get("/api/webhooks/");
    const answer = await api.post("/api/webhooks/", body(receiver));
    expect(answer).toMatchObject({ status: 400, json: { detail: "Validation error" } });
    expect(answer.json["validation_errors"]).toEqual({ url: [expect.stringMatching(told)] });
    expect((await api.get("/api/webhooks/")).text).toBe(before.text);
    expect(receiver.requests.map(({ path }) => path)).toEqual(["/hook"]);
  });

  test.each([
    ["a refused address", "http://10.0.0.7/hook"],
    ["a name that leads nowhere", "http://nothing.invalid/hook"],
  ])("is not asked for at %s", async (_, url) => {
    const answer = await api.post("/api/webhooks/", { url, project: 1, handshake: true });
    expect(answer.status).toBe(400);
    expect(answer.json["validation_errors"]).toEqual({ url: [expect.any(String)] });
  });

  test("is asked for at a new URL, and the old one stays without it", async () => {
    const [willing, unwilling] = [
      await receiverOf({ headers: { "WebHook-Allowed-Origin": "*" } }),
      await receiverOf({ headers: {} }),
    ];
    const { json } = await api.post("/api/webhooks/", body(willing));
    const path = `/api/webhooks/${String(json["id"])}/`;
    expect(await api.patch(path, { url: unwilling.url })).toMatchObject({ status: 400 });
    expect((await api.get(path)).json["url"]).toBe(willing.url);
    expect(await api.patch(path, { url: unwilling.url, handshake: false })).toMatchObject({ status: 200 });
    expect(await api.patch(path, { handshake: true })).toMatchObject({ status: 400 });
    expect((await api.get(path)).json["handshake"]).toBe(false);
  });

  test("goes on in every delivery, by test too: each says from whom it is", async () => {
    const receiver = await receiverOf({ headers: { "WebHook-Allowed-Origin": origin } });
    const { json } = await api.post("/api/webhooks/", body(receiver));
    expect(await api.post(`/api/webhooks/${String(json["id"])}/test/`, {})).toMatchObject({
      json: { status: "delivered" },
    });
    expect(receiver.requests[1]).toMatchObject({ method: "POST", headers: { "webhook-request-origin": origin } });

    const other = await receiverOf({ headers: {} });
    const plain = await api.post("/api/webhooks/", { ...body(other), handshake: false });
    await api.post(`/api/webhooks/${String(plain.json["id"])}/test/`, {});
    expect(other.requests[0]?.headers).not.toHaveProperty("webhook-request-origin");
  });

  test("is asked for by a form, too", async () => {
    const receiver = await receiverOf({ headers: {} });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const form = new URLSearchParams({ url: receiver.url, project: "1", handshake: "true" }).toString();
    expect(await api.post("/api/webhooks/", form, { headers })).toMatchObject({ status: 400 });
    expect(receiver.requests).toHaveLength(1);
  });
});

type Answer = Readonly<Record<string, string>>;
type Answers = { readonly status?: number; readonly headers: Answer } | "hang" | "hang-up";

interface Receiver {
  readonly url: string;
  readonly requests: readonly Received[];
}

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function receiverOf(answers: Answers): Promise<Receiver> {
  const requests: Received[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url: path, headers } = request;
    requests.push({ method, path, headers, body: await text(request) });
    if (answers === "hang-up") request.socket.destroy();
    else if (method === "POST") response.writeHead(200).end();
    else if (answers !== "hang") response.writeHead(answers.status ?? 200, answers.headers).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A bound TCP server has no other form of address.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, requests };
}

function body({ url }: Receiver): Readonly<Record<string, unknown>> {
  return { url, project: 1, handshake: true, headers: { "X-Key": "secret" } };
}
