import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { runProgram } from "./program.js";

const escapes = "\u001b[2J \u009b31m \u202e reversed \u2066";
/** What a terminal obeys, but for the ends of lines. */
const obeyed = /(?!\n)\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

test.each([
  ["detail", { detail: escapes }],
  ["validation_errors", { detail: "Validation error", validation_errors: { [escapes]: [escapes] } }],
])("the %s of a refusal is told as text", async (_, body) => {
  const url = await serve(() => ({ status: 400, body }));
  const { exitCode, told } = await run({ HOOKWRIGHT_URL: url, HOOKWRIGHT_TOKEN: "t" }, "webhooks", "list");
  expect(exitCode).toBe(1);
  expect(told).toContain("reversed");
  expect(told).not.toMatch(obeyed);
});

test("what doctor finds is printed as text", async () => {
  const url = await serve((path) =>
    path.startsWith("/api/") ? { status: 400, body: { detail: escapes } } : { status: 200, body: { version: escapes } },
  );
  const environment = { HOOKWRIGHT_URL: url, HOOKWRIGHT_TOKEN: "t", HOOKWRIGHT_DATA: "/nonexistent" };
  const { printed } = await run(environment, "doctor");
  expect(printed).toMatch(/^FAILED +service version .*reversed/m);
  expect(printed).toMatch(/^FAILED +token valid .*reversed/m);
  expect(printed).not.toMatch(obeyed);
});

test("an argument that is not understood is repeated as text, in as many lines", async () => {
  const { exitCode, told } = await run({}, "doctor", `--${escapes}`);
  expect(exitCode).toBe(2);
  expect(told).toMatch(/reversed.*\n/);
  expect(told).not.toMatch(obeyed);
});

test("listen --json prints what came as JSON that no terminal obeys", async () => {
  const { listener, url } = await listen();
  expect(await post(`${url}${encodeURI("hook")}`, escapes, { "webhook-id": "\u009b31m" })).toBe(200);
  const { printed } = await listener;
  expect(printed).not.toMatch(obeyed);
  expect(JSON.parse(printed.split("\n")[1] ?? "")).toMatchObject({
    message: expect.stringContaining("\u009b31m"),
    body: escapes,
  });
});

test("listen reads no body that is larger than any it should get", async () => {
  const { listener, url } = await listen();
  expect(await post(url, Buffer.alloc(32 * 1_024 ** 2 + 1), {})).toBe(413);
  expect(await post(url, "{}", {})).toBe(200);
  const { printed, told } = await listener;
  expect(printed.split("\n")).toHaveLength(2);
  expect(told).toMatch(/larger than 32 MB/);
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function serve(answerTo: (path: string) => Answer): Promise<string> {
  const server = createServer((asked, answer) => {
    const { status, body } = answerTo(asked.url ?? "");
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  // A bound TCP server has no other form of address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A listener that ends after one request that it showed. */
async function listen(): Promise<{ readonly listener: ReturnType<typeof run>; readonly url: string }> {
  let listener: ReturnType<typeof run> | undefined;
  const first = await new Promise<string>((resolve) => {
    listener = runTelling({}, resolve, "listen", "--once", "--json");
  });
  if (listener === undefined) throw new Error("the promise above begins at once");
  return { listener, url: JSON.parse(first).url };
}

function post(url: string, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", reject).end(body);
  });
}

function run(environment: Readonly<Record<string, string>>, ...args: readonly string[]) {
  return runTelling(environment, () => undefined, ...args);
}

async function runTelling(
  environment: Readonly<Record<string, string>>,
  onPrint: (text: string) => void,
  ...args: readonly string[]
) {
  const printed: string[] = [];
  const told: string[] = [];
  const exitCode = await runProgram(args, {
    environment,
    stdin: (async function* () {})(),
    print: (text) => {
      printed.push(text);
      onPrint(text);
    },
    tell: (text) => void told.push(text),
    draw: () => undefined,
    fail: () => undefined,
    terminal: false,
    typed: false,
  });
  return { exitCode, printed: printed.join("\n"), told: told.join("\n") };
}
