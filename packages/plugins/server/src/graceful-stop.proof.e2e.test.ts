import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import {
  type Ended,
  eventually,
  type RunningService,
  startProgram,
  startService,
  type World,
  world,
} from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

/** How many deliveries are under way when the service is stopped. */
const underWay = 100;

/** What happens to a service that has {@link underWay} deliveries under way, and what must come of it. */
interface StopCase {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** From the moment in which all are under way to the end of the process. */
  stop(service: RunningService, receiver: HoldableReceiver): Promise<Ended>;
  readonly code: number;
  /** Requests that the receiver gets for each message, over both starts. */
  readonly requests: 1 | 2;
}

const cases: readonly StopCase[] = [
  {
    name: "SIGTERM, and receivers that answer in time: all are recorded, none is sent again",
    environment: {},
    stop: async ({ process }, receiver) => {
      process.kill("SIGTERM");
      await process.told(/SIGTERM: stopping/);
      receiver.release();
      return process.ended;
    },
    code: 0,
    requests: 1,
  },
  {
    name: "SIGTERM, and receivers that answer too late: all are handed back, and go out after the next start under the same id",
    environment: { HOOKWRIGHT_STOP_TIMEOUT: "500ms" },
    stop: ({ process }) => {
      process.kill("SIGTERM");
      return process.ended;
    },
    code: 0,
    requests: 2,
  },
  {
    name: "SIGTERM and SIGINT in the same moment are one wish: all are recorded, none is sent again",
    environment: {},
    stop: async ({ process }, receiver) => {
      process.kill("SIGTERM");
      process.kill("SIGINT");
      await process.told(/SIGTERM: stopping[\s\S]*SIGINT: stopping|SIGINT: stopping[\s\S]*SIGTERM: stopping/);
      receiver.release();
      return process.ended;
    },
    code: 0,
    requests: 1,
  },
  {
    name: "a second signal while the first stop waits: the process ends at once, and all go out after the next start",
    environment: { HOOKWRIGHT_STOP_TIMEOUT: "10m" },
    stop: ({ process }) => signalUntilItEnds(process),
    code: 1,
    requests: 2,
  },
];

describe("Graceful stop", () => {
  describe(`with ${underWay} deliveries under way`, () => {
    test.each(cases)("$name", async ({ environment, stop, code, requests }) => {
      const receiver = await HoldableReceiver.open();
      receiver.hold();
      const here = world({ WEBHOOK_TIMEOUT: "600", ...environment });
      const service = await startService(here);
      const webhook = await call(service, "/api/webhooks/", {
        url: receiver.url,
        project: 1,
        max_concurrency: underWay,
      });
      const accepted = await emit(service, underWay);
      await receiver.until(({ length }) => length === underWay);
      expect(await stop(service, receiver)).toMatchObject({ code, signal: null });
      expect(service.process.leftBehind).toBe(false);

      receiver.release();
      const again = await startService(here);
      await eventually(async () =>
        (await statuses(again)).every((status) => status === "delivered") ? true : undefined,
      );
      expect(await statuses(again)).toHaveLength(underWay);
      const times = accepted.map((id) => receiver.received.filter((request) => request.id === id).length);
      expect(new Set(times)).toEqual(new Set([requests]));
      expect(receiver.received).toHaveLength(requests * underWay);
      // An attempt that the stop cut short is nobody's failure.
      expect(await call(again, `/api/webhooks/${webhook["id"]}/`)).toMatchObject({ is_active: true });
      const { results } = Object(await call(again, "/api/deliveries/?limit=1"));
      expect(await call(again, `/api/deliveries/${results[0].id}/`)).toMatchObject({
        attempts: [{ status: 200 }],
      });
    });
  });

  test("takes nothing new: the port is closed, connections are told to close, and what still comes is answered 503", async () => {
    const receiver = await HoldableReceiver.open();
    receiver.hold();
    const service = await startService(world({ WEBHOOK_TIMEOUT: "600" }));
    const { id } = await call(service, "/api/webhooks/", { url: receiver.url, project: 1 });
    const port = Number(new URL(service.url).port);
    const head = `host: x\r\nauthorization: Token ${service.token}\r\n`;
    const [busy, late] = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
    const [answer, refusal] = [textOf(busy), textOf(late)];
    // A test delivery: its request is under way as long as the receiver holds it.
    busy.write(`POST /api/webhooks/${id}/test/ HTTP/1.1\r\n${head}content-length: 0\r\n\r\n`);
    late.write("POST /api/events/ HTTP/1.1\r\n");
    await receiver.until(({ length }) => length === 1);
    service.process.kill("SIGTERM");
    await service.process.told(/SIGTERM: stopping/);
    await eventually(async () => ((await isOpen(port)) ? undefined : true));
    late.write(`${head}content-length: 2\r\n\r\n{}`);
    expect(await refusal).toMatch(/^HTTP\/1\.1 503 (?=[\s\S]*retry-after: 1)(?=[\s\S]*connection: close)/i);
    receiver.release();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 (?=[\s\S]*connection: close)(?=[\s\S]*"status":"delivered")/i);
    expect(await service.process.ended).toMatchObject({ code: 0, signal: null });
  });

  test("a test delivery that outlives the deadline is ended: the caller's connection closes, and the process exits 0 without an error", async () => {
    const receiver = await HoldableReceiver.open();
    receiver.hold();
    const service = await startService(world({ WEBHOOK_TIMEOUT: "600", HOOKWRIGHT_STOP_TIMEOUT: "500ms" }));
    const { id } = await call(service, "/api/webhooks/", { url: receiver.url, project: 1 });
    const testing = call(service, `/api/webhooks/${id}/test/`, {}).catch((error: unknown) => error);
    await receiver.until(({ length }) => length === 1);
    service.process.kill("SIGTERM");
    expect(await service.process.ended).toMatchObject({ code: 0, signal: null });
    expect(await testing).toBeInstanceOf(Error);
    expect(service.process.stderr).not.toContain("Internal server error");
  });

  test.each([
    ["while the plugins are loaded: it ends at once, with 0", "await new Promise(() => setInterval(() => {}, 1000));"],
    [
      "while a plugin is set up: it ends cleanly after that, and tells nobody an address",
      `export default { manifest: { name: "slow", version: "1.0.0", async setup() {
        console.error("slow: set up");
        await new Promise((resolve) => process.once("SIGTERM", () => setTimeout(resolve, 50)));
      } } };`,
    ],
  ])("a signal during the start, %s", async (name, module) => {
    const here = world();
    writeFileSync(join(here.folder, "slow.mjs"), `console.error("slow: loaded");${module}`);
    const process = startProgram(service(here), ["start", "--json", "--plugin", "./slow.mjs"]);
    await process.told(name.includes("set up") ? /slow: set up/ : /slow: loaded/);
    process.kill("SIGTERM");
    const { code, signal, stdout } = await process.ended;
    expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: "" });
    // Nothing of it is in the way of the next start.
    await startService(here);
  });
});

function service(here: World): World {
  return { ...here, environment: { HOOKWRIGHT_PORT: "0", ...here.environment } };
}

/** A person who presses Ctrl-C again and again. */
async function signalUntilItEnds(process: RunningService["process"]): Promise<Ended> {
  const impatience = setInterval(() => process.kill("SIGINT"), 20);
  try {
    return await process.ended;
  } finally {
    clearInterval(impatience);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Emits events and answers the ids of the messages that were accepted. */
async function emit(to: RunningService, count: number): Promise<readonly string[]> {
  const event = (id: number) => ({ action: "TASKS_CREATED", payload: { tasks: [{ id }] }, project: 1 });
  const answers = await Promise.all(Array.from({ length: count }, (_, id) => call(to, "/api/events/", event(id))));
  return answers.map(({ id }) => String(id));
}

async function statuses(of: RunningService): Promise<readonly string[]> {
  const { results } = Object(await call(of, "/api/deliveries/?limit=1000"));
  return results.map(({ status }: { readonly status: string }) => status);
}

async function call(
  { url, token }: RunningService,
  path: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${url}${path}`, {
    headers: { authorization: `Token ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return Object(await answer.json());
}
