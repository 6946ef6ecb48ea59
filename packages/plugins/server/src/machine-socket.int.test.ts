import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { type DataFolder, dataFolder } from "./data-folder.js";
import {
  isServing,
  listenForOwner,
  type MachineCalls,
  MachineSocket,
  requestRotation,
  requestSurvey,
  requestToken,
} from "./machine-socket.js";

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
    kind: "done",
    value: { id: 1, organization: 7, name: "ci", value: "hwk_x" },
  });
});

test("a command on the machine has the key of stored secrets changed, and asks how they are sealed", async () => {
  await open();
  expect(await requestRotation(folder)).toEqual({ kind: "done", value: await calls.rotateSecretKey() });
  expect(await requestSurvey(folder)).toMatchObject({ kind: "done", value: { counts: { "newest-key": 3 } } });
});

test("only the owner may open the socket", async () => {
  await open();
  expect(statSync(folder.socket).mode & 0o777).toBe(0o600);
});

test("nobody else may open it in the moment before its rights are set", async () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const server = createServer();
  onTestFinished(() => void server.close());
  await listenForOwner(server, folder.socket);
  expect(statSync(folder.socket).mode & 0o077).toBe(0);
  expect(process.umask()).toBe(0);
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
  expect(await MachineSocket.open(dataFolder(deep), calls)).toBeUndefined();
  expect(await isServing(dataFolder(deep))).toBe(false);
});

test("what the service cannot do reaches the command as an error", async () => {
  const socket = await MachineSocket.open(folder, {
    ...calls,
    issueToken: () => Promise.reject(new Error("the disk is full")),
  });
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
  expect(await requestToken(folder, { organization: 1, name: "ci" })).toMatchObject({ kind: "done" });
});

async function open(): Promise<MachineSocket | undefined> {
  const socket = await MachineSocket.open(folder, calls);
  onTestFinished(() => socket?.close());
  return socket;
}

const calls: MachineCalls = {
  issueToken: async ({ organization, name }) => ({ id: 1, organization, name, value: "hwk_x" }),
  rotateSecretKey: async () => ({ webhooks: 2, resealed: 1, keys: "file", resumed: false }),
  surveySecrets: async () => ({
    counts: { plain: 0, "newest-key": 3, "older-key": 0, "unknown-key": 0 },
    locked: undefined,
  }),
};

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
