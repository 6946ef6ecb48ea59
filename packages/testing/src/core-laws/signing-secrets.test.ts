import { inspect } from "node:util";
import { definePlugin, type SecretScheme, secretScheme } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { HostScene, successor } from "./host-scene.test.support.js";

const oneKey = "1".repeat(32);
const otherKey = "2".repeat(32);
const hour = 3_600_000;

/** Makes `made-1`, `made-2` …, and takes every text that begins with `fit-`. */
function signer(changes: Partial<SecretScheme> = {}) {
  let made = 0;
  return definePlugin({
    name: "signer",
    version: "1.0.0",
    setup(ctx) {
      ctx.provide(secretScheme, {
        name: "test scheme",
        header: "x-signed-with",
        generate: () => {
          made += 1;
          return `made-${made}`;
        },
        problem: (secret) => (secret.startsWith("fit-") ? undefined : "It must begin with fit-."),
        ...changes,
      });
      ctx.use("sign", (request, next) => {
        const secrets = request.delivery.target.signingSecrets.map((secret) => secret.reveal());
        return next(secrets.length === 0 ? request : request.withHeader("x-signed-with", secrets.join(",")));
      });
    },
  });
}

const signedWith = ({ transport }: HostScene): readonly (string | undefined)[] =>
  transport.requests.map(({ headers }) => headers["x-signed-with"]);

describe("a signing secret", () => {
  test("is made or taken, told once, and used from the next attempt on", async () => {
    const scene = await HostScene.start({ plugins: [signer()], settings: { retrySchedule: "1m" } });
    const { id } = await scene.webhook();
    expect(await scene.hooks.webhooks.secret.set(id)).toEqual({ secret: "made-1", previousUntil: null });
    scene.transport.script("hold");
    await scene.emit(1);
    await scene.sent(1);
    // While an attempt is under way.
    expect(await scene.hooks.webhooks.secret.set(id, { secret: "fit-own" })).toMatchObject({ secret: "fit-own" });
    scene.transport.release(answered(500));
    await scene.settled();
    await scene.pass(60_000);
    await scene.hooks.webhooks.secret.remove(id);
    await scene.emit(1);
    await scene.sent(3);
    expect(signedWith(scene)).toEqual(["made-1", "fit-own", undefined]);
    expect(await scene.hooks.webhooks.get(id)).toMatchObject({ secretSet: false, consecutiveFailures: 0 });
  });

  test("is in no answer and no log line but its own, and a webhook says that it has one", async () => {
    const scene = await HostScene.start({ plugins: [signer()] });
    const { id } = await scene.webhook({ headers: { "x-team": "header-value" } });
    await scene.hooks.webhooks.secret.set(id, { secret: "fit-secret" });
    scene.transport.script(answered(500, { excerpt: "no: header-value, fit-secret" }));
    await scene.emit(1);
    await scene.sent(1);
    const webhook = await scene.hooks.webhooks.get(id);
    expect(webhook.secretSet).toBe(true);
    const [delivery] = await scene.deliveries();
    const detail = await scene.hooks.deliveries.get(delivery?.id ?? "");
    expect(JSON.stringify([webhook, await scene.hooks.webhooks.list(), detail, scene.lines])).not.toContain(
      "fit-secret",
    );
  });

  test("is rotated: both sign, newest first, until the overlap ends, and at most five", async () => {
    const scene = await HostScene.start({ plugins: [signer()] });
    const { id } = await scene.webhook();
    const { secret } = scene.hooks.webhooks;
    expect(await secret.rotate(id)).toEqual({ secret: "made-1", previousUntil: null });
    expect(await secret.rotate(id, { overlap: hour })).toEqual({
      secret: "made-2",
      previousUntil: scene.clock.now() + hour,
    });
    const sent = async (): Promise<string | undefined> => {
      const before = scene.transport.requests.length;
      await scene.emit(1);
      await scene.sent(before + 1);
      return signedWith(scene).at(-1);
    };
    expect(await sent()).toBe("made-2,made-1");
    // Shortens no other's life, and lengthens none.
    await secret.rotate(id, { overlap: 2 * hour, secret: "fit-third" });
    expect(await sent()).toBe("fit-third,made-2,made-1");
    await scene.pass(hour);
    expect(await sent()).toBe("fit-third,made-2");
    await scene.pass(hour);
    expect(await sent()).toBe("fit-third");
    for (let count = 0; count < 4; count += 1) await secret.rotate(id);
    expect(await sent()).toBe("made-6,made-5,made-4,made-3,fit-third");
    // The oldest was promised to the receiver until then.
    await expect(secret.rotate(id)).rejects.toMatchObject({
      code: "webhook_invalid",
      details: {
        fields: { nonField: [expect.stringMatching(/^Five secrets sign already, the first of them until .*Z/)] },
      },
    });
    expect(await sent()).toBe("made-6,made-5,made-4,made-3,fit-third");
    await secret.rotate(id, { overlap: 0 });
    expect(await sent()).toBe("made-8");
    // One that is there already is there once.
    await secret.rotate(id, { secret: "fit-a" });
    await secret.rotate(id, { secret: "fit-a" });
    expect(await sent()).toBe("fit-a,made-8");
  });

  test.each<[unknown, string]>([
    ["unfit", "It must begin with fit-."],
    ["", "It must begin with fit-."],
    [5, "Not a valid string."],
    ["x".repeat(4_097), "Ensure this field has no more than 4096 characters."],
  ])("that is %j is refused, and the webhook keeps its own", async (given, problem) => {
    const scene = await HostScene.start({ plugins: [signer()] });
    const { id } = await scene.webhook();
    await scene.hooks.webhooks.secret.set(id, { secret: "fit-before" });
    const refused = { code: "webhook_invalid", details: { fields: { secret: [problem] } } };
    // From JavaScript anything may come.
    const secret = given as string;
    await expect(scene.hooks.webhooks.secret.set(id, { secret })).rejects.toMatchObject(refused);
    await expect(scene.hooks.webhooks.secret.rotate(id, { secret })).rejects.toMatchObject(refused);
    await scene.emit(1);
    await scene.sent(1);
    expect(signedWith(scene)).toEqual(["fit-before"]);
  });

  test("is not repeated by a scheme that repeats it", async () => {
    const plugin = signer({ problem: (secret) => `${secret} is wrong` });
    const scene = await HostScene.start({ plugins: [plugin] });
    const { id } = await scene.webhook();
    const refusal = scene.hooks.webhooks.secret.set(id, { secret: "s3cr3t" });
    await expect(refusal).rejects.toThrow("It is no secret of test scheme.");
    await expect(refusal).rejects.not.toThrow("s3cr3t");
  });

  test.each([-1, Number.NaN, 367 * 24 * hour])("has no overlap of %d", async (overlap) => {
    const scene = await HostScene.start({ plugins: [signer()] });
    const { id } = await scene.webhook();
    await expect(scene.hooks.webhooks.secret.rotate(id, { overlap })).rejects.toMatchObject({
      details: { fields: { overlap: ["Must be a duration from 0 to 366 days."] } },
    });
  });

  test("of another organization's webhook is nobody else's", async () => {
    const scene = await HostScene.start({ plugins: [signer()] });
    const { id } = await scene.webhook();
    const { secret } = scene.hooks.webhooks;
    for (const call of [secret.set(id, { organization: 2 }), secret.rotate(id, { organization: 2 })])
      await expect(call).rejects.toMatchObject({ code: "not_found" });
    await expect(secret.remove(id, { organization: 2 })).rejects.toMatchObject({ code: "not_found" });
    expect((await scene.hooks.webhooks.get(id)).secretSet).toBe(false);
  });
});

describe("without a plugin that signs", () => {
  test("no secret is set, and one that is there can be removed", async () => {
    const before = await HostScene.start({ plugins: [signer()] });
    const { id } = await before.webhook();
    await before.hooks.webhooks.secret.set(id);
    await before.hooks.stop();
    const scene = await successor(before);
    for (const call of [scene.hooks.webhooks.secret.set(id), scene.hooks.webhooks.secret.rotate(id)])
      await expect(call).rejects.toMatchObject({
        code: "secret_scheme_missing",
        message: expect.stringContaining("add the signing plugin"),
      });
    await scene.hooks.webhooks.secret.remove(id);
    expect((await scene.hooks.webhooks.get(id)).secretSet).toBe(false);
  });

  test("what is for a webhook with a secret is held, without blame, and goes out signed once there is one", async () => {
    const before = await HostScene.start({ plugins: [signer()] });
    const signed = await before.webhook();
    await before.hooks.webhooks.secret.set(signed.id);
    const other = await before.webhook({ url: "https://other.example/" });
    await before.hooks.stop();

    const scene = await successor(before, { settings: { retrySchedule: "", maxConsecutiveFailures: 1 } });
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(600_000);
    expect(scene.transport.requests.map(({ url }) => url)).toEqual([other.url]);
    const held = (await scene.deliveries()).find(({ webhook }) => webhook === signed.id);
    expect(held).toMatchObject({ status: "pending", lastCode: "secret_scheme_missing" });
    expect(await scene.hooks.webhooks.get(signed.id)).toMatchObject({ isActive: true, consecutiveFailures: 0 });
    expect(scene.linesAt("error")[0]).toMatchObject({ fields: { code: "secret_scheme_missing", webhook: signed.id } });
    const tested = await scene.hooks.webhooks.test(signed.id);
    expect(tested.attempts).toMatchObject([{ code: "secret_scheme_missing", headers: {} }]);

    await scene.hooks.plugins.load(signer());
    await scene.run(() => scene.allFinished());
    expect(signedWith(scene)).toEqual([undefined, "made-1"]);
  });
});

describe("stored values", () => {
  test("are sealed with the keys that are given, and read again by the next host", async () => {
    const before = await HostScene.start({ plugins: [signer()], secretKeys: [oneKey] });
    const { id } = await before.webhook({ headers: { "x-team": "header-value" } });
    await before.hooks.webhooks.secret.set(id, { secret: "fit-secret" });
    await before.hooks.stop();
    const { webhooks } = before.store;
    const stored = JSON.stringify([await webhooks.sealable(0, 10), await webhooks.targets([id])]);
    expect(stored).not.toMatch(/header-value|fit-secret/);

    const scene = await successor(before, { plugins: [signer()], secretKeys: async () => [otherKey, oneKey] });
    await scene.emit(1);
    await scene.sent(1);
    expect(scene.transport.requests[0]?.headers).toMatchObject({
      "x-team": "header-value",
      "x-signed-with": "fit-secret",
    });
    expect(await scene.hooks.sealing.rotate([otherKey, oneKey])).toEqual({ webhooks: 1, resealed: 1 });
    await scene.hooks.stop();
    const last = await successor(before, { plugins: [signer()], secretKeys: [otherKey] });
    expect((await last.hooks.webhooks.get(id)).headers).toEqual({ "x-team": "header-value" });
  });

  test("whose key is not given stop the start, and the store is closed again", async () => {
    const before = await HostScene.start({ secretKeys: [oneKey] });
    await before.webhook({ headers: { "x-team": "header-value" } });
    await before.hooks.stop();
    for (const secretKeys of [[otherKey], []]) {
      await expect(successor(before, { secretKeys })).rejects.toMatchObject({ code: "secret_unreadable" });
    }
    await expect(successor(before, { secretKeys: [oneKey] })).resolves.toBeDefined();
  });

  test("of which one was damaged hold up that webhook alone, without blame, until it is set again", async () => {
    const scene = await HostScene.start({ secretKeys: [oneKey] });
    const bad = await scene.webhook({ headers: { "x-team": "header-value" } });
    const good = await scene.webhook({ url: "https://other.example/", headers: { "x-team": "header-value" } });
    const stored = (await scene.store.webhooks.get(bad.organization, bad.id))?.headers["x-team"] ?? "";
    const damaged = { "x-team": `${stored.slice(0, -8)}AAAAAAAA` };
    await scene.store.webhooks.update(bad.organization, bad.id, { headers: damaged }, scene.clock.now());
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(60_000);
    expect(scene.transport.requests.map(({ url }) => url)).toEqual([good.url]);
    const held = (await scene.deliveries()).find(({ webhook }) => webhook === bad.id);
    expect(held).toMatchObject({ status: "pending", lastCode: "secret_unreadable" });
    expect(await scene.hooks.webhooks.get(bad.id)).toMatchObject({ headers: {}, unreadableHeaders: ["x-team"] });
    await scene.hooks.webhooks.update(bad.id, { headers: { "x-team": "again" } });
    await scene.run(() => scene.allFinished());
    expect(scene.transport.requests[1]?.headers).toMatchObject({ "x-team": "again" });
  });

  test("that stand there plain are sealed at the start, which says so", async () => {
    const before = await HostScene.start();
    await before.webhook({ headers: { "x-team": "header-value" } });
    await before.hooks.stop();
    const scene = await successor(before, { secretKeys: [oneKey] });
    expect(JSON.stringify(await scene.store.webhooks.sealable(0, 10))).not.toContain("header-value");
    expect(scene.linesAt("warn")).toMatchObject([
      { message: expect.stringContaining("1 "), fields: { plain: 1, webhooks: 1 } },
    ]);
    await scene.hooks.stop();
    expect((await successor(scene, { secretKeys: [oneKey] })).linesAt("warn")).toEqual([]);
  });

  test("are in no line about a middleware that throws them", async () => {
    const scene = await HostScene.start();
    await scene.webhook({ headers: { authorization: "Bearer header-value" } });
    const told = scene.heard("middleware.failed");
    scene.hooks.use("prepare", async (request, next) => {
      const outcome = await next(request);
      throw new Error(`after ${request.header("authorization")}, ${outcome.kind}`);
    });
    scene.hooks.use("send", (request) => {
      throw new Error(`before ${request.header("authorization")}`);
    });
    await scene.emit(1);
    await scene.until(() => scene.linesAt("error").length >= 2, "two lines");
    expect(inspect([scene.lines, told], { depth: 9 })).toMatch(/before \*\*\*/);
    expect(inspect([scene.lines, told], { depth: 9 })).not.toContain("header-value");
  });

  test("are opened once for many deliveries", async () => {
    const scene = await HostScene.start({ secretKeys: [oneKey] });
    await scene.webhook({ headers: { "x-team": "header-value" } });
    await scene.emit(1);
    await scene.sent(1);
    const before = scene.store.countOf("webhooks.targets");
    for (let round = 0; round < 5; round += 1) await scene.emit(20);
    await scene.sent(101);
    expect(scene.store.countOf("webhooks.targets")).toBe(before);
  });

  test.each([
    ["a short text", ["short-key"]],
    ["none that is long enough", [oneKey, ""]],
  ])("are not sealed with %s", async (_, secretKeys) => {
    await expect(HostScene.create({ secretKeys })).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.not.stringContaining("short-key"),
    });
  });

  test("are not sealed with one text in place of a list, which is told without showing it", async () => {
    // What JavaScript lets through.
    const secretKeys = oneKey as unknown as readonly string[];
    const message = "secretKeys must be a list of texts, newest first; found one text: write [key].";
    const fault = { code: "configuration_invalid", message };
    await expect(HostScene.create({ secretKeys })).rejects.toMatchObject(fault);
    await expect(HostScene.start({ secretKeys: () => secretKeys })).rejects.toMatchObject(fault);
  });

  test("that an embedding program has changed name the option that it sets", async () => {
    const before = await HostScene.start({ secretKeys: [oneKey] });
    await before.webhook({ headers: { authorization: "Bearer t0ken" } });
    const starting = successor(before, { secretKeys: [otherKey] });
    await expect(starting).rejects.toThrow(/secretKeys of createWebhooks/);
  });
});
