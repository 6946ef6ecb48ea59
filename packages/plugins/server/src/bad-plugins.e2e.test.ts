import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { put, withPackages } from "./consumer.test.support.js";
import {
  type Ended,
  eventually,
  hookwright,
  type RunningService,
  startService,
  type World,
  world,
} from "./program.test.support.js";
import { Receiver } from "./receiver.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 20_000 });

/** A plugin that does everything well; its deliveries must not notice who else is there. */
const witness = `
  import { defineEvent, definePlugin } from "@hookwright/core";
  const seen = defineEvent({
    action: "WITNESS_SEEN",
    summary: "The witness was called upon.",
    schema: { type: "object", required: ["round"], properties: { round: { type: "integer" } } },
    example: { round: 1 },
  });
  const counted = defineEvent({
    action: "WITNESS_COUNTED",
    summary: "The witness counted.",
    schema: { type: "object", required: ["count"], properties: { count: { type: "integer" } } },
    example: { count: 1 },
  });
  export default definePlugin({
    name: "witness", version: "1.2.3", events: [seen, counted],
    setup(ctx) {
      ctx.use("prepare", (request, next) => next(request.withHeader("x-witness", "well")));
      ctx.handle(seen, async ({ state, emit }) => {
        const count = ((await state.get("count")) ?? 0) + 1;
        state.set("count", count);
        emit(counted, { count });
      });
    },
  });`;

/** What the receiver of the witness gets for so many rounds, in the order of the bodies. */
function testimony(rounds: number): readonly string[] {
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return [
    ...numbers.map((count) => `well {"action":"WITNESS_COUNTED","count":${count},"project":{"id":1}}`),
    ...numbers.map((round) => `well {"action":"WITNESS_SEEN","round":${round},"project":{"id":1}}`),
  ].sort();
}

/** A bad plugin with this as the body of its setup; it may wait for `BAD_THING` by `onBadThing(…)`. */
function badPlugin(setup: string, more = ""): string {
  return `
    import { defineEvent, definePlugin } from "@hookwright/core";
    import { commands, defineCommand, defineRoute, routes } from "@hookwright/plugin-server";
    const badThing = defineEvent({ action: "BAD_THING", summary: "It goes wrong.", schema: { type: "object" }, example: {} });
    export default definePlugin({
      name: "bad", version: "6.6.6", events: [badThing],
      async setup(ctx) {
        const onBadThing = (work) => ctx.on("message.accepted", ({ action }) => { if (action === "BAD_THING") work(); });
        ${setup}
      },
      ${more}
    });`;
}

/** What is asked over HTTP, and what must be answered. */
interface Request {
  readonly path: string;
  readonly status: number;
}

interface ServiceCase {
  readonly name: string;
  readonly fault: string;
  readonly setup: string;
  /** Other members of its manifest. */
  readonly more?: string;
  readonly request?: Request;
  /** A line of the log with the plugin's name, while the service runs. */
  readonly line?: RegExp;
  /** As `line`, when it stops. */
  readonly lastLine?: RegExp;
  /** Lines of trouble at most. */
  readonly lines?: number;
  readonly state?: "failed";
}

const left = "left a rejected promise behind";
const threw = "threw where nobody could catch it";

const cases: readonly ServiceCase[] = [
  {
    name: "rejects late",
    fault: "A promise that nobody waits for is rejected when its listener has long returned.",
    setup: `onBadThing(() => setTimeout(() => void Promise.reject(new Error("late")), 1));`,
    line: new RegExp(left),
  },
  {
    name: "rejects with nothing",
    fault: "What it is rejected with can hold no name.",
    setup: `onBadThing(() => setTimeout(() => void Promise.reject(undefined), 1));`,
    line: new RegExp(left),
  },
  {
    name: "throws in a timer",
    fault: "A timer throws, which ends a process in which nobody looks after it.",
    setup: `onBadThing(() => setTimeout(() => { throw new Error("late"); }, 1));`,
    line: new RegExp(threw),
  },
  {
    name: "throws a text in a timer",
    fault: "What it throws can hold no name.",
    setup: `onBadThing(() => setTimeout(() => { throw "late"; }, 1));`,
    line: new RegExp(threw),
  },
  {
    name: "throws at the next tick",
    fault: "It throws between two callbacks.",
    setup: `onBadThing(() => process.nextTick(() => { throw new Error("late"); }));`,
    line: new RegExp(threw),
  },
  {
    name: "throws in every timer for as long as it runs",
    fault: "An interval throws a thousand times a second, and would fill the disk with lines.",
    setup: `onBadThing(() => { const timer = setInterval(() => { throw new Error("again"); }, 1); ctx.own(() => clearInterval(timer)); });`,
    line: /more of these are only counted/,
    lines: 12,
  },
  {
    name: "has an error event that nobody listens to",
    fault: "A stream of its own fails.",
    setup: `const { Readable } = await import("node:stream"); onBadThing(() => new Readable().destroy(new Error("late")));`,
    line: new RegExp(threw),
  },
  {
    name: "fails in a socket's callback",
    fault: "It throws where only the network has called it.",
    setup: `const { connect } = await import("node:net"); onBadThing(() => connect(1, "127.0.0.1").on("error", () => { throw new Error("late"); }));`,
    line: new RegExp(threw),
  },
  {
    name: "throws when its signal aborts",
    fault: "What it does at its end throws where only Node has called it.",
    setup: `ctx.signal.addEventListener("abort", () => { throw new Error("late"); });`,
    lastLine: new RegExp(threw),
  },
  {
    name: "blocks the event loop in its listener",
    fault: "Nothing else in the process runs for half a second.",
    setup: `onBadThing(() => { const end = performance.now() + 500; while (performance.now() < end); });`,
    line: /held up the event loop for \d{3} ms/,
  },
  {
    name: "logs what cannot be written",
    fault: "The fields of its lines hold circles, big integers and what throws when it is read.",
    setup: `
      const circle = {};
      circle.circle = circle;
      const hostile = { toJSON() { throw new Error("not to be written"); }, get secret() { throw new Error("not to be read"); } };
      onBadThing(() => ctx.log.warn("looked", { circle, big: 6n, hostile, plugin: "witness" }));`,
    line: /looked/,
  },
  {
    name: "fails in its setup",
    fault: "It never runs; the service does, when it is told to go on without such a plugin.",
    setup: `throw new Error("boom");`,
    line: /bad@6\.6\.6 failed in setup: boom/,
    state: "failed",
  },
  {
    name: "leaves everything open",
    fault: "Timers, sockets and a server of its own would keep the process alive.",
    setup: `
      setInterval(() => undefined, 1_000);
      const { createServer } = await import("node:net");
      await new Promise((resolve) => createServer().listen(0, "127.0.0.1", resolve));
      process.on("SIGTERM", () => undefined);`,
  },
  {
    name: "fails while it stops",
    fault: "Its stop throws.",
    setup: "",
    more: `stop() { throw new Error("boom"); },`,
    lastLine: /bad@6\.6\.6 failed while it stopped/,
  },
  {
    name: "has a route that throws",
    fault: "Its code fails in the middle of a request.",
    setup: `ctx.contribute(routes, defineRoute({ method: "GET", path: "/broken", summary: "Breaks", handle: () => { throw new Error("boom"); } }));`,
    request: { path: "/api/plugins/bad/broken/", status: 500 },
    line: /bad@6\.6\.6 failed in GET \/broken: boom/,
  },
  {
    name: "has a route that answers what is no JSON",
    fault: "What it returns cannot be written.",
    setup: `ctx.contribute(routes, defineRoute({ method: "GET", path: "/broken", summary: "Breaks", handle: () => { const circle = {}; circle.circle = circle; return circle; } }));`,
    request: { path: "/api/plugins/bad/broken/", status: 500 },
    line: /bad@6\.6\.6 failed in GET \/broken: the answer cannot be written as JSON/,
  },
  {
    name: "has a route that rejects after it has answered",
    fault: "Its request is long over when it fails.",
    setup: `ctx.contribute(routes, defineRoute({ method: "GET", path: "/broken", summary: "Breaks", handle: () => { setTimeout(() => void Promise.reject(new Error("late")), 20); return {}; } }));`,
    request: { path: "/api/plugins/bad/broken/", status: 200 },
    line: new RegExp(left),
  },
];

/** Lines of the log as they are written: one JSON object each. */
interface Line {
  readonly level: string;
  readonly msg?: string;
  readonly error?: { readonly message?: string };
  readonly plugin?: string;
}

function linesOf({ stderr }: { readonly stderr: string }): readonly Line[] {
  const whole = stderr.slice(0, stderr.lastIndexOf("\n") + 1).split("\n");
  return whole.filter((line) => line.startsWith("{")).map((line): Line => JSON.parse(line));
}

function call({ url, token }: RunningService, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Token ${token}`, "content-type": "application/json" };
  return fetch(`${url}${path}`, {
    headers,
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

async function emit(service: RunningService, action: string, payload: object): Promise<void> {
  const answer = await call(service, "/api/events/", { action, payload, project: 1 });
  expect(answer.status).toBe(202);
}

function isOfBad(pattern: RegExp): (line: Line) => boolean {
  return ({ plugin, msg = "", error }) => plugin === "bad" && pattern.test(`${msg} ${error?.message}`);
}

describe("a service with a plugin that", () => {
  test.each(cases.map((bad) => [bad.name, bad] as const))("%s", async (_name, bad) => {
    const { setup, more = "", request, line, lastLine, lines = 2, state = "started" } = bad;
    const here = withPackages(world({ LOG_FORMAT: "json", HOOKWRIGHT_PLUGIN_FAILURE: "continue" }));
    put(here, "witness.mjs", witness);
    put(here, "bad.mjs", badPlugin(setup, more));
    const receiver = await Receiver.listen();
    onTestFinished(() => receiver.close());
    const service = await startService(here, "--plugin", "./bad.mjs", "--plugin", "./witness.mjs");
    const actions = ["WITNESS_SEEN", "WITNESS_COUNTED"];
    const made = await call(service, "/api/webhooks/", {
      url: receiver.url,
      project: 1,
      actions,
      send_for_all_actions: false,
    });
    expect(made.status).toBe(201);
    const round = async (number: number): Promise<void> => {
      await emit(service, "WITNESS_SEEN", { round: number });
      await receiver.received(2 * number);
    };

    await round(1);
    if (state === "started") await emit(service, "BAD_THING", {});
    if (request !== undefined) expect((await call(service, request.path)).status).toBe(request.status);
    await round(2);
    if (line !== undefined) await eventually(() => linesOf(service.process).find(isOfBad(line)));
    await round(3);
    expect(await (await call(service, "/api/plugins/")).json()).toMatchObject({
      results: expect.arrayContaining([
        expect.objectContaining({ name: "bad", state }),
        expect.objectContaining({ name: "witness", state: "started" }),
      ]),
    });
    service.process.kill("SIGTERM");
    const { code, stderr } = await service.process.ended;

    expect(receiver.requests.map(({ headers, body }) => `${headers["x-witness"]} ${body}`).sort()).toEqual(
      testimony(3),
    );
    if (lastLine !== undefined) expect(linesOf({ stderr }).filter(isOfBad(lastLine))).toHaveLength(1);
    const trouble = linesOf({ stderr }).filter(({ level }) => level === "warn" || level === "error");
    expect(trouble.filter(({ plugin }) => plugin !== "bad")).toEqual([]);
    expect(trouble.length).toBeLessThanOrEqual(lines);
    expect(code).toBe(0);
    expect(service.process.leftBehind).toBe(false);
  });
});

describe("a service does not start with a plugin that", () => {
  test.each([
    [
      "has a wrong manifest",
      `export default { manifest: { name: "Bad", version: 6 }, config: undefined };`,
      /Bad.*name.*\n.*version/s,
    ],
    ["fails when it is loaded", `throw new Error("boom");`, /bad\.mjs.*boom/],
    ["is none", "export default 6;", /bad\.mjs/],
    ["requires what is not there", badPlugin("", `requires: { witnes: "*" },`), /bad@6\.6\.6.*witnes.*witness/],
    [
      "takes an action of core",
      badPlugin("").replaceAll("BAD_THING", "TASKS_CREATED"),
      /bad@6\.6\.6.*TASKS_CREATED.*core@/,
    ],
    ["fails in its setup", badPlugin(`throw new Error("boom");`), /bad@6\.6\.6.*boom/],
  ])("%s: it says so and ends", async (_what, source, told) => {
    const here = withPackages(world({ HOOKWRIGHT_PORT: "0" }));
    put(here, "witness.mjs", witness);
    put(here, "bad.mjs", source);
    const { code, stderr } = await start(here);
    expect(code).toBe(1);
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

function start(here: World): Promise<Ended> {
  return hookwright(here, ["start", "--plugin", "./witness.mjs", "--plugin", "./bad.mjs"]);
}
