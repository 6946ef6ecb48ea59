import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { type DataFolder, dataFolder } from "./data-folder.js";
import type { TokenRequest } from "./issued-token.js";
import { isServing, MachineSocket, requestToken } from "./machine-socket.js";

let folder: DataFolder;

beforeEach(() => {
  folder = dataFolder(mkdtempSync(join(tmpdir(), "machine-socket-")));
});

afterEach(() => {
  rmSync(folder.path, { recursive: true });
});

test("a command on the machine gets a token for the organization that it names", async () => {
  await open();
  expect(await requestToken(folder, { organization: 7, name: "ci" })).toEqual({
    kind: "issued",
    token: { id: 1, organization: 7, name: "ci", value: "hwk_x" },
  });
});

test("only the owner may open the socket", async () => {
  await open();
  expect(statSync(folder.socket).mode & 0o777).toBe(0o600);
});

test("where no service runs, nobody answers", async () => {
  expect(await isServing(folder)).toBe(false);
  expect(await requestToken(folder, { organization: 1, name: "ci" })).toBeUndefined();
});

test("where one runs, it answers", async () => {
  await open();
  expect(await isServing(folder)).toBe(true);
});

test("after a stop, nobody answers", async () => {
  const socket = await open();
  await socket?.close();
  expect(await isServing(folder)).toBe(false);
});

test("what a dead service left behind is taken over", async () => {
  writeFileSync(folder.socket, "");
  expect(await isServing(folder)).toBe(false);
  await open();
  expect(await isServing(folder)).toBe(true);
});

test("a path that is too long for a socket is told, not guessed", async () => {
  const deep = join(folder.path, "d".repeat(100));
  mkdirSync(deep);
  expect(await MachineSocket.open(dataFolder(deep), issue)).toBeUndefined();
  expect(await isServing(dataFolder(deep))).toBe(false);
});

test("what the service cannot do reaches the command as an error", async () => {
  const socket = await MachineSocket.open(folder, () => Promise.reject(new Error("the disk is full")));
  onTestFinished(() => socket?.close());
  expect(await requestToken(folder, { organization: 1, name: "ci" })).toEqual({
    kind: "refused",
    reason: "the disk is full",
  });
});

test.each([
  ["no organization", `{"name":"ci"}`],
  ["an organization that is none", `{"organization":0,"name":"ci"}`],
  ["no JSON", `{`],
  ["too much", `{"name":"${"x".repeat(10_000)}"}`],
])("a request with %s is refused, and the next one is served", async (_, body) => {
  await open();
  expect(await post(body)).toBeGreaterThanOrEqual(400);
  expect(await requestToken(folder, { organization: 1, name: "ci" })).toMatchObject({ kind: "issued" });
});

async function open(): Promise<MachineSocket | undefined> {
  const socket = await MachineSocket.open(folder, issue);
  onTestFinished(() => socket?.close());
  return socket;
}

async function issue({ organization, name }: TokenRequest) {
  return { id: 1, organization, name, value: "hwk_x" };
}

function post(body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: folder.socket, method: "POST", path: "/tokens" }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
