import { Parser } from "@asyncapi/parser";
import { defineEvent, definePlugin } from "@hookwright/core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, onTestFinished, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";
import { commands, defineCommand } from "./extend/plugin-command.js";
import { defineRoute, routes } from "./extend/plugin-route.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";

const grown = defineEvent({
  action: "TREE_GROWN",
  aliases: ["TREE_GREW"],
  summary: "A tree grew.",
  schema: {
    type: "object",
    required: ["node"],
    properties: { node: { $ref: "#/$defs/node" } },
    $defs: { node: { type: "object", required: ["name"], properties: { name: { type: ["string", "null"] } } } },
  },
  example: { node: { name: "oak" } },
});

const forest = definePlugin({
  name: "forest",
  version: "1.2.3",
  events: [grown],
  setup(ctx) {
    ctx.contribute(
      routes,
      defineRoute({ method: "GET", path: "/trees", summary: "Trees", handle: () => ({ trees: 1 }) }),
    );
    ctx.contribute(commands, defineCommand({ name: "count", summary: "Count the trees.", run: () => "1 tree" }));
  },
});

/** Every face of the service in which an event or a plugin shows, as it is at this moment. */
async function faces(api: ApiRig, webhook: number) {
  api.documentChanged();
  const [info, list, one, openApi, asyncApi, plugins, route] = await Promise.all(
    [
      "/api/webhooks/info/",
      "/api/events/?limit=1000",
      "/api/events/TREE_GREW/",
      "/api/openapi.json",
      "/api/asyncapi.json",
      "/api/plugins/",
      "/api/plugins/forest/trees/",
    ].map((path) => api.get(path)),
  );
  const emit = (payload: unknown) => api.post("/api/events/", { action: "TREE_GROWN", payload, project: 1 });
  const results = Object.values(list?.json["results"] ?? {});
  const listed = results.find((event) => String(event?.["action"]) === "TREE_GROWN");
  const { errors } = await new Validator().validate(structuredClone(openApi?.json ?? {}));
  const { diagnostics } = await new Parser().parse(asyncApi?.text ?? "");
  return {
    info: info?.json["TREE_GROWN"],
    listed: listed?.["owner"],
    catalog: { status: one?.status, example: one?.json["example"] },
    openApi: {
      errors: errors ?? [],
      webhook: openApi?.text.includes("receive.TREE_GROWN"),
      payload: openApi?.text.includes("Payload.TREE_GROWN"),
      route: openApi?.text.includes("/api/plugins/forest/trees/"),
      command: openApi?.text.includes("/api/plugins/forest/commands/count/"),
    },
    asyncApi: {
      errors: diagnostics.filter(({ severity }) => severity < 2),
      messages: ["TREE_GROWN", "TREE_GREW"].filter((name) => asyncApi?.text.includes(`messages/${name}"`)),
    },
    plugins: Object.values(plugins?.json["results"] ?? {}).map((plugin) => String(plugin?.["name"])),
    route: route?.status,
    command: (await api.post("/api/plugins/forest/commands/count/", {})).status,
    valid: (await emit(grown.example)).status,
    invalid: (await emit({ node: {} })).json["validation_errors"],
    webhookFor: (await api.patch(`/api/webhooks/${webhook}/`, { actions: ["TREE_GREW"] })).status,
    test: (await api.post(`/api/webhooks/${webhook}/test/`, { action: "TREE_GROWN" })).json["status"],
  };
}

test("a plugin that is loaded or unloaded changes every face of a running service at once", async () => {
  const receiver = await HoldableReceiver.open();
  const api = await ApiRig.start();
  onTestFinished(() => api.stop());
  const made = await api.post("/api/webhooks/", { url: receiver.url, send_for_all_actions: false, actions: [] });
  const webhook = Number(made.json["id"]);
  const unknown = { action: [expect.stringContaining('No event is registered for action "TREE_GROWN"')] };
  const absent = {
    info: undefined,
    listed: undefined,
    catalog: { status: 404, example: undefined },
    openApi: { errors: [], webhook: false, payload: false, route: false, command: false },
    asyncApi: { errors: [], messages: [] },
    plugins: ["server"],
    route: 404,
    command: 404,
    valid: 400,
    invalid: unknown,
    webhookFor: 400,
    test: undefined,
  };
  const present = {
    info: { name: "Tree grown", description: "", key: "node", "organization-only": false },
    listed: { name: "forest", version: "1.2.3" },
    catalog: { status: 200, example: grown.example },
    openApi: { errors: [], webhook: true, payload: true, route: true, command: true },
    asyncApi: { errors: [], messages: ["TREE_GROWN", "TREE_GREW"] },
    plugins: ["server", "forest"],
    route: 200,
    command: 200,
    valid: 202,
    invalid: { payload: ["/node/name: expected a value, found nothing"] },
    webhookFor: 200,
    test: "delivered",
  };

  expect(await faces(api, webhook)).toEqual(absent);
  await api.hooks.plugins.load(forest);
  expect(await faces(api, webhook)).toEqual(present);
  await api.hooks.plugins.unload("forest");
  expect(await faces(api, webhook)).toEqual(absent);
  await api.hooks.plugins.load(forest);
  expect(await faces(api, webhook)).toEqual(present);
});

test("a route that is answering while its plugin is unloaded ends with 503, and its signal aborts", async () => {
  const api = await ApiRig.start();
  onTestFinished(() => api.stop());
  const entered = Promise.withResolvers<void>();
  const slow = definePlugin({
    name: "slow",
    version: "1.0.0",
    setup(ctx) {
      const handle = ({ signal }: { readonly signal: AbortSignal }): Promise<never> =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          entered.resolve();
        });
      ctx.contribute(routes, defineRoute({ method: "GET", path: "/wait", summary: "It waits", handle }));
    },
  });
  await api.hooks.plugins.load(slow);
  const answer = api.get("/api/plugins/slow/wait/");
  await entered.promise;
  await api.hooks.plugins.unload("slow");
  expect(await answer).toMatchObject({ status: 503, json: { detail: "Plugin slow was unloaded." } });
  expect((await api.get("/api/plugins/slow/wait/")).status).toBe(404);
});
