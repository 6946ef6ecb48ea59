import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import {
  eventually,
  hookwright,
  type RunningService,
  startProgram,
  startService,
  type World,
  world,
} from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const header = "header-value-that-nobody-may-see";
const secretKey = "secret-key-that-nobody-may-see-0123456789";

describe("while a service works", () => {
  test("no header value, secret, token or key stands in its database, its records, its log or an answer that is not to hold it", async () => {
    const receiver = await EchoReceiver.open();
    const service = await startService(
      world({ HOOKWRIGHT_SECRET_KEY: secretKey, WEBHOOK_RETRY_SCHEDULE: "1h", LOG_FORMAT: "json" }),
    );
    const call = caller(service);
    const outputs: string[] = [];
    const url = receiver.url.replace("http://", "http://user:url-password-that-nobody-may-see@");
    const { id } = JSON.parse(
      await call("POST", "/api/webhooks/", { url, project: 1, headers: { Authorization: `Bearer ${header}` } }),
    );
    const set = JSON.parse(await call("PUT", `/api/webhooks/${id}/secret/`));
    const rotated = JSON.parse(await call("POST", `/api/webhooks/${id}/secret/rotate/`, { overlap: "1h" }));
    const secrets = [set.secret, rotated.secret];
    expect(rotated.previous_until).toMatch(/^\d{4}-/);

    const event = { action: "TASKS_CREATED", project: 1, payload: { tasks: [{ id: 1 }] } };
    await call("POST", "/api/events/", event);
    await receiver.received(1);
    expect(receiver.lastAnswer).toContain(header);
    outputs.push(await call("POST", `/api/webhooks/${id}/test/`, {}));
    const deliveries = await eventually(async () => {
      const text = await call("GET", "/api/deliveries/");
      const { results } = JSON.parse(text);
      return results.every((delivery: { attempt_count: number }) => delivery.attempt_count > 0) ? results : undefined;
    });
    for (const delivery of deliveries) {
      const shown = await call("GET", `/api/deliveries/${delivery.id}/`);
      expect(JSON.parse(shown).attempts[0].excerpt).toContain("***");
      outputs.push(shown);
    }
    await call("PATCH", `/api/webhooks/${id}/`, { headers: { "Not a name": header } });
    await call("PUT", `/api/webhooks/${id}/secret/`, { secret: "own-secret-that-nobody-may-see" }).then((text) =>
      outputs.push(text),
    );
    for (const [method, path] of [
      ["GET", "/api/tokens/"],
      ["GET", "/api/plugins/"],
      ["GET", "/api/openapi.json"],
      ["GET", "/api/webhooks/99/"],
    ] as const)
      outputs.push(await call(method, path));
    for (const args of [
      ["webhooks", "show", `${id}`, "--json"],
      ["webhooks", "list"],
      ["doctor"],
      ["deliveries", "list"],
    ]) {
      const { stdout, stderr } = await hookwright(service.world, args);
      outputs.push(stdout.replaceAll(url, ""), stderr);
    }
    expect(JSON.parse(await call("GET", `/api/webhooks/${id}/`))).toMatchObject({ secret_set: true });
    outputs.push((await call("GET", "/api/webhooks/")).replaceAll(url, "").replaceAll(`Bearer ${header}`, ""));

    // As a crash leaves the files, the log of the database included.
    service.process.kill("SIGKILL");
    const { stdout, stderr } = await service.process.ended;
    const files = filesIn(service.world);
    const unseen = [header, secretKey, service.token, ...secrets, "own-secret-that-nobody-may-see"];
    for (const text of [...unseen, "url-password-that-nobody-may-see"]) {
      expect(`${stdout}${stderr}`).not.toContain(text);
      for (const output of outputs) expect(output).not.toContain(text);
    }
    expect([...files.keys()]).toContain("hookwright.db-wal");
    for (const [name, bytes] of files)
      for (const text of unseen) if (name !== "token") expect([name, bytes.includes(text)]).toEqual([name, false]);
  });
});

describe("a service with the wrong key", () => {
  test("does not start, says in one line what to do, and leaves everything as it was", async () => {
    const here = world({ HOOKWRIGHT_SECRET_KEY: secretKey });
    await filled(here);
    const wrong = { ...here, environment: { HOOKWRIGHT_SECRET_KEY: "another-key-that-nobody-may-see-0123456789" } };
    for (const other of [wrong, { ...here, environment: {} }]) {
      const { code, stderr } = await startProgram(
        { ...other, environment: { HOOKWRIGHT_PORT: "0", ...other.environment } },
        ["start"],
      ).ended;
      expect(code).toBe(1);
      const told = stderr.split("\n").filter((line) => line.startsWith("hookwright:"));
      expect(told).toHaveLength(1);
      expect(told[0]).toMatch(/webhook 1.*HOOKWRIGHT_SECRET_KEY/);
      expect(stderr).not.toContain("that-nobody-may-see");
    }
    const doctor = await hookwright(wrong, ["doctor"]);
    expect(doctor.stdout).toMatch(/^FAILED +stored secrets +1 of 1 stored values cannot be opened/m);
    expect(await hookwright(wrong, ["secrets", "rotate-key"])).toMatchObject({ code: 1, stdout: "" });
    await expectHeader(await startService(here));
  });

  test.each([
    ["short", /HOOKWRIGHT_SECRET_KEY must be random texts of at least 32 characters/],
    [`${secretKey},short`, /HOOKWRIGHT_SECRET_KEY must be/],
  ])("that is none (%s) is told so", async (key, told) => {
    const { code, stderr } = await hookwright(world({ HOOKWRIGHT_SECRET_KEY: key }), ["start"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(told);
    expect(stderr).not.toContain(secretKey);
  });
});

describe("secrets rotate-key", () => {
  test("works while the service runs and while it is stopped, and no delivery misses its headers", async () => {
    const here = world();
    await filled(here);
    const keyFile = join(here.folder, "data", "secret-key");
    const first = readFileSync(keyFile, "utf8");
    const running = await startService(here);
    const answer = await hookwright(running.world, ["secrets", "rotate-key", "--json"]);
    expect(JSON.parse(answer.stdout)).toEqual({ webhooks: 1, resealed: 1, keys: "file", resumed: false });
    const second = readFileSync(keyFile, "utf8");
    expect(second).not.toBe(first);
    await expectHeader(running);
    running.process.kill("SIGTERM");
    await running.process.ended;

    const offline = await hookwright(here, ["secrets", "rotate-key"]);
    expect(offline.stdout).toMatch(/^The values of 1 webhook are sealed with the newest key; 1 of them was/);
    expect(readFileSync(keyFile, "utf8")).not.toBe(second);
    const last = await startService(here);
    await expectHeader(last);
    const doctor = await hookwright(last.world, ["doctor"]);
    expect(doctor.stdout).toMatch(/^ok +stored secrets +1 in all, sealed with the newest key$/m);

    // Somebody put the old key back in front.
    last.process.kill("SIGTERM");
    await last.process.ended;
    writeFileSync(keyFile, first + readFileSync(keyFile, "utf8"));
    const found = await hookwright(here, ["doctor"]);
    expect(found.stdout).toMatch(
      /^FAILED +stored secrets +0 of 1 stored values are not sealed, and 1 with an older key/m,
    );
  });

  test("with keys from the environment says when the old one may go", async () => {
    const here = world({ HOOKWRIGHT_SECRET_KEY: secretKey });
    await filled(here);
    const newest = "newest-key-that-nobody-may-see-0123456789";
    const both = { ...here, environment: { HOOKWRIGHT_SECRET_KEY: `${newest} ${secretKey}` } };
    const { stdout } = await hookwright(both, ["secrets", "rotate-key"]);
    expect(stdout).toMatch(/HOOKWRIGHT_SECRET_KEY needs its first key only/);
    await expectHeader(await startService({ ...here, environment: { HOOKWRIGHT_SECRET_KEY: newest } }));
  });

  test("leads from the file to the environment, and says that the file is not used any more", async () => {
    const here = world();
    await filled(here);
    const newest = "newest-key-that-nobody-may-see-0123456789";
    const alone = { ...here, environment: { HOOKWRIGHT_PORT: "0", HOOKWRIGHT_SECRET_KEY: newest } };
    expect((await hookwright(alone, ["start"])).stderr).toMatch(/HOOKWRIGHT_SECRET_KEY=NEW,OLD/);
    const old = readFileSync(join(here.folder, "data", "secret-key"), "utf8");
    const both = await startService({ ...here, environment: { HOOKWRIGHT_SECRET_KEY: `${newest},${old}` } });
    const { stdout } = await hookwright(both.world, ["secrets", "rotate-key"]);
    expect(stdout).toMatch(/^The file \S+secret-key is not used any more; only older backups need it\.$/m);
    both.process.kill("SIGTERM");
    await both.process.ended;
    await expectHeader(await startService({ ...here, environment: { HOOKWRIGHT_SECRET_KEY: newest } }));
  });

  test("has a companion for a key that is lost", async () => {
    const here = world({ HOOKWRIGHT_SECRET_KEY: secretKey });
    await filled(here);
    const lost = { ...here, environment: { HOOKWRIGHT_SECRET_KEY: "newest-key-that-nobody-may-see-0123456789" } };
    const { stdout } = await hookwright(lost, ["secrets", "discard-unreadable", "--all", "--yes", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ webhooks: [1] });
    const service = await startService(lost);
    expect(JSON.parse(await caller(service)("GET", "/api/webhooks/1/"))).toMatchObject({
      headers: {},
      is_active: false,
    });
    expect(await hookwright(service.world, ["secrets", "discard-unreadable"])).toMatchObject({ code: 1, stdout: "" });
  });

  test("without a database there, it says so and makes none", async () => {
    const here = world();
    const ended = await hookwright(here, ["secrets", "rotate-key"]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/There is no database \S+hookwright\.db/);
    expect(readdirSync(here.folder)).toEqual([]);
  });
});

describe("webhooks secret", () => {
  test("sets, rotates and removes one, and shows it once", async () => {
    const service = await startService(world());
    const json = async (...args: readonly string[]) => {
      const { stdout, stderr } = await hookwright(
        service.world,
        [...args, "--json"],
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
      );
      expect(stderr).toBe("");
      return JSON.parse(stdout);
    };
    await json("webhooks", "add", "http://127.0.0.1:1/", "--project", "1");
    expect(await json("webhooks", "secret", "set", "1")).toEqual({
      secret: expect.stringMatching(/^whsec_/),
      previous_until: null,
    });
    expect(await json("webhooks", "show", "1")).toMatchObject({ secret_set: true });
    const rotated = await json("webhooks", "secret", "rotate", "1", "--overlap", "2h", "--secret-file", "-");
    expect(rotated).toMatchObject({
      secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      previous_until: expect.any(String),
    });
    expect(await json("webhooks", "secret", "remove", "1")).toEqual({ removed: 1 });
    expect(await json("webhooks", "show", "1")).toMatchObject({ secret_set: false });
    const refused = await hookwright(
      service.world,
      ["webhooks", "secret", "set", "1", "--secret-file", "-"],
      "no-secret-at-all",
    );
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/secret/);
    expect(refused.stderr).not.toContain("no-secret-at-all");
  });
});

/** A service with one webhook that has a header, stopped again. */
async function filled(here: World): Promise<void> {
  const service = await startService(here);
  await caller(service)("POST", "/api/webhooks/", {
    url: "http://127.0.0.1:1/",
    project: 1,
    headers: { "X-Key": header },
  });
  service.process.kill("SIGTERM");
  await service.process.ended;
}

async function expectHeader(service: RunningService): Promise<void> {
  const webhook = JSON.parse(await caller(service)("GET", "/api/webhooks/1/"));
  expect(webhook.headers).toEqual({ "X-Key": header });
}

function caller({ url, token }: RunningService) {
  return async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Token ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer.text();
  };
}

function filesIn({ folder }: World): ReadonlyMap<string, Buffer> {
  const data = join(folder, "data");
  const names = readdirSync(data).filter((name) => !name.endsWith(".sock"));
  return new Map(names.map((name) => [name, readFileSync(join(data, name))]));
}

/** Refuses every delivery and sends back what it got, headers first. */
class EchoReceiver {
  readonly url: string;
  #count = 0;
  lastAnswer = "";

  private constructor(url: string) {
    this.url = url;
  }

  static async open(): Promise<EchoReceiver> {
    const server = createServer((request, answer) => {
      request.resume().on("end", () => {
        receiver.lastAnswer = JSON.stringify(request.headers);
        answer.writeHead(500).end(receiver.lastAnswer);
        receiver.#count += 1;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    // A bound TCP server has no other form of address.
    const receiver = new EchoReceiver(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return receiver;
  }

  received(count: number): Promise<true> {
    return eventually(() => (this.#count >= count ? true : undefined));
  }
}
