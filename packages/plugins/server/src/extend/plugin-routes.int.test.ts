import { defineEvent, definePlugin, type PluginContext } from "@hookwright/core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";
import { commands, defineCommand } from "./plugin-command.js";
import { defineRoute, type PluginRoute, routes } from "./plugin-route.js";

const paid = defineEvent({
  action: "INVOICE_PAID",
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
  example: { id: 1 },
});

const invoice = defineRoute({
  method: "GET",
  path: "/invoices/:id",
  summary: "One invoice",
  params: { type: "object", properties: { id: { type: "integer", minimum: 1 } }, required: ["id"] },
  query: {
    type: "object",
    properties: { open: { type: "boolean" }, rate: { type: "number", default: 1 }, note: { type: "string" } },
  },
  answer: {
    type: "object",
    additionalProperties: false,
    required: ["line"],
    properties: { line: { $ref: "#/$defs/line" } },
    $defs: { line: { type: "object", additionalProperties: true } },
  },
  handle: ({ params, query, organization, refuse }) => {
    if (params.id === 404) refuse("not_found", "There is no invoice 404.");
    return { line: { ...params, ...query, organization } };
  },
});

const pay = defineRoute({
  method: "POST",
  path: "/invoices/:id/pay/",
  summary: "Settle an invoice",
  status: 202,
  body: {
    type: "object",
    required: ["cents"],
    properties: { cents: { $ref: "#/$defs/amount" } },
    $defs: { amount: { type: "integer", minimum: 1 } },
  },
  handle: async ({ params, body, emit }) => {
    const receipt = await emit(paid, { id: Number(params["id"]) }, { project: 3, id: `pay-${params["id"]}` });
    return { ...body, ...receipt };
  },
});

const billing = definePlugin({
  name: "@acme/billing",
  version: "2.1.0",
  events: [paid],
  setup(ctx) {
    for (const route of [invoice, pay, ...odd]) ctx.contribute(routes, route);
    ctx.contribute(commands, report);
  },
});

const odd: readonly PluginRoute[] = [
  defineRoute({ method: "GET", path: "/invoices/all", summary: "All", handle: () => ["all"] }),
  defineRoute({ method: "DELETE", path: "/invoices/:number", summary: "Remove", handle: () => undefined }),
  defineRoute({
    method: "GET",
    path: "/throws",
    summary: "It throws",
    handle: () => {
      throw new Error("the secret is 4711");
    },
  }),
  defineRoute({
    method: "GET",
    path: "/wrong",
    summary: "Its answer does not fit",
    answer: { type: "object", required: ["cents"], properties: { cents: { type: "integer" } } },
    handle: () => ({ cents: "not a number, 4711" }) as never,
  }),
  defineRoute({ method: "GET", path: "/bigint", summary: "Its answer is no JSON", handle: () => ({ big: 1n }) }),
  defineRoute({
    method: "GET",
    path: "/emits-wrong",
    summary: "It emits what it must not",
    handle: ({ emit }) => emit("INVOICE_PAID" as never, { id: "x" } as never),
  }),
];

const report = defineCommand({
  name: "report",
  summary: "Print a month.",
  options: {
    type: "object",
    required: ["month"],
    properties: { month: { type: "string" }, limit: { type: "integer" }, verbose: { type: "boolean" } },
  },
  positional: ["month"],
  run: ({ options, organization }) => ({ ...options, organization }),
});

const base = "/api/plugins/@acme/billing";

describe("routes of a plugin", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [billing] });
  });
  afterAll(() => api.stop());

  test("get their parameters as their schemas say, and the organization of the token", async () => {
    const answer = await api.get(`${base}/invoices/7/?open=true&note=12`);
    expect(answer).toMatchObject({
      status: 200,
      json: { line: { id: 7, open: true, note: "12", rate: 1, organization: 1 } },
    });
    const other = await api.get(`${base}/invoices/7`, { token: await api.tokenOf(2) });
    expect(other.json["line"]).toMatchObject({ organization: 2 });
    expect((await api.get("/api/plugins/%40acme%2Fbilling/invoices/7/")).status).toBe(200);
  });

  test("a path that is written out goes before one with parameters; the method decides among those that fit", async () => {
    expect((await api.get(`${base}/invoices/all/`)).json).toEqual(["all"]);
    const removed = await api.call("DELETE", `${base}/invoices/all/`);
    expect(removed).toMatchObject({ status: 204, text: "" });
  });

  test("emit in the organization of the caller, and never in another", async () => {
    const stranger = await api.tokenOf(3);
    const answer = await api.post(`${base}/invoices/9/pay/`, { cents: 5 }, { token: stranger });
    expect(answer).toMatchObject({ status: 202, json: { cents: 5, action: "INVOICE_PAID", duplicate: false } });
    // The same key is of use to another organization, and taken in its own.
    expect((await api.post(`${base}/invoices/9/pay/`, { cents: 5 })).json["duplicate"]).toBe(false);
    expect((await api.post(`${base}/invoices/9/pay/`, { cents: 5 })).json["duplicate"]).toBe(true);
  });

  test.each([
    [
      "a body that does not fit",
      { cents: 0 },
      400,
      { validation_errors: { cents: [expect.stringContaining("/cents: expected")] } },
    ],
    ["no body", undefined, 400, { validation_errors: { cents: ["/cents: expected a value, found nothing"] } }],
    ["broken JSON", "{", 400, { detail: expect.stringContaining("JSON parse error") }],
  ])("refuse %s in the common envelope", async (_, body, status, json) => {
    const headers = { "content-type": "application/json" };
    const answer = await api.post(`${base}/invoices/9/pay/`, body, { headers });
    expect(answer).toMatchObject({ status, json });
    expect(answer.json).toMatchObject({ exc_info: null, status_code: status });
  });

  test("refuse what the query must not be, and an address whose parameters cannot be", async () => {
    const answer = await api.get(`${base}/invoices/7/?rate=fast`);
    expect(answer).toMatchObject({ status: 400, json: { validation_errors: { rate: [expect.any(String)] } } });
    expect((await api.get(`${base}/invoices/x/`)).status).toBe(404);
    expect(await api.get(`${base}/invoices/404/`)).toMatchObject({
      status: 404,
      json: { detail: "There is no invoice 404.", exc_info: null },
    });
  });

  test.each([
    `${base}/nowhere/`,
    base,
    "/api/plugins/billing/invoices/7/",
    "/api/plugins/%zz/x/",
    "/api/plugins/@acme/",
  ])("404 for %s", async (path) => {
    expect((await api.get(path)).status).toBe(404);
  });

  test("ask for a token before anything else", async () => {
    for (const path of [`${base}/invoices/7/`, `${base}/nowhere/`])
      expect((await api.get(path, { token: null })).status).toBe(401);
  });

  test("405 and OPTIONS name the methods of an address", async () => {
    const wrong = await api.call("PATCH", `${base}/invoices/7/`);
    expect(wrong).toMatchObject({ status: 405, headers: { allow: "GET, DELETE, HEAD, OPTIONS" } });
    expect((await api.call("OPTIONS", `${base}/invoices/7/`)).headers["allow"]).toBe("GET, DELETE, HEAD, OPTIONS");
    expect(await api.call("HEAD", `${base}/invoices/7/`)).toMatchObject({ status: 200, text: "" });
  });

  test.each([
    ["throws", "throws: the secret is 4711", "GET /throws"],
    ["wrong", "its answer does not fit its schema at /cents: expected integer", "GET /wrong"],
    ["bigint", "the answer cannot be written as JSON", "GET /bigint"],
    ["emits-wrong", "The payload of INVOICE_PAID is not valid", "GET /emits-wrong"],
  ])(
    "an error in %s is the plugin's: 500 without a word of it, and the log names the plugin",
    async (path, text, what) => {
      const answer = await api.get(`${base}/${path}/`);
      expect(answer.status).toBe(500);
      expect(answer.text).not.toMatch(/4711|cents|stack|INVOICE/);
      const line = api.log.findLast(({ level }) => level === "error");
      expect(line?.fields).toMatchObject({ plugin: "@acme/billing", method: "GET", path: `${base}/${path}/` });
      expect(line?.message).toContain(String(answer.json["id"]));
      const { message } = Object(line?.fields["error"]);
      expect(message).toContain(`Plugin @acme/billing@2.1.0 failed in ${what}`);
      expect(message).toContain(text.replace("throws: ", ""));
      if (path === "wrong") expect(message).not.toContain("4711");
    },
  );

  test("are in the OpenAPI document, which is still valid", async () => {
    const { json: document } = await api.get("/api/openapi.json");
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    const paths = document["paths"] ?? {};
    expect(Object.keys(paths).filter((path) => path.startsWith(base))).toEqual([
      `${base}/invoices/{id}/`,
      `${base}/invoices/{id}/pay/`,
      `${base}/invoices/all/`,
      `${base}/invoices/{number}/`,
      `${base}/throws/`,
      `${base}/wrong/`,
      `${base}/bigint/`,
      `${base}/emits-wrong/`,
      `${base}/commands/report/`,
    ]);
    expect(paths[`${base}/invoices/{id}/`]?.["get"]?.["parameters"]).toMatchObject([
      { name: "id", in: "path", schema: { type: "integer" } },
      { name: "open", in: "query" },
      { name: "rate", in: "query" },
      { name: "note", in: "query" },
    ]);
  });

  test("commands are called with arguments as a person types them", async () => {
    const path = `${base}/commands/report/`;
    const answer = await api.post(path, { args: ["2026-07", "--limit=3", "--verbose"] });
    expect(answer).toMatchObject({
      status: 200,
      json: { output: { month: "2026-07", limit: 3, verbose: true, organization: 1 } },
    });
    const wrong = async (args: unknown): Promise<unknown> => (await api.post(path, { args })).json["validation_errors"];
    expect(await wrong([])).toEqual({ month: ["/month: expected a value, found nothing"] });
    expect(await wrong(["a", "b"])).toEqual({ args: ['One argument too many: "b".'] });
    expect(await wrong(["a", "--limit"])).toEqual({ args: ["--limit needs a value."] });
    expect(await wrong(["a", "--other", "x"])).toEqual({ other: [expect.stringContaining("no such member")] });
    expect(await wrong("a")).toEqual({ args: ["Expected a list of texts."] });
    expect((await api.get(path)).status).toBe(405);
  });
});

describe("a route that cannot be served", () => {
  const handle = (): string => "never";
  const fit = { method: "GET", path: "/a", summary: "A", handle };
  test.each<[string, unknown, string]>([
    ["another method", { ...fit, method: "TRACE" }, "method must be one of"],
    ["a path without a slash", { ...fit, path: "a" }, 'path must begin with "/"'],
    ["a path with odd letters", { ...fit, path: "/a b" }, "path has the step"],
    ["a path that climbs", { ...fit, path: "/*" }, "path has the step"],
    ["the plugin itself", { ...fit, path: "/" }, 'below "/"'],
    ["a parameter twice", { ...fit, path: "/:a/:a" }, "twice"],
    ["the commands' path", { ...fit, path: "/commands/x" }, "belongs to the plugin's commands"],
    ["no handler", { ...fit, handle: undefined }, "handle must be a function"],
    ["no summary", { ...fit, summary: "" }, "summary must say"],
    ["another status", { ...fit, status: 500 }, "status must be"],
    ["a body that is no object", { ...fit, body: { type: "string" } }, 'type "object"'],
    ["a schema that is none", { ...fit, answer: { type: "strange" } }, "the answer of GET /a"],
    ["nothing", undefined, "method must be one of"],
  ])("is refused with its fault: %s", async (_, route, fault) => {
    const error = await setUp((ctx) => void ctx.contribute(routes, route as PluginRoute));
    expect(error).toContain(fault);
    expect(error).toContain("odd@1.0.0");
  });

  test("is refused when it is there already, whatever its parameters are called", async () => {
    const error = await setUp((ctx) => {
      ctx.contribute(routes, defineRoute({ method: "GET", path: "/a/:b", summary: "A", handle }));
      ctx.contribute(routes, defineRoute({ method: "GET", path: "/a/:c/", summary: "A", handle }));
    });
    expect(error).toContain("GET /a/:c/ is there already, as /a/:b.");
  });
});

/** The error of a plugin with this setup. */
async function setUp(setup: (ctx: PluginContext<unknown>) => void): Promise<string> {
  const api = await ApiRig.start();
  const odd = definePlugin({ name: "odd", version: "1.0.0", setup });
  const message = await api.hooks.plugins.load(odd).then(
    () => "loaded",
    (error: unknown) => String(error),
  );
  await api.stop();
  return message;
}
