import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram, repository } from "./built-program.test.support.js";
import { argumentsOf, compile, node, put, runLine, withPackages } from "./consumer.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import { eventually, hookwright, startProgram, startService, world } from "./program.test.support.js";
import { settingNames } from "./settings.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const readme = readFileSync(join(repository, "README.md"), "utf8");
const servicePage = readFileSync(join(repository, "docs/service.md"), "utf8");

test("the way to a first webhook works as it is written", async () => {
  const service = await startService(world());
  const listening = commandAfter("Receive in a second one").replace("--port 9000", "--port 0");
  const listener = startProgram(service.world, argumentsOf(listening));
  const target = await listener.line(/^http/);

  const [add = "", send = "", list = ""] = commandAfter("Ask for the events of project 1").split("\n");
  expect(await runLine(service.world, add.replace("http://127.0.0.1:9000/", target))).toMatchObject({ code: 0 });
  expect(await runLine(service.world, send)).toMatchObject({ code: 0 });
  await listener.line(/^POST \/ {2}TASKS_CREATED {2}msg_/);
  await eventually(async () => (await runLine(service.world, list)).stdout.includes("delivered") || undefined);
});

test("the program in the readme compiles, and delivers to a real receiver", async () => {
  const receiver = await HoldableReceiver.open();
  const here = withPackages(world());
  const program = blockAfter(readme, "## In your own program");
  expect(program.trim().split("\n").length).toBeLessThanOrEqual(10);
  put(here, "program.ts", program.replace("http://127.0.0.1:9000/", receiver.url));
  expect(await compile(here)).toMatchObject({ code: 0, stdout: "" });
  const running = node(here, "program.ts");
  await receiver.until((received) => received.length === 1);
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  const body = { action: "TASKS_CREATED", tasks: [{ id: 1 }], project: { id: 12 } };
  expect(receiver.received.map((request) => JSON.parse(request.body))).toEqual([body]);

  const again = node(here, "program.ts");
  await receiver.until((received) => received.length >= 2);
  again.kill("SIGTERM");
  expect(await again.ended).toMatchObject({ code: 0, stderr: "" });
  // It has found its webhook.
  expect(receiver.received.map((request) => JSON.parse(request.body))).toEqual([body, body]);
});

test("the plugin in the readme compiles, is loaded, and its event is checked and delivered", async () => {
  const receiver = await HoldableReceiver.open();
  const here = withPackages(world());
  put(here, "billing.ts", blockAfter(readme, "## An event of your own"));
  const emit = /`(hooks\.emit\(invoicePaid, .*?\))` is typed/.exec(readme)?.[1] ?? "";
  put(
    here,
    "program.ts",
    `import { createMemoryStore, createWebhooks } from "@hookwright/core";
     import billing, { invoicePaid } from "./billing.ts";
     const hooks = await createWebhooks({ plugins: [billing], store: createMemoryStore() });
     await hooks.start();
     await ${emit};
     // @ts-expect-error: the amount is a number
     await hooks.emit("INVOICE_PAID", { invoice_id: 7, amount_cents: "99" }, { project: 1 }).catch(() => hooks.stop());`,
  );
  expect(await compile(here)).toMatchObject({ code: 0, stdout: "" });
  expect(await node(here, "program.ts").ended).toMatchObject({ code: 0, stderr: "" });

  const [start = "", show = "", send = ""] = commandAfter("Load it, and the event is checked").split("\n");
  const service = await startService(here, ...start.replace("npm start -- ", "").split(" "));
  expect(await runLine(service.world, show)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("billing@1.0.0"),
  });
  const add = ["webhooks", "add", receiver.url, "--project", "1", "--action", "INVOICE_PAID"];
  expect(await hookwright(service.world, add)).toMatchObject({ code: 0 });
  expect(await runLine(service.world, send)).toMatchObject({ code: 0 });
  const [received] = await receiver.until((requests) => requests.length === 1);
  expect(JSON.parse(received?.body ?? "")).toMatchObject({ action: "INVOICE_PAID", invoice_id: 7, amount_cents: 99 });
  const wrong = await hookwright(service.world, ["send", "INVOICE_PAID", "--payload", "-"], "{}");
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("invoice_id") });
});

test("the configuration file in the page on the service compiles and is loaded", async () => {
  const here = withPackages(world());
  put(here, "billing.ts", blockAfter(readme, "## An event of your own"));
  put(here, "hookwright.config.ts", blockAfter(servicePage, "## The configuration file"));
  expect(await compile(here)).toMatchObject({ code: 0, stdout: "" });
  const service = await startService(here, "--config", "hookwright.config.ts");
  expect((await hookwright(service.world, ["plugins", "list"])).stdout).toContain("INVOICE_PAID");
});

test("the plugin on the page on the service compiles, and its route and its command answer as the page says", async () => {
  const here = withPackages(world());
  put(here, "accounts.ts", blockAfter(servicePage, "The server itself is the plugin"));
  expect(await compile(here)).toMatchObject({ code: 0, stdout: "" });
  const service = await startService(here, "--plugin", "./accounts.ts");
  const path = /The route is `GET (\S+)`/.exec(servicePage)?.[1] ?? "";
  const answer = await fetch(`${service.url}${path}`, { headers: { authorization: `Token ${service.token}` } });
  expect(await answer.json()).toEqual({ id: 7, organization: 1, cents: 1250 });
  const command = /`hookwright (accounts report \S+)` calls/.exec(servicePage)?.[1] ?? "";
  expect(await hookwright(service.world, command.split(" "))).toMatchObject({
    code: 0,
    stdout: "2026-07: 12.50 EUR\n",
  });
});

test("the page on the service names every setting", () => {
  for (const name of settingNames) expect(servicePage).toContain(`| \`${name}\``);
});

test("every link of the readme leads to a file", () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(4);
  for (const path of links) expect(() => readFileSync(join(repository, path))).not.toThrow(/ENOENT/);
});

test("the readme stays short", () => {
  expect(readme.split("\n").length).toBeLessThanOrEqual(125);
});

/** The code of the first fenced block behind a text. */
function blockAfter(page: string, text: string): string {
  const rest = page.slice(page.indexOf(text));
  const block = /```\w+\n(.*?)```/s.exec(rest)?.[1];
  if (!page.includes(text) || block === undefined) throw new Error(`no code block behind ${JSON.stringify(text)}`);
  return block;
}

function commandAfter(text: string): string {
  return blockAfter(readme, text).trim();
}
