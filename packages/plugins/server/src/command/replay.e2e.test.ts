import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { HoldableReceiver } from "../holdable-receiver.test.support.js";
import {
  eventually,
  hookwright,
  type RunningService,
  startProgram,
  startService,
  type World,
  world,
} from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const since = "2026-01-01T00:00:00Z";

test("what came before the webhook is sent by a replay that is waited for, and its job is shown and listed", async () => {
  const service = await startService(world());
  const receiver = await HoldableReceiver.open();
  for (const id of [1, 2]) await send(service, id);
  await json(service, "webhooks", "add", receiver.url, "--project", "3");
  const replay = ["deliveries", "replay", "--webhook", "1", "--since", since, "--missing"];
  expect((await hookwright(service.world, [...replay, "--dry-run"])).stdout).toBe(
    "0 would be queued again, 2 added.\n",
  );

  const waited = await hookwright(service.world, [...replay, "--wait"]);
  expect(waited).toMatchObject({ code: 0, stderr: "" });
  expect(waited.stdout).toMatch(
    /^Replay job_\w+ of webhook 1 is done\. 0 queued again, 2 added\. They go out as the webhook takes them\.\n$/,
  );
  await receiver.until((received) => received.length === 2);

  const { results } = await json(service, "jobs", "list");
  expect(results).toMatchObject([{ state: "done", created: 2, total: 2 }]);
  const [{ id }] = results;
  expect(await json(service, "jobs", "show", id)).toEqual(results[0]);
  expect((await hookwright(service.world, ["jobs", "show", id])).stdout).toMatch(/^added +2$/m);
  expect((await hookwright(service.world, ["jobs", "list"])).stdout).toMatch(/^job_\w+ .* 1 +done +0 +2 +2$/m);
  expect(await json(service, "jobs", "cancel", id)).toMatchObject({ state: "done" });
  expect((await hookwright(service.world, ["jobs", "cancel", id])).stdout).toMatch(
    /^Nothing to cancel: it had ended before\. Replay job_\w+ of webhook 1 is done\. /,
  );
});

test("a replay goes on in a service that is started anew, and says how to see and to cancel it", async () => {
  const here = world();
  const first = await startService(here);
  const receiver = await HoldableReceiver.open();
  await json(first, "webhooks", "add", receiver.url, "--project", "3", "--inactive");
  await send(first, 1);
  const begun = await hookwright(first.world, [
    "deliveries",
    "replay",
    "--webhook",
    "1",
    "--since",
    since,
    "--missing",
  ]);
  expect(begun.stdout).toMatch(/^Replay job_\w+ of webhook 1 has begun: 1 to queue\.\n$/);
  expect(begun.stderr).toMatch(/jobs show job_\w+", cancel it with "\S+ jobs cancel job_\w+"\.\n$/);
  const id = /job_\w+/.exec(begun.stdout)?.[0] ?? "";
  first.process.kill("SIGKILL");
  await first.process.ended;

  const second = await startService(here);
  const done = await eventually(async () => {
    const job = await json(second, "jobs", "show", id);
    return job.state === "running" ? undefined : job;
  });
  expect(done).toMatchObject({ state: "done", created: 1 });
  // Held until somebody activates it.
  await json(second, "webhooks", "edit", "1", "--active");
  await receiver.until((received) => received.length === 1);
});

test("Ctrl-C leaves the job running and says how to cancel it", async () => {
  const job = {
    id: "job_1",
    webhook: 1,
    state: "running",
    error: null,
    examined: 1,
    queued: 1,
    created: 0,
    total: null,
  };
  let asked = 0;
  const service = createServer((request, answer) => {
    asked += request.method === "GET" ? 1 : 0;
    answer.setHeader("content-type", "application/json").end(JSON.stringify(job));
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  // It listens on a port.
  const { port } = service.address() as AddressInfo;
  const there: World = world({ HOOKWRIGHT_URL: `http://127.0.0.1:${port}`, HOOKWRIGHT_TOKEN: "a".repeat(40) });
  const running = startProgram(there, ["deliveries", "replay", "--webhook", "1", "--since", since, "--wait"]);
  await eventually(() => (asked > 1 ? true : undefined));
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^Replay job_1 goes on\. .*"\S+ jobs cancel job_1"\.\n$/);
});

async function json({ world: there }: RunningService, ...args: readonly string[]) {
  const ended = await hookwright(there, [...args, "--json"]);
  expect(ended, args.join(" ")).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(ended.stdout);
}

async function send(service: RunningService, id: number): Promise<void> {
  const args = ["send", "TASKS_CREATED", "--payload", "-", "--project", "3"];
  expect((await hookwright(service.world, args, JSON.stringify({ tasks: [{ id }] }))).code).toBe(0);
}
