import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { type Ended, hookwright, startProgram, startService, type World, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

test("the last lines that start prints are the address, the token's file and the next command", async () => {
  const here = world({ HOOKWRIGHT_PORT: "0" });
  const service = startProgram(here, ["start"]);
  await service.line(/^Try next/);
  const token = join(here.folder, "data/token");
  expect(service.stdout.split("\n")).toEqual([
    expect.stringMatching(/^Address {3}http:\/\/127\.0\.0\.1:[1-9]\d*$/),
    `Token     in the file ${token}`,
    "Try next  hookwright listen",
    "",
  ]);
  expect(statSync(token).mode & 0o777).toBe(0o600);
  expect(statSync(join(here.folder, "data")).mode & 0o777).toBe(0o700);
});

test("the token in the file opens the API, and the next start keeps it", async () => {
  const here = world();
  const first = await startService(here);
  const answer = await fetch(`${first.url}/api/webhooks/`, { headers: { authorization: `Token ${first.token}` } });
  expect(answer.status).toBe(200);
  first.process.kill("SIGTERM");
  await first.process.ended;
  expect((await startService(here)).token).toBe(first.token);
});

test("a token that is set opens the API and stands in no file", async () => {
  const here = world({ HOOKWRIGHT_TOKEN: "a-token-that-is-set" });
  const service = await startService(here);
  const answer = await fetch(`${service.url}/api/webhooks/`, {
    headers: { authorization: "Token a-token-that-is-set" },
  });
  expect(answer.status).toBe(200);
  expect(existsSync(join(here.folder, "data/token"))).toBe(false);
});

describe("a setting that cannot be read stops the start with one line that names it", () => {
  test.each([
    ["HOOKWRIGHT_HOST", "not a host"],
    ["HOOKWRIGHT_PORT", "web"],
    ["PORT", "99999"],
    ["HOOKWRIGHT_DATABASE_URL", "postgres://user:hunter2@db/hooks"],
    ["HOOKWRIGHT_ROLE", "worker"],
    ["HOOKWRIGHT_ROLE", "boss"],
    ["HOOKWRIGHT_TOKEN", "hunter2 hunter2"],
    ["HOOKWRIGHT_ALLOW_TARGETS", "10.0.0.0/99"],
    ["HOOKWRIGHT_EGRESS_PROXY", "socks5://user:hunter2@proxy:1080"],
    ["HOOKWRIGHT_NAME_SERVERS", "ns.example"],
    ["HOOKWRIGHT_CA_FILE", "no-such-file.pem"],
    ["HOOKWRIGHT_CLIENT_CERT", "."],
    ["HOOKWRIGHT_CLIENT_KEY", "no-such-file.pem"],
    ["HOOKWRIGHT_MAX_BODY", "huge"],
    ["HOOKWRIGHT_STOP_TIMEOUT", "10"],
    ["HOOKWRIGHT_PLUGIN_FAILURE", "ignore"],
    ["WEBHOOK_TIMEOUT", "soon"],
    ["WEBHOOK_RETRY_SCHEDULE", "5s,later"],
    ["WEBHOOK_MAX_CONSECUTIVE_FAILURES", "-1"],
    ["WEBHOOK_BATCH_SIZE", "0"],
    ["WEBHOOK_RETENTION", "30"],
    ["LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS", "maybe"],
    ["ALLOW_ORGANIZATION_WEBHOOKS", "maybe"],
    ["LOG_LEVEL", "loud"],
    ["LOG_FORMAT", "xml"],
  ])("%s=%s", async (name, value) => {
    const here = world({ [name]: value });
    const ended = await hookwright(here, ["start"]);
    expectOneLine(ended, name);
    expect(ended.stderr).not.toContain("hunter2");
    expect(existsSync(join(here.folder, "data"))).toBe(false);
  });
});

describe("what is in the way of a start is told in one line", () => {
  test("a port in use: with host, port and what to set", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    // A server that listens on TCP has an address of this kind.
    const { port } = other.address() as AddressInfo;
    const ended = await hookwright(world({ HOOKWRIGHT_PORT: String(port) }), ["start"]);
    expectOneLine(ended, `127.0.0.1:${port} is in use`);
    expect(ended.stderr).toContain("Set HOOKWRIGHT_PORT");
  });

  test("an address that this machine does not have", async () => {
    // Of the block that is reserved for documentation.
    const ended = await hookwright(world({ HOOKWRIGHT_HOST: "192.0.2.1", HOOKWRIGHT_PORT: "0" }), ["start"]);
    expectOneLine(ended, "HOOKWRIGHT_HOST: 192.0.2.1 is no address of this machine");
  });

  test("a file in place of the data folder", async () => {
    const here = world();
    writeFileSync(join(here.folder, "data"), "");
    expectOneLine(await hookwright(here, ["start"]), `HOOKWRIGHT_DATA: the folder ${here.folder}/data cannot be made`);
  });

  test("a data folder where nothing can be written", async () => {
    expectOneLine(await hookwright(world({ HOOKWRIGHT_DATA: "/proc/hookwright" }), ["start"]), "HOOKWRIGHT_DATA");
  });

  test("a database file that is none", async () => {
    const here = world();
    putDatabase(here, (path) => writeFileSync(path, "this is my diary"));
    expectOneLine(await hookwright(here, ["start"]), "hookwright.db");
    expect(readFileSync(join(here.folder, "data/hookwright.db"), "utf8")).toBe("this is my diary");
  });

  test("another program's database", async () => {
    const here = world();
    putDatabase(here, (path) => changeDatabase(path, "CREATE TABLE diary (line TEXT)"));
    expectOneLine(await hookwright(here, ["start"]), "hookwright.db belongs to another program");
  });

  test("a database of a newer version", async () => {
    const here = world();
    const service = await startService(here);
    service.process.kill("SIGTERM");
    await service.process.ended;
    changeDatabase(join(here.folder, "data/hookwright.db"), "PRAGMA user_version = 9999");
    expectOneLine(await hookwright(here, ["start"]), "schema version 9999");
  });

  test("another service on the same data folder", async () => {
    const here = world({ HOOKWRIGHT_PORT: "0" });
    await startService(here);
    expectOneLine(await hookwright(here, ["start"]), "is in use by another process");
  });
});

describe("a configuration file", () => {
  test("brings plugins and settings, and yields to the environment", async () => {
    const here = world({ LOG_LEVEL: "info" });
    writeFileSync(
      join(here.folder, "hooks.config.ts"),
      `const port: number = 1;
       export default { plugins: [${plugin("billing")}], HOOKWRIGHT_PORT: port, HOOKWRIGHT_DATA: "kept", HOOKWRIGHT_TOKEN: "t-o-k-e-n" };`,
    );
    writeFileSync(join(here.folder, "extra.mjs"), `export default ${plugin("extra")};`);
    const service = await startService(here, "--config", "hooks.config.ts", "--plugin", "extra.mjs");
    expect(existsSync(join(here.folder, "kept/hookwright.db"))).toBe(true);
    const answer = await fetch(`${service.url}/api/plugins/`, { headers: { authorization: "Token t-o-k-e-n" } });
    expect(await answer.json()).toMatchObject({
      results: [
        { name: "server" },
        { name: "signing" },
        { name: "billing", version: "1.0.0", state: "started", events: [] },
        { name: "extra", version: "1.0.0", state: "started", events: [] },
      ],
      next: null,
    });
  });

  test.each([
    ["is not there", undefined, "cannot be loaded: Cannot find module"],
    ["has a fault of syntax", "export default {", "cannot be loaded: "],
    ["has TypeScript that is not only types", "enum Port { web = 1 }\nexport default {};", "cannot be loaded: "],
    ["throws", `throw new Error("no currency");`, "cannot be loaded: no currency."],
    ["imports what is not there", `import "no-such-package"; export default {};`, "no-such-package"],
    ["exports the wrong thing", "export default 5;", "must export default defineConfig"],
    ["names an unknown setting", "export default { HOOKWRIGHT_PROT: 1 };", `"HOOKWRIGHT_PROT"`],
    ["has a setting that cannot be read", `export default { LOG_LEVEL: "loud" };`, "LOG_LEVEL in hooks.config.ts"],
    [
      "has a plugin that is wrong",
      `export default { plugins: [${plugin("NO")}] };`,
      "expected name to be at most 100 lower-case letters",
    ],
    ["has two plugins of a name", `export default { plugins: [${plugin("a")}, ${plugin("a")}] };`, "named a"],
    [
      "has a plugin that fails",
      `export default { plugins: [${plugin("a", `setup() { throw new Error("no currency"); }`)}] };`,
      "Plugin a@1.0.0 failed in setup: no currency",
    ],
  ])("that %s is told in one line", async (_, text, line) => {
    const here = world({ HOOKWRIGHT_PORT: "0" });
    if (text !== undefined) writeFileSync(join(here.folder, "hooks.config.ts"), text);
    expectOneLine(await hookwright(here, ["start", "--config", "hooks.config.ts"]), line);
  });

  test("and so is a plugin file that exports no plugin", async () => {
    const here = world();
    writeFileSync(join(here.folder, "wrong.mjs"), "export const plugin = 1;");
    expectOneLine(
      await hookwright(here, ["start", "--plugin", "wrong.mjs"]),
      "Plugin wrong.mjs (--plugin): expected a module with export default definePlugin",
    );
  });
});

test("a plugin that fails takes nothing else along where the operator says so", async () => {
  const here = world({ HOOKWRIGHT_PORT: "0", HOOKWRIGHT_PLUGIN_FAILURE: "continue", HOOKWRIGHT_TOKEN: "t-o-k-e-n" });
  writeFileSync(
    join(here.folder, "failing.mjs"),
    `export default ${plugin("failing", `setup() { throw new Error("no currency"); }`)};`,
  );
  writeFileSync(join(here.folder, "fine.mjs"), `export default ${plugin("fine")};`);
  const service = await startService(here, "--plugin", "failing.mjs", "--plugin", "fine.mjs");
  const answer = await fetch(`${service.url}/api/plugins/`, { headers: { authorization: "Token t-o-k-e-n" } });
  const { results } = (await answer.json()) as { readonly results: readonly Record<string, unknown>[] };
  const states = results.map(({ name, state }) => `${name} ${state}`);
  expect(states.filter((line) => /^f/.test(line))).toEqual(["failing failed", "fine started"]);
});

test("a start that failed leaves nothing running and nothing locked", async () => {
  const here = world({ HOOKWRIGHT_PORT: "0" });
  const failing = ["start", "--plugin", "failing.mjs"];
  writeFileSync(
    join(here.folder, "failing.mjs"),
    `export default ${plugin("a", `setup() { setInterval(() => {}, 1000); throw new Error("no"); }`)};`,
  );
  expect((await hookwright(here, failing)).code).toBe(1);
  await startService(here);
});

test("a data folder that others can read is kept as it is, and its secrets are not open", async () => {
  const here = world();
  const data = join(here.folder, "data");
  mkdirSync(data);
  chmodSync(data, 0o755);
  await startService(here);
  expect(statSync(data).mode & 0o777).toBe(0o755);
  for (const file of ["token", "hookwright.db", "service.sock"])
    expect([file, statSync(join(data, file)).mode & 0o077]).toEqual([file, 0]);
});

/** What definePlugin makes, written without an import: the folders of these files have no packages. */
function plugin(name: string, more = ""): string {
  return `{ manifest: { name: ${JSON.stringify(name)}, version: "1.0.0", ${more} }, config: undefined }`;
}

function expectOneLine(ended: Ended, text: string): void {
  expect(ended.stderr).toContain(text);
  expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(ended).toMatchObject({ code: 1, signal: null, stdout: "" });
}

function putDatabase({ folder }: World, make: (path: string) => void): void {
  mkdirSync(join(folder, "data"));
  make(join(folder, "data/hookwright.db"));
}

function changeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
