import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { report } from "./measure.ts";
import { startReceiver } from "./receiver-process.ts";

const waiting = 200_000;
const eventsARequest = 2_000;
const token = "benchmark-token-of-no-value";

/** Resident memory of the service while 200,000 deliveries wait for a receiver that takes 0.9 s for each. */
export async function benchBacklogMemory(folder: string): Promise<void> {
  const receiver = await startReceiver(900);
  const service = await startService(folder);
  try {
    await post(`${service.url}/api/webhooks/`, "application/json", JSON.stringify({ url: receiver.url, project: 12 }));
    const event = JSON.stringify({
      action: "TASKS_CREATED",
      project: 12,
      payload: { tasks: [{ id: 1, data: { text: "x".repeat(930) } }] },
    });
    const batch = `${event}\n`.repeat(eventsARequest);
    let highest = 0;
    for (let sent = 0; sent < waiting; sent += eventsARequest) {
      await post(`${service.url}/api/events/batch/`, "application/x-ndjson", batch);
      highest = Math.max(highest, await residentMegabytes(service.process.pid));
    }
    const atRest = await residentMegabytes(service.process.pid);
    report(`resident memory, ${waiting} deliveries waiting`, `${atRest} MB (highest ${highest} MB)`, "under 250 MB");
  } finally {
    service.process.kill("SIGTERM");
    await once(service.process, "exit");
    await receiver.stop();
  }
}

interface RunningService {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startService(folder: string): Promise<RunningService> {
  const main = new URL("../dist/main.js", import.meta.url).pathname;
  const env = {
    ...process.env,
    HOOKWRIGHT_PORT: "0",
    HOOKWRIGHT_DATA: join(folder, "service"),
    HOOKWRIGHT_TOKEN: token,
    HOOKWRIGHT_ALLOW_TARGETS: "loopback",
    LOG_LEVEL: "error",
    HOOKWRIGHT_STOP_TIMEOUT: "1s",
  };
  const child = spawn(process.execPath, [main, "start"], { env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (address !== null) {
      child.stdout.resume();
      return { url: address[0], process: child };
    }
  }
  throw new Error("the service ended before it told its address");
}

async function post(url: string, type: string, body: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": type, authorization: `Token ${token}` },
  });
  await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}
