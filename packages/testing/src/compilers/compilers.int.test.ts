import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Compile, compilers, runTypescript, typescripts } from "./compilers.test.support.js";
import { ConsumerProject } from "./consumer-project.test.support.js";

// A service that takes a plugin, emits its event and prints what a receiver on this machine got.
const runnerText = `
import { createServer } from "node:http";
import { createMemoryStore, createWebhooks } from "@hookwright/core";

const [file, action, payload] = process.argv.slice(2);
const { default: plugin } = await import(file);
const received = Promise.withResolvers();
const receiver = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => { response.end(); received.resolve(body); });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const hooks = await createWebhooks({ store: createMemoryStore(), plugins: [plugin], settings: { allowTargets: "loopback" } });
await hooks.start();
await hooks.webhooks.create({ url: \`http://127.0.0.1:\${receiver.address().port}/\`, project: 12, actions: [action] });
await hooks.emit(action, JSON.parse(payload), { project: 12 });
console.log(await received.promise);
await hooks.stop();
receiver.closeAllConnections();
receiver.close();
`;

let project: ConsumerProject;

beforeEach(async () => {
  project = await ConsumerProject.create();
  await mkdir(join(project.folder, "out"));
  await project.write("run.js", runnerText);
});

afterEach(() => project.remove());

describe("a plugin with an event, as one file without decorators", () => {
  test("has at most fifteen lines", async () => {
    const text = await project.writeExample("stock-plugin");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
    expect(text).toContain("interface WebhookEventMap extends EventsOf<typeof stock>");
  });

  test("is run by Node as it is", async () => {
    await project.writeExample("stock-plugin");
    expect(await runStockLow("./stock-plugin.ts")).toEqual(stockLowDelivered);
  });

  test.each(Object.entries(compilers))("is compiled by %s, registered, emitted and delivered", async (_, compile) => {
    await project.writeExample("stock-plugin");
    await compile(project, "stock-plugin", "standard");
    expect(await runStockLow("./out/stock-plugin.js")).toEqual(stockLowDelivered);
  });

  const stockLowDelivered = {
    status: 0,
    out: '{"action":"STOCK_LOW","sku":"B-2","left":1,"project":{"id":12}}\n',
    err: "",
  };

  function runStockLow(file: string) {
    return project.node("run.js", file, "STOCK_LOW", '{"sku":"B-2","left":1}');
  }
});

describe("a plugin with an event as a decorated class", () => {
  // Oxc leaves standard decorators as they are, for an engine that knows them. None does yet.
  const standard = Object.entries(compilers).filter(([name]) => name !== "oxc");

  test.each(Object.entries(compilers))("is compiled by %s, with legacy decorators", (_, compile) =>
    expectStockGone(compile, "legacy"),
  );

  test.each(standard)("is compiled by %s, with standard decorators", (_, compile) =>
    expectStockGone(compile, "standard"),
  );

  test("is more than Node itself reads, as oxc leaves it, too", async () => {
    await project.writeExample("stock-class");
    await compilers["oxc"]?.(project, "stock-class", "standard");
    for (const file of ["./stock-class.ts", "./out/stock-class.js"]) {
      const { status, err } = await project.node(file);
      expect(status).toBe(1);
      expect(err).toContain("SyntaxError");
    }
  });

  async function expectStockGone(compile: Compile, decorators: "legacy" | "standard"): Promise<void> {
    await project.writeExample("stock-class");
    await compile(project, "stock-class", decorators);
    expect(await project.node("run.js", "./out/stock-class.js", "STOCK_GONE", '{"sku":"B-2"}')).toEqual({
      status: 0,
      out: '{"action":"STOCK_GONE","sku":"B-2","project":{"id":12}}\n',
      err: "",
    });
  }
});

describe.each(Object.keys(typescripts))("%s", (version) => {
  test("takes what is right", async () => {
    await project.writeExample("stock-plugin");
    await project.writeExample("stock-class");
    await project.write("right.ts", rightText);
    // Our own declarations must be right by the author's compiler, too.
    expect(await typeErrors(version, ["right.ts", "stock-class.ts"], { skipLibCheck: false })).toEqual([]);
  });

  test("finds each mistake where it is", async () => {
    await project.writeExample("stock-plugin");
    await project.write("wrong.ts", wrongText);
    expect(await typeErrors(version, ["wrong.ts"])).toEqual(
      linesWith("// wrong", wrongText).map((line) => `wrong.ts:${line}`),
    );
  });

  test.each(["legacy", "standard"])(
    "finds a wrong example of a decorated class, with %s decorators",
    async (decorators) => {
      await project.write("wrong-class.ts", wrongClassText);
      const found = await typeErrors(version, ["wrong-class.ts"], { experimentalDecorators: decorators === "legacy" });
      expect(found).toEqual(["wrong-class.ts:3"]);
    },
  );

  // The older two look at an interface only where it was declared first, and that is in our declarations.
  test("finds that two plugins give one action different payloads", async () => {
    await project.writeExample("stock-plugin");
    await project.write("other-stock.ts", otherStockText);
    const { out } = await check(version, ["stock-plugin.ts", "other-stock.ts"], { skipLibCheck: false });
    expect(out).toContain("error TS2320: Interface 'WebhookEventMap' cannot simultaneously extend");
    expect(out).toContain("Named property 'STOCK_LOW'");
  });
});

const rightText = `
import type { WebhookEventMap, Webhooks } from "@hookwright/core";
import stock, { stockLow } from "./stock-plugin.ts";

declare const hooks: Webhooks;
const payload: WebhookEventMap["STOCK_LOW"] = { sku: "A" };
export const left: number | undefined = payload.left;
export const action: "STOCK_LOW" = stockLow.action;
export const sent = [
  hooks.emit("STOCK_LOW", { sku: "A", left: 1 }, { project: 12 }),
  hooks.emit(stockLow, { sku: "A" }, { project: 12 }),
  hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }),
];
export default [stock];
`;

const wrongText = `
import { defineEvent, type Webhooks } from "@hookwright/core";
import { stockLow } from "./stock-plugin.ts";

declare const hooks: Webhooks;
export const sent = [
  hooks.emit("STOCK_LOW", { sku: 5 }), // wrong: a text
  hooks.emit("STOCK_LOW", {}), // wrong: a member is missing
  hooks.emit(stockLow, { sku: "A", left: "1" }), // wrong: a number
  hooks.emit("STOCK_LOST", { sku: "A" }), // wrong: no such action
  hooks.emit("TASKS_CREATED", { tasks: 5 }), // wrong: a list
];
const schema = { type: "object", required: ["id"], properties: { id: { type: "integer" } } } as const;
export const events = [
  defineEvent({ action: "A", summary: "s", schema, example: { id: "1" } }), // wrong: a number
  defineEvent({ action: "A", summary: "s", schema, example: {} }), // wrong: a member is missing
  defineEvent({ action: "A", summary: "s", schema }), // wrong: no example
  defineEvent({ action: "A", summary: "s", schema, example: { id: 1 }, scope: "world" }), // wrong: no such scope
];
`;

const wrongClassText = `import { EventOf, WebhookEvent } from "@hookwright/core";
const schema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;
@WebhookEvent({ action: "STOCK_GONE", summary: "s", example: { sku: 5 } })
export class StockGone extends EventOf(schema) {}
`;

const otherStockText = `
import { defineEvent, definePlugin, type EventsOf } from "@hookwright/core";
const stockLow = defineEvent({
  action: "STOCK_LOW",
  summary: "s",
  schema: { type: "object", required: ["sku"], properties: { sku: { type: "integer" } } },
  example: { sku: 1 },
});
const stock = definePlugin({ name: "other-stock", version: "1.0.0", events: [stockLow] });
export default stock;
declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof stock> {}
}
`;

/** The places of the errors, as `file:line`. */
async function typeErrors(version: string, files: readonly string[], more: object = {}): Promise<readonly string[]> {
  const { out } = await check(version, files, more);
  return [...out.matchAll(/^(\S+?)\((\d+),\d+\): error/gm)].map(([, file, line]) => `${file}:${line}`);
}

function check(version: string, files: readonly string[], more: object = {}) {
  const options = { noEmit: true, allowImportingTsExtensions: true, experimentalDecorators: false, ...more };
  return runTypescript(version, project, { files, options });
}

function linesWith(mark: string, text: string): readonly number[] {
  return text.split("\n").flatMap((line, index) => (line.includes(mark) ? [index + 1] : []));
}
