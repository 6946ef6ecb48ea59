import { version } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import type { CommandIo } from "./command-io.js";
import { runProgram } from "./program.js";

const commands = [
  "start",
  "listen",
  "send",
  "webhooks list",
  "webhooks add",
  "webhooks show",
  "webhooks edit",
  "webhooks remove",
  "webhooks test",
  "deliveries list",
  "deliveries show",
  "deliveries retry",
  "deliveries replay",
  "jobs list",
  "jobs show",
  "jobs cancel",
  "events list",
  "events show",
  "events example",
  "plugins list",
  "plugins run",
  "token create",
  "token list",
  "token revoke",
  "doctor",
  "explain",
];

test.each(commands)("the help of %s shows an example and --json", async (command) => {
  const { exitCode, printed } = await run(...command.split(" "), "--help");
  expect(exitCode).toBe(0);
  expect(printed).toContain(`  $ hookwright ${command}`);
  expect(printed).toContain("--json");
});

test("--version prints the version", async () => {
  expect(await run("--version")).toEqual({ exitCode: 0, printed: version, told: "" });
});

describe("a command that is not understood ends with 2 and says what is wrong", () => {
  test.each([
    [["sned"], "Did you mean send?"],
    [["webhooks"], "list"],
    [["send", "TASKS_CREATED"], "--payload"],
    [["webhooks", "add"], "url"],
    [["webhooks", "add", "http://a/"], "--project <number> or --organization-wide"],
    [["webhooks", "add", "http://a/", "--project", "1", "--organization-wide"], "exclude each other"],
    [["webhooks", "add", "http://a/", "--project", "x"], "--project must be a positive whole number"],
    [["webhooks", "add", "http://a/", "--project", "1", "--rate-limit", "fast"], "--rate-limit must be"],
    [["webhooks", "show", "one"], "must be a positive whole number"],
    [["webhooks", "edit", "1"], "Nothing to change"],
    [["webhooks", "edit", "1", "--active", "--inactive"], "exclude each other"],
    [["webhooks", "edit", "1", "--all-actions", "--action", "A"], "exclude each other"],
    [["deliveries", "show", "1"], "begins with dlv_"],
    [["deliveries", "list", "--limit", "0"], "--limit must be"],
    [["deliveries", "replay", "--webhook", "1"], "--since"],
    [["deliveries", "replay", "--since", "2026-07-20"], "--webhook"],
    [["deliveries", "replay", "--since", "2026-07-20", "--webhook", "x"], "--webhook must be"],
    [["jobs", "show", "1"], "begins with job_"],
    [["listen", "--port", "70000"], "--port must be"],
    [["listen", "--status", "99"], "--status must be"],
    [["listen", "--count", "0"], "--count must be"],
    [["token", "revoke", "x"], "must be a positive whole number"],
    [["token", "create", "--organization", "0"], "--organization must be"],
    [["start", "now"], "too many arguments"],
    [["doctor", "--loud"], "unknown option"],
  ])("%j", async (args, message) => {
    const { exitCode, printed, told } = await run(...args);
    expect(exitCode).toBe(2);
    expect(told).toContain(message);
    expect(printed).toBe("");
  });

  test("and never repeats a header line, which holds a secret", async () => {
    const result = await run("webhooks", "add", "http://a/", "--project", "1", "--header", "hunter2");
    expect(result.exitCode).toBe(2);
    expect(result.told).toContain("--header must be written as 'Name: value'");
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });
});

describe("a command that cannot do its work ends with 1 and one line", () => {
  test.each([
    [
      "a wrong URL of the service",
      { HOOKWRIGHT_URL: "ftp://a" },
      /^hookwright: HOOKWRIGHT_URL must be an http or https URL/,
    ],
    [
      "no token",
      { HOOKWRIGHT_DATA: "/nonexistent" },
      /^hookwright: No token: set HOOKWRIGHT_TOKEN.*\/nonexistent\/token/,
    ],
    [
      "no service",
      { HOOKWRIGHT_URL: "http://127.0.0.1:1", HOOKWRIGHT_TOKEN: "hunter2" },
      /^hookwright: No service answers at http:\/\/127\.0\.0\.1:1 \(.*\)\. Start one with "hookwright start", or set HOOKWRIGHT_URL/,
    ],
  ])("%s", async (_, environment, line) => {
    const { exitCode, told, printed } = await runWith({ environment }, "webhooks", "list");
    expect(exitCode).toBe(1);
    expect(told).toMatch(line);
    expect(told.split("\n")).toHaveLength(1);
    expect(told).not.toContain("hunter2");
    expect(printed).toBe("");
  });

  test("in a clone of the repository, the line names the command that works there", async () => {
    const environment = {
      HOOKWRIGHT_URL: "http://127.0.0.1:1",
      HOOKWRIGHT_TOKEN: "t",
      HOOKWRIGHT_COMMAND: "npm run -s hookwright --",
    };
    expect((await runWith({ environment }, "webhooks", "list")).told).toContain(`Start one with "npm start"`);
  });

  test.each([
    ["is no JSON", "{", /^hookwright: The payload in standard input is no JSON: /],
    ["is empty", "", /^hookwright: The payload in standard input is no JSON: /],
  ])("a payload that %s", async (_, input, line) => {
    const environment = { HOOKWRIGHT_URL: "http://127.0.0.1:1", HOOKWRIGHT_TOKEN: "t" };
    const result = await runWith({ environment, input }, "send", "TASKS_CREATED", "--payload", "-");
    expect(result.exitCode).toBe(1);
    expect(result.told).toMatch(line);
  });

  test("a payload file that is not there", async () => {
    const result = await run("send", "TASKS_CREATED", "--payload", "/nonexistent/task.json");
    expect(result.exitCode).toBe(1);
    expect(result.told).toMatch(/^hookwright: The payload file \/nonexistent\/task\.json cannot be read: /);
  });
});

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

function run(...args: readonly string[]) {
  return runWith({}, ...args);
}

async function runWith({ environment = {}, input = "" }: World, ...args: readonly string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  let failed = false;
  const io: CommandIo = {
    environment,
    stdin: (async function* () {
      yield Buffer.from(input);
    })(),
    print: (text) => void printed.push(text),
    tell: (text) => void told.push(text),
    draw: () => undefined,
    fail: () => {
      failed = true;
    },
    terminal: false,
    typed: false,
  };
  const exitCode = await runProgram(args, io);
  return { exitCode: failed ? 1 : exitCode, printed: printed.join("\n"), told: told.join("\n") };
}
