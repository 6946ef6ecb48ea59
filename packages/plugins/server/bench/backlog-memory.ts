import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { report } from "./measure.ts";
import { startReceiver } from "./receiver-process.ts";

const waiting = 1_000_000;
/** Few, so that each has a long line of its own; several, so that a million comes together in half a minute. */
const webhooks = 4;
const eventsARequest = 2_000;
const deliveriesARequest = eventsARequest * webhooks;
const token = "benchmark-token-of-no-value";

/**
 * Resident memory of the service while 1,000,000 deliveries wait for receivers that take 0.9 s for each, and of the next
 * service, which finds them all: how much more than when it has just started.
 */
export async function benchBacklogMemory(folder: string): Promise<void> {
  const receiver = await startReceiver(900);
  try {
    tell("1,000,000 waiting deliveries add", await fill(folder, receiver.url));
    tell("1,000,000 that a start finds add", await findThem(folder));
  } finally {
    await receiver.stop();
  }
}

/** In megabytes. */
interface Resident {
  readonly atStart: number;
  readonly highest: number;
}

function tell(what: string, { atStart, highest }: Resident): void {
  report(what, `${highest - atStart} MB (${atStart} at the start, ${highest} at most)`, "at most 100 MB");
}

async function fill(folder: string, url: string): Promise<Resident> {
  const service = await startService(folder);
  try {
    const atStart = await residentMegabytes(service.process.pid);
    for (let made = 0; made < webhooks; made += 1)
      await post(`${service.url}/api/webhooks/`, "application/json", JSON.stringify({ url, project: 12 }));
    const event = JSON.stringify({
      action: "TASKS_CREATED",
      project: 12,
      payload: { tasks: [{ id: 1, data: { text: "x".repeat(930) } }] },
    });
    const batch = `${event}\n`.repeat(eventsARequest);
    const seen = { atStart, highest: atStart };
    for (let sent = 0; sent < waiting; sent += deliveriesARequest) {
      await post(`${service.url}/api/events/batch/`, "application/x-ndjson", batch);
      seen.highest = Math.max(seen.highest, await residentMegabytes(service.process.pid));
    }
    return seen;
  } finally {
    await stop(service);
  }
}

async function findThem(folder: string): Promise<Resident> {
  const service = await startService(folder);
  try {
    const atStart = await residentMegabytes(service.process.pid);
    let highest = atStart;
    for (let looks = 0; looks < 50; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      highest = Math.max(highest, await residentMegabytes(service.process.pid));
    }
    return { atStart, highest };
  } finally {
    await stop(service);
  }
}

async function stop({ process: child }: RunningService): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
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
