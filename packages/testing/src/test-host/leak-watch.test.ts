import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { watch } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { LeakWatch } from "./leak-watch.js";
import { startReceiver } from "./real-receiver.js";

const running = new AsyncLocalStorage<string>();

/** What is left of what `code` started as a plugin's. */
async function leaksOf(code: () => unknown): Promise<readonly string[]> {
  const watching = new LeakWatch(() => running.getStore());
  await running.run("sample", async () => code());
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  watching.end();
  return watching.tell();
}

const here = /sample: a timer, made at .*leak-watch\.test\.ts:\d+:\d+$/;

test("finds a timer that still runs, and names plugin and place", async () => {
  const leaks = await leaksOf(() => {
    const timer = setInterval(() => undefined, 60_000);
    onTestFinished(() => clearInterval(timer));
  });
  expect(leaks).toEqual([expect.stringMatching(here)]);
});

test("finds a timer that was set long after the call, in its wake", async () => {
  const leaks = await leaksOf(() => {
    setImmediate(() => {
      const timer = setTimeout(() => undefined, 60_000).unref();
      onTestFinished(() => clearTimeout(timer));
    });
  });
  expect(leaks).toEqual([expect.stringMatching(here)]);
});

test("finds a server, a file watcher and a listener of the process", async () => {
  const noted = (): void => undefined;
  const leaks = await leaksOf(async () => {
    const server = createServer().listen(0, "127.0.0.1");
    const watcher = watch(tmpdir());
    process.on("SIGUSR2", noted);
    onTestFinished(() => {
      server.close();
      watcher.close();
      process.off("SIGUSR2", noted);
    });
    await once(server, "listening");
  });
  expect(leaks.toSorted()).toEqual([
    expect.stringMatching(/^sample: a file watcher, made at .*leak-watch\.test\.ts:/),
    expect.stringMatching(/^sample: a listener of process for SIGUSR2, made at .*leak-watch\.test\.ts:/),
    expect.stringMatching(/^sample: a listening server, made at /),
  ]);
});

test("finds nothing that was ended", async () => {
  const noted = (): void => undefined;
  const leaks = await leaksOf(async () => {
    clearInterval(setInterval(() => undefined, 60_000));
    await new Promise((resolve) => setTimeout(resolve, 1));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    await new Promise((resolve) => server.close(resolve));
    process.on("SIGUSR2", noted);
    process.off("SIGUSR2", noted);
  });
  expect(leaks).toEqual([]);
});

test("finds nothing of Node's own: an HTTP client keeps timers and sockets", async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  expect(await leaksOf(async () => (await fetch(receiver.url, { method: "POST", body: "{}" })).text())).toEqual([]);
});

test("finds nothing that is nobody's", async () => {
  const watching = new LeakWatch(() => undefined);
  const timer = setInterval(() => undefined, 60_000);
  watching.end();
  expect(watching.tell()).toEqual([]);
  clearInterval(timer);
});
