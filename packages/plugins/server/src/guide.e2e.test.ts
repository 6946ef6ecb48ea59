import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram, repository } from "./built-program.test.support.js";
import { argumentsOf, compile, node, put, runLine, runTests, withPackages } from "./consumer.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import {
  hookwright,
  type RunningService,
  startProgram,
  startService,
  type World,
  world,
} from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const guide = readFileSync(join(repository, "docs/guides/create-a-custom-webhook-event.md"), "utf8");

/** Every file of the guide: its name stands in backquotes above the block. */
const files = [...guide.matchAll(/^`([\w.-]+\.ts)`\n\n```ts\n(.*?)^```$/gms)].map(([, name = "", text = ""]) => ({
  name,
  text,
}));

/** Every line of the guide's shell blocks. */
const commands = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));

test("every block of code is a file, a command, a request or a body", () => {
  expect(files.map(({ name }) => name)).toContain("billing.ts");
  const blocks = [...guide.matchAll(/^```(\w*)$/gm)]
    .map(([, language = ""]) => language)
    .filter((language) => language !== "");
  expect(blocks.filter((language) => language === "ts")).toHaveLength(files.length);
  expect(new Set(blocks)).toEqual(new Set(["ts", "sh", "http", "json"]));
});

test("the plugin with an event is a file of at most 15 lines", () => {
  const lines = files.find(({ name }) => name === "billing.ts")?.text.split("\n") ?? [];
  expect(lines.filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(15);
});

test("every file compiles, in its strictest form", async () => {
  expect(await compile(saved())).toMatchObject({ code: 0, stdout: "" });
});

test("the tests of the guide pass", async () => {
  const ended = await runTests(saved());
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/Test Files +3 passed/) });
});

test("the program of the guide runs by Node as it is", async () => {
  expect(await node(saved(), "app.ts").ended).toMatchObject({
    code: 0,
    stdout: "An invoice was settled.\n",
    stderr: "",
  });
});

test("the commands lead from a file to a request, in their order", async () => {
  const service = await started("--plugin ./billing.ts");
  const told = await runLine(service.world, command("events show"));
  expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining("An invoice was settled.") });
  const receiver = startProgram(service.world, argumentsOf(command("listen").replace("9000", "0")));
  const target = await receiver.line(/^http/);
  const add = command("webhooks add").replace("http://127.0.0.1:9000/", target);
  expect(await runLine(service.world, add)).toMatchObject({ code: 0 });
  expect(await runLine(service.world, command(`echo '{"invoice_id": 7`))).toMatchObject({ code: 0 });
  await receiver.line(/^POST \/ {2}INVOICE_PAID {2}msg_/);
  expect(await runLine(service.world, command(`echo '{"invoice_id": "seven"`))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("/invoice_id"),
  });
});

test("the request over HTTP is accepted, and the body is what the guide shows", async () => {
  const receiver = await HoldableReceiver.open();
  const service = await started("--plugin ./billing.ts");
  const add = ["webhooks", "add", receiver.url, "--project", "1", "--action", "INVOICE_PAID"];
  expect(await hookwright(service.world, add)).toMatchObject({ code: 0 });
  await runLine(service.world, command(`echo '{"invoice_id": 7`));
  const [received] = await receiver.until((requests) => requests.length === 1);
  expect(`${received?.body}\n`).toBe(/^```json\n(.*?)^```$/ms.exec(guide)?.[1]);

  const answers = [await post(service), await post(service)];
  expect(answers).toMatchObject([
    { status: 202, body: { action: "INVOICE_PAID", deliveries: 1, duplicate: false } },
    { status: 202, body: { duplicate: true } },
  ]);
  await receiver.until((requests) => requests.length === 2);
});

test("the configuration file is loaded, and its middleware stands around the deliveries", async () => {
  const receiver = await HoldableReceiver.open();
  const service = await started("--config ./hookwright.config.ts");
  expect((await runLine(service.world, command("plugins list"))).stdout).toMatch(/billing.*currency/s);
  const add = ["webhooks", "add", receiver.url, "--project", "1", "--action", "INVOICE_PAID"];
  expect(await hookwright(service.world, add)).toMatchObject({ code: 0 });
  await runLine(service.world, command(`echo '{"invoice_id": 7`));
  const [received] = await receiver.until((requests) => requests.length === 1);
  expect(received?.headers["x-currency"]).toBe("CHF");
});

test("the transform takes the notes out", async () => {
  const receiver = await HoldableReceiver.open();
  const service = await startService(saved(), "--plugin", "./billing.ts", "--plugin", "./privacy.ts");
  expect(await hookwright(service.world, ["webhooks", "add", receiver.url, "--project", "1"])).toMatchObject({
    code: 0,
  });
  const payload = JSON.stringify({ invoice_id: 7, amount_cents: 99, note: "secret" });
  await hookwright(service.world, ["send", "INVOICE_PAID", "--payload", "-", "--project", "1"], payload);
  const [received] = await receiver.until((requests) => requests.length === 1);
  expect(JSON.parse(received?.body ?? "")).toEqual({
    action: "INVOICE_PAID",
    invoice_id: 7,
    amount_cents: 99,
    project: { id: 1 },
  });
});

test("an event is emitted under its alias too", async () => {
  const service = await startService(saved(), "--plugin", "./invoices.ts");
  const args = ["send", "INVOICE_IMPORT", "--payload", "-", "--project", "1", "--json"];
  const sent = await hookwright(service.world, args, JSON.stringify({ invoices: [{ id: 1 }] }));
  expect(JSON.parse(sent.stdout)).toMatchObject({ action: "INVOICES_IMPORTED" });
});

/** A folder with every file of the guide. */
function saved(): World {
  const here = withPackages(world());
  for (const { name, text } of files) put(here, name, text);
  return here;
}

/** The service, started by the line of the guide that has these arguments. */
async function started(args: string): Promise<RunningService> {
  const line = command(`npm start -- ${args}`);
  return startService(saved(), ...line.replace("npm start -- ", "").split(" "));
}

/** The one line of the guide that has this text. */
function command(text: string): string {
  const [line, ...more] = commands.filter((known) => known.includes(text));
  if (line === undefined || more.length > 0) throw new Error(`${more.length + 1} lines of the guide have ${text}`);
  return line;
}

/** The request that the guide shows. */
async function post({ url, token }: RunningService): Promise<{ readonly status: number; readonly body: unknown }> {
  const block = /^```http\n(.*?)^```$/ms.exec(guide)?.[1] ?? "";
  const [head = "", body = ""] = block.split("\n\n");
  const [first = "", ...lines] = head.split("\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(lines.map((line) => line.replace("TOKEN", token).split(": ")));
  const answer = await fetch(new URL(path, url), { method, headers, body });
  return { status: answer.status, body: await answer.json() };
}
