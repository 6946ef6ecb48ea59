import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfiguredPlugin, definePlugin, secretScheme, silentLogger } from "@hookwright/core";
import { createVerifier, signing } from "@hookwright/plugin-signing";
import { startReceiver } from "@hookwright/testing";
import { expect, onTestFinished, test } from "vitest";
import { createService } from "./service.js";
import { readSettings } from "./settings.js";

const token = "token-of-this-test";

test("the service signs without a word in its configuration; during a rotation both secrets sign, the newest first", async () => {
  const api = await started();
  await using receiver = await startReceiver();
  const { id } = await api("POST", "/api/webhooks/", { url: receiver.url, project: 1 });
  const { secret: old } = await api("PUT", `/api/webhooks/${id}/secret/`);
  const { secret } = await api("POST", `/api/webhooks/${id}/secret/rotate/`, { overlap: "1h" });
  await api("POST", `/api/webhooks/${id}/test/`, {});
  const [request] = receiver.received;
  const [body, headers] = [request?.body ?? "", request?.headers ?? {}];
  for (const secrets of [old, secret]) expect(createVerifier({ secrets }).verify(body, headers).id).toMatch(/^msg_/);
  const [newest] = String(headers["webhook-signature"]).split(" ");
  const shortened = { ...headers, "webhook-signature": newest };
  expect(() => createVerifier({ secrets: secret }).verify(body, shortened)).not.toThrow();
});

test("a configuration that lists the signing plugin gets it once", async () => {
  const api = await started([signing()]);
  const { results } = await api("GET", "/api/plugins/");
  expect(results.filter(({ name }) => name === "signing")).toMatchObject([{ state: "started" }]);
});

test("a plugin of that name takes its place", async () => {
  const own = definePlugin({
    name: "signing",
    version: "7.0.0",
    setup(ctx) {
      ctx.provide(secretScheme, {
        name: "own",
        header: "x-own-signature",
        generate: () => "key-1",
        problem: () => undefined,
      });
      ctx.use("sign", (request, next) => next(request.withHeader("x-own-signature", "1")));
    },
  });
  const api = await started([own]);
  await using receiver = await startReceiver();
  const { id } = await api("POST", "/api/webhooks/", { url: receiver.url, project: 1 });
  expect(await api("PUT", `/api/webhooks/${id}/secret/`)).toMatchObject({ secret: "key-1" });
  await api("POST", `/api/webhooks/${id}/test/`, {});
  expect(receiver.received[0]?.headers).toMatchObject({ "x-own-signature": "1" });
  expect(receiver.received[0]?.headers).not.toHaveProperty("webhook-signature");
});

test("a configuration that holds something else than plugins is refused as ever", async () => {
  // What a configuration in JavaScript may hand in.
  const junk = [null, { manifest: { name: "signing" } }] as unknown as readonly ConfiguredPlugin[];
  await expect(started(junk)).rejects.toMatchObject({ code: "plugins_refused" });
});

interface Answer {
  readonly id: number;
  readonly secret: string;
  readonly results: readonly { readonly name: string; readonly state: string }[];
}

/** A service on a database of its own, and a way to call it. */
async function started(plugins: readonly ConfiguredPlugin[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "hookwright-signing-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const environment = {
    HOOKWRIGHT_PORT: "0",
    HOOKWRIGHT_DATA: join(folder, "data"),
    HOOKWRIGHT_TOKEN: token,
    HOOKWRIGHT_ALLOW_TARGETS: "loopback",
  };
  const service = await createService(readSettings({ environment, plugins, terminal: false }), silentLogger);
  const { url } = await service.start();
  onTestFinished(() => service.stop());
  return async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Token ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.ok).toBe(true);
    // The documented answers; a test looks into the members that its route has.
    return (await answer.json()) as Answer;
  };
}
