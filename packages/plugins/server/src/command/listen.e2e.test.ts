import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { generateSecret, sign } from "@hookwright/plugin-signing";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { hookwright, type Running, startProgram, type World, world } from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

test("the first line is the URL, and each request is shown with action, message and body", async () => {
  const { listener, url } = await listen();
  const answer = await post(url, `{"action":"TASKS_CREATED","n":12345678901234567890}`, { "webhook-id": "msg_1" });
  expect(answer.status).toBe(200);
  await listener.line(/^\}$/);
  expect(listener.stdout).toContain(
    `\nPOST /hook  TASKS_CREATED  msg_1\n{\n  "action": "TASKS_CREATED",\n  "n": 1234567`,
  );
  expect(listener.stdout).toContain("12345678901234567890");
});

test("--json prints the URL, then one line for each request, with header values hidden", async () => {
  const { listener, url } = await listen("--json");
  await post(url, `{\n  "action": "A"\n}`, { "webhook-id": "msg_1", authorization: "hunter2" });
  await post(url, "no json", {});
  await listener.line(/no json/);
  const [, first = "", second = ""] = listener.stdout.split("\n");
  expect(JSON.parse(first)).toMatchObject({
    method: "POST",
    path: "/hook",
    action: "A",
    message: "msg_1",
    headers: { authorization: "***", "webhook-id": "msg_1" },
    body: { action: "A" },
  });
  expect(JSON.parse(second)).toMatchObject({ action: null, message: null, body: "no json" });
});

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** `webhook-…` as they are for this body now, or some seconds ago. */
function signed(body: string, { ago = 0 } = {}): Readonly<Record<string, string>> {
  const timestamp = Math.floor(Date.now() / 1000) - ago;
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(timestamp),
    "webhook-signature": sign({ id: "msg_1", timestamp, body }, secret),
  };
}

describe("with a secret", () => {
  test("each request is verified, and answered as ever", async () => {
    const { listener, url } = await listen("--secret", generateSecret(), "--secret", secret);
    const requests: readonly (readonly [headers: Readonly<Record<string, string>>, told: RegExp])[] = [
      [signed("{}"), /^Signature verified\.$/],
      [{}, /^NOT VERIFIED \(signature_missing\): .*webhook-id/],
      [signed("{ }"), /^NOT VERIFIED \(signature_mismatch\): /],
      [signed("{}", { ago: 400 }), /^NOT VERIFIED \(signature_expired\): .*40\d s ago/],
    ];
    for (const [headers, told] of requests) {
      expect((await post(url, "{}", headers)).status).toBe(200);
      await listener.line(told);
    }
    expect(listener.stdout).not.toContain(secret);
  });

  test("as fields of --json, with the secrets in a file", async () => {
    const here = world();
    writeFileSync(join(here.folder, "secret.txt"), ` ${generateSecret()}\n${secret}\n`);
    const { listener, url } = await listenIn(here, "--json", "--secret-file", "secret.txt");
    await post(url, "{}", signed("{}"));
    await post(url, "[]", signed("{}"));
    await listener.line(/\[\]/);
    const [, first = "", second = ""] = listener.stdout.split("\n");
    expect(JSON.parse(first)).toMatchObject({ verified: true, code: null, reason: null });
    expect(JSON.parse(second)).toMatchObject({ verified: false, code: "signature_mismatch" });
  });

  test("an empty file is no secret, and a missing one is told", async () => {
    const args = ["listen", "--secret-file", "-"];
    expect(await hookwright(world(), args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--secret-file: "),
    });
    const missing = await hookwright(world(), ["listen", "--secret-file", "none.txt"]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("none.txt cannot be read") });
  });

  test("one that cannot be read is refused and not repeated", async () => {
    const ended = await hookwright(world(), ["listen", "--secret", "hunter2-hunter2"]);
    const stderr = expect.stringMatching(/--secret: The signing secret cannot be read/);
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr });
    expect(ended.stderr).not.toContain("hunter2");
  });
});

test("--status is what it answers", async () => {
  const { url } = await listen("--status", "503");
  expect((await post(url, "{}", {})).status).toBe(503);
});

test.each([
  [["--once"], 1],
  [["--count", "3"], 3],
])("with %j it ends after so many requests, with 0", async (args, count) => {
  const { listener, url } = await listen(...args);
  for (let sent = 0; sent < count; sent += 1) await post(url, "{}", {});
  expect(await listener.ended).toMatchObject({ code: 0, stderr: "" });
  expect(listener.stdout.match(/^POST/gm)).toHaveLength(count);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 0, also while a sender is connected", async (signal) => {
  const { listener, url } = await listen();
  await post(url, "{}", {});
  const half = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void half.destroy());
  half.on("error", () => undefined);
  await new Promise((resolve) => half.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{", resolve));
  listener.kill(signal);
  expect(await listener.ended).toMatchObject({ code: 0 });
});

test("what a sender writes cannot take over the terminal", async () => {
  const { listener, url } = await listen();
  await post(url, "\u001b[2Jtext", {});
  await listener.line(/text/);
  expect(listener.stdout).not.toContain("\u001b");
});

test("a port in use is told in one line", async () => {
  const { url } = await listen();
  const ended = await hookwright(world(), ["listen", "--port", new URL(url).port]);
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toMatch(/^hookwright: Cannot listen on 127\.0\.0\.1:\d+: .*Name another --port, or 0\.\n$/);
});

function listen(...args: readonly string[]): Promise<{ readonly listener: Running; readonly url: string }> {
  return listenIn(world(), ...args);
}

async function listenIn(
  here: World,
  ...args: readonly string[]
): Promise<{ readonly listener: Running; readonly url: string }> {
  const listener = startProgram(here, ["listen", ...args]);
  const line = await listener.line(/./);
  const url = line.startsWith("{") ? JSON.parse(line).url : line;
  return { listener, url: `${url}hook` };
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const answer = await fetch(url, { method: "POST", body, headers });
  await answer.text();
  return answer;
}
