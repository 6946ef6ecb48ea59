import { definePlugin, type SigningSecret } from "@hookwright/core";
import { createTestHost, type ReceivedRequest, type TestHost } from "@hookwright/testing";
import { Webhook } from "standardwebhooks";
import { describe, expect, test, vi } from "vitest";
import { generateKeyPair, generateSecret } from "./generate.js";
import { sign } from "./sign.js";
import { signing } from "./signing-plugin.js";
import { createVerifier, type VerifyOptions } from "./verify.js";

const hour = 3_600_000;

describe("what goes to a webhook with a secret", () => {
  test("is signed over the bytes that arrive, by real sockets", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.realReceiver({ actions: ["TASKS_CREATED"] });
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await emit(host, "Zoë 😀");
    const [request] = receiver.received;
    const verified = verifierAt(host, secret).verify(only(request).body, only(request).headers);
    expect(verified.id).toBe(only(request).messageId);
    expect(verified.json()).toMatchObject({ action: "TASKS_CREATED", tasks: [{ id: 1, name: "Zoë 😀" }] });
    expect(Number(only(request).headers["webhook-timestamp"])).toBe(Math.floor(host.clock.now() / 1000));
  });

  test("is verified by the specification's own library", async () => {
    await using host = await createTestHost({ plugins: [signing()], now: Date.now() });
    const receiver = await host.receiver();
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await emit(host);
    const { body, headers } = only(receiver.received[0]);
    expect(new Webhook(secret).verify(Buffer.from(body), { ...headers })).toMatchObject({ action: "TASKS_CREATED" });
  });

  test("is signed without its payload and under an alias as well", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver({ actions: ["TASK_CREATED"], sendPayload: false });
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await emit(host);
    const { body, headers } = only(receiver.received[0]);
    expect(verifierAt(host, secret).verify(body, headers).json()).toEqual({ action: "TASK_CREATED" });
  });

  test("is signed anew at each attempt, under the same id", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver({ answers: [500, 200] });
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await emit(host);
    const [first, second] = receiver.received.map(({ headers }) => headers);
    expect(second?.["webhook-id"]).toBe(first?.["webhook-id"]);
    expect(second?.["webhook-timestamp"]).not.toBe(first?.["webhook-timestamp"]);
    for (const { body, headers } of receiver.received) expect(isVerified(secret, { body, headers })).toBe(true);
    expect(isVerified(secret, { body: only(receiver.received[0]).body, headers: second ?? {} })).toBe(true);
  });

  test("is tested signed, too", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver();
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await host.hooks.webhooks.test(receiver.webhook.id);
    expect(isVerified(secret, only(receiver.received[0]))).toBe(true);
  });

  test("has no signature once the secret is removed, and none without one", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver();
    await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await host.hooks.webhooks.secret.remove(receiver.webhook.id);
    await emit(host);
    expect(receiver.received[0]?.headers).not.toHaveProperty("webhook-signature");
  });
});

describe("while a secret is rotated", () => {
  test("both sign, the newest first, and each receiver verifies; afterwards only the new one does", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver();
    const { id } = receiver.webhook;
    const old = await host.hooks.webhooks.secret.set(id);
    const rotated = await host.hooks.webhooks.secret.rotate(id, { overlap: hour });

    await emit(host);
    const during = only(receiver.received.at(-1));
    expect(during.headers["webhook-signature"]).toBe(signatureOf(during, [rotated.secret, old.secret]));
    expect(isVerified(old.secret, during)).toBe(true);
    expect(isVerified(rotated.secret, during)).toBe(true);

    await host.pass(hour - 1);
    await emit(host);
    expect(isVerified(old.secret, only(receiver.received.at(-1)))).toBe(true);

    await host.pass(1);
    await emit(host);
    const after = only(receiver.received.at(-1));
    expect(after.headers["webhook-signature"]).toBe(signatureOf(after, [rotated.secret]));
    expect(isVerified(old.secret, after)).toBe(false);
    expect(isVerified(rotated.secret, after)).toBe(true);
  });

  test("a waiting retry is signed with the secret of its own time", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver({ answers: [500] });
    const { id } = receiver.webhook;
    const old = await host.hooks.webhooks.secret.set(id);
    await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
    await host.until(() => receiver.received.length === 1);
    const { secret } = await host.hooks.webhooks.secret.set(id);
    await host.delivered("TASKS_CREATED");
    const [first, second] = receiver.received;
    expect([isVerified(old.secret, only(first)), isVerified(secret, only(second))]).toEqual([true, true]);
    expect(isVerified(old.secret, only(second))).toBe(false);
  });

  test("from a shared secret to a pair of keys, both kinds stand side by side", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver();
    const { id } = receiver.webhook;
    const { privateKey, publicKey } = generateKeyPair();
    const old = await host.hooks.webhooks.secret.set(id);
    await host.hooks.webhooks.secret.rotate(id, { secret: privateKey });
    await emit(host);
    const request = only(receiver.received[0]);
    expect(request.headers["webhook-signature"]).toMatch(/^v1a,\S{88} v1,\S{44}$/);
    for (const secrets of [publicKey, old.secret, [generateSecret(), publicKey]])
      expect(isVerified(secrets, request)).toBe(true);
  });
});

describe("beside other plugins", () => {
  test("what leaves is what is signed, whoever changed it before", async () => {
    const renames = definePlugin({
      name: "renames",
      version: "1.0.0",
      setup: (ctx) => void ctx.use("prepare", (request, next) => next(request.withHeader("webhook-id", "msg_renamed"))),
    });
    await using host = await createTestHost({ plugins: [signing(), renames] });
    const receiver = await host.receiver();
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await emit(host);
    const { body, headers } = only(receiver.received[0]);
    expect(verifierAt(host, secret).verify(body, headers).id).toBe("msg_renamed");
  });

  test.each(["webhook-id", "webhook-timestamp"])("nothing leaves without %s: it would be unsigned", async (name) => {
    let isRemoved = true;
    const removes = definePlugin({
      name: "removes",
      version: "1.0.0",
      setup: (ctx) =>
        void ctx.use("prepare", (request, next) => next(isRemoved ? request.withoutHeader(name) : request)),
    });
    await using host = await createTestHost({ plugins: [signing(), removes] });
    const receiver = await host.receiver();
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
    const attempts = async (): Promise<number> => (await host.deliveries())[0]?.attempts.length ?? 0;
    await host.until(async () => (await attempts()) >= 3);
    expect(receiver.received).toEqual([]);
    isRemoved = false;
    const [delivery] = await host.delivered("TASKS_CREATED");
    expect(delivery?.attempts[0]).toMatchObject({ code: "middleware_failed", middleware: "signing/signature" });
    expect(isVerified(secret, only(receiver.received[0]))).toBe(true);
  });

  test("the host does not let go of it unless that is asked for, and then holds what it would have signed", async () => {
    await using host = await createTestHost({ plugins: [signing()] });
    const receiver = await host.receiver();
    const plain = await host.receiver();
    const { secret } = await host.hooks.webhooks.secret.set(receiver.webhook.id);
    await expect(host.unload("signing")).rejects.toThrow(/essential/);
    await host.unload("signing", { essential: true });
    await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
    await host.until(() => plain.received.length === 1);
    await host.pass(600);
    expect(receiver.received).toEqual([]);
    await host.load(signing());
    await host.delivered("TASKS_CREATED");
    expect(isVerified(secret, only(receiver.received[0]))).toBe(true);
  });

  test("two of them are one too many", async () => {
    await expect(createTestHost({ plugins: [signing(), signing()] })).rejects.toThrow(/plugin_name_taken|signing/);
  });
});

test("a secret is read once, however much is signed with it", async () => {
  let seen: SigningSecret | undefined;
  const looks = definePlugin({
    name: "looks",
    version: "1.0.0",
    setup: (ctx) =>
      void ctx.use("observe", (request, next) => {
        seen = request.delivery.target.signingSecrets[0];
        return next(request);
      }),
  });
  await using host = await createTestHost({ plugins: [signing(), looks] });
  const receiver = await host.receiver();
  await host.hooks.webhooks.secret.set(receiver.webhook.id);
  await emit(host);
  const reveal = vi.spyOn(Object.getPrototypeOf(seen), "reveal");
  for (let count = 0; count < 5; count += 1) await emit(host);
  expect(receiver.received).toHaveLength(6);
  expect(reveal).not.toHaveBeenCalled();
  reveal.mockRestore();
});

test("what it makes and takes is what core asks it for", async () => {
  await using host = await createTestHost({ plugins: [signing()] });
  const { webhook } = await host.receiver();
  const { secret } = await host.hooks.webhooks.secret.set(webhook.id);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  for (const wrong of ["", "hunter2", generateKeyPair().publicKey])
    await expect(host.hooks.webhooks.secret.set(webhook.id, { secret: wrong })).rejects.toMatchObject({
      code: "webhook_invalid",
      details: { fields: { secret: [expect.stringMatching(/^A signing secret cannot be read: /)] } },
    });
});

async function emit(host: TestHost, name = "one"): Promise<void> {
  await host.emit("TASKS_CREATED", { tasks: [{ id: 1, name }] });
  await host.delivered("TASKS_CREATED");
}

function verifierAt(host: TestHost, secrets: VerifyOptions["secrets"]) {
  return createVerifier({ secrets, now: () => host.clock.now() });
}

/** Whether a receiver that gets it at once believes it. */
function isVerified(
  secrets: VerifyOptions["secrets"],
  { body, headers }: Pick<ReceivedRequest, "body" | "headers">,
): boolean {
  const now = (): number => Number(headers["webhook-timestamp"]) * 1000;
  try {
    createVerifier({ secrets, now }).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

function signatureOf({ messageId: id, headers, body }: ReceivedRequest, secrets: readonly string[]): string {
  return sign({ id, timestamp: Number(headers["webhook-timestamp"]), body }, secrets);
}

function only(request: ReceivedRequest | undefined): ReceivedRequest {
  if (request === undefined) throw new Error("nothing was received");
  return request;
}
