import { definePlugin } from "@hookwright/core";
import { signing } from "@hookwright/plugin-signing";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "./api-rig.test.support.js";
import { defineRoute, routes } from "./extend/plugin-route.js";
import { type Operation, operationsOf } from "./openapi-operations.test.support.js";
import { Receiver } from "./receiver.test.support.js";
import { valuesOf } from "./schema-values.test.support.js";

/** A plugin that remembers: what one organization wrote under a name, another must not read under the same. */
const notes = definePlugin({
  name: "notes",
  version: "1.0.0",
  setup(ctx) {
    const params = { type: "object", required: ["name"], properties: { name: { type: "string" } } } as const;
    const body = { type: "object", required: ["text"], properties: { text: { type: "string" } } } as const;
    const path = "/shelf/:name";
    const read = defineRoute({
      method: "GET",
      path,
      summary: "Read a note",
      params,
      handle: async ({ params: { name }, organization }) => ({
        text: (await ctx.state.of(organization).get(name)) ?? null,
      }),
    });
    const write = defineRoute({
      method: "PUT",
      path,
      summary: "Write a note",
      params,
      body,
      handle: async ({ params: { name }, body: { text }, organization }) => {
        await ctx.state.of(organization).update(name, () => text);
        return {};
      },
    });
    for (const route of [read, write]) ctx.contribute(routes, route);
  },
});

/** What a parameter of an address names: something of one organization, or what all have in common. */
const parameters: Readonly<Record<string, keyof Ids | "common">> = {
  "/api/webhooks/{id}": "webhooks",
  "/api/deliveries/{id}": "deliveries",
  "/api/tokens/{id}": "tokens",
  "/api/jobs/{id}": "jobs",
  "/api/events/{action}": "common",
  "/api/plugins/notes/shelf/{name}": "common",
};

/** What stands in an address for a parameter that all organizations have in common. */
const common: Readonly<Record<string, string>> = { action: "TASKS_CREATED", name: "shelf-mark" };

interface Ids {
  readonly webhooks: readonly string[];
  readonly deliveries: readonly string[];
  readonly messages: readonly string[];
  readonly tokens: readonly string[];
  readonly jobs: readonly string[];
}

/** One organization, and everything that is recognisable as its own. */
interface Tenant {
  readonly token: string;
  /** Stands in everything that it has. */
  readonly mark: string;
  readonly target: Receiver;
  readonly ids: Ids;
  /** Cursors that it was given by its own lists. */
  readonly cursors: readonly string[];
}

const api = await ApiRig.start({ settings: { retrySchedule: "1h" }, plugins: [signing(), notes] });
const { json: document } = await api.get("/api/openapi.json");
const operations = operationsOf(document);
const one = await fill(1, "belongs-to-one");
const two = await fill(2, "belongs-to-two");

afterAll(async () => {
  await api.stop();
  for (const { target } of [one, two]) await target.close();
});

describe("Tenants", () => {
  describe("with the ids of another organization, each operation answers 404 and changes nothing of it", () => {
    const withIds = operations.filter(({ path }) => path.includes("{"));
    test.each(withIds.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
      "%s",
      async (_, operation) => {
        for (const [owner, stranger] of pairs()) {
          await unseen(owner, stranger, async (look) => {
            for (const address of addressesOf(operation, owner.ids))
              for (const body of bodiesOf(operation, owner)) await look(operation.method, address, body);
          });
        }
      },
    );
  });

  describe("with every filter, cursor and field that names what another organization has, each operation shows nothing of it", () => {
    const withoutIds = operations.filter(({ path }) => !path.includes("{"));
    test.each(withoutIds.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
      "%s",
      async (_, operation) => {
        for (const [owner, stranger] of pairs()) {
          await unseen(owner, stranger, async (look) => {
            for (const query of queriesOf(operation, owner))
              for (const body of bodiesOf(operation, owner))
                await look(operation.method, `${operation.path}${query}`, body);
          });
        }
      },
    );
  });

  test("routes that the API document does not show are no way in either", async () => {
    const templates = [...new Set(api.routes.map(({ path }) => path.replace(/:(\w+)/g, "{$1}")))];
    // What plugins contribute has one route of the server's, and is in the document path by path.
    const shown = templates.filter((path) => path !== "/api/plugins/*");
    const documented = new Set(operations.map(({ path }) => path.replace(/\/$/, "")));
    expect(shown.filter((path) => !documented.has(path.replace(/\/$/, "")))).toEqual([]);
    for (const [owner, stranger] of pairs()) {
      await unseen(owner, stranger, async (look) => {
        for (const { method, path } of api.routes) {
          const template = path.replace(/:(\w+)/g, "{$1}").replace("*", "notes/shelf/{name}");
          for (const address of addressesOf({ path: template }, owner.ids)) await look(method, address, undefined);
        }
      });
    }
  });

  test("an idempotency key is its organization's own, for single events and for batches", async () => {
    for (const [owner, stranger] of pairs()) {
      const body = { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id: 1 }], mark: stranger.mark } };
      const first = await api.post("/api/events/", { ...body, id: `key-of-${owner.mark}` }, stranger);
      expect(first).toMatchObject({ status: 202, json: { duplicate: false } });
      const headers = { "content-type": "application/x-ndjson" };
      const line = JSON.stringify({ ...body, id: `batch-key-of-${owner.mark}` });
      const batch = await api.post("/api/events/batch/", line, { headers, token: stranger.token });
      expect(JSON.parse(batch.text)).toMatchObject({ status: 202, duplicate: false });
    }
  });

  test("an event goes to webhooks of its own organization only", () => {
    for (const [owner, stranger] of pairs()) {
      expect(owner.target.requests.length).toBeGreaterThan(0);
      for (const { headers, body } of owner.target.requests)
        expect(`${JSON.stringify(headers)}${body.toString("utf8")}`).not.toContain(stranger.mark);
    }
  });

  test("an organization that has nothing sees empty lists", async () => {
    const token = await api.tokenOf(3);
    const lists = operations.filter(
      ({ method, path }) => method === "GET" && /^\/api\/(webhooks|deliveries|jobs)\/$/.test(path),
    );
    expect(lists).toHaveLength(3);
    for (const { path } of lists) {
      const { json } = await api.get(path, { token });
      expect(json["results"] ?? json).toEqual([]);
    }
  });

  test("a revoked token opens what asks for no token, and nothing else", async () => {
    const token = await api.tokenOf(4);
    const { json } = await api.get("/api/tokens/", { token });
    await api.call("DELETE", `/api/tokens/${json["results"]?.["0"]?.["id"]}/`, { token });
    const open = new Set<string>();
    for (const { method, path } of operations) {
      const [place = ""] = addressesOf({ path }, one.ids);
      const { status } = await api.call(method, place, { token });
      if (status !== 401) open.add(path);
    }
    expect([...open]).toEqual(["/health", "/ready", "/version", "/api/webhooks/info/"]);
  });
});

function pairs(): readonly (readonly [owner: Tenant, stranger: Tenant])[] {
  return [
    [one, two],
    [two, one],
  ];
}

/** Everything of a kind that an organization can have, with its mark in each text that it may write. */
async function fill(organization: number, mark: string): Promise<Tenant> {
  const token = await api.tokenOf(organization);
  const target = await Receiver.listen(200, 500);
  const post = async (path: string, body: unknown): Promise<Parsed> => (await api.post(path, body, { token })).json;
  const hook = { url: `${target.url}?${mark}`, headers: { "X-Mark": mark }, project: 12 };
  const webhooks = [await post("/api/webhooks/", hook), await post("/api/webhooks/", { ...hook, is_active: false })];
  for (const { id } of webhooks) await api.call("PUT", `/api/webhooks/${id}/secret/`, { token, body: {} });
  const event = { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id: 1 }], mark } };
  for (let count = 1; count <= 2; count += 1) {
    await post("/api/events/", { ...event, id: count === 1 ? `key-of-${mark}` : `key-${count}` });
    // One after the other, since the receiver's answers are: delivered, then failed.
    await target.received(count);
  }
  const line = JSON.stringify({ ...event, id: `batch-key-of-${mark}` });
  await api.post("/api/events/batch/", line, { token, headers: { "content-type": "application/x-ndjson" } });
  await target.received(3);
  await post(`/api/webhooks/${webhooks[0]?.["id"]}/test/`, { action: "TASKS_CREATED", payload: event.payload });
  await post("/api/tokens/", { name: mark });
  await api.call("PUT", "/api/plugins/notes/shelf/shelf-mark/", { token, body: { text: mark } });
  const job = await post(`/api/webhooks/${webhooks[0]?.["id"]}/replay/`, {
    since: "2020-01-01T00:00:00Z",
    status: "cancelled",
  });
  await atRest(token, job);
  const deliveries = results(await api.get("/api/deliveries/?limit=1000", { token }));
  expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(["delivered", "failed", "pending"]));
  const tokens = results(await api.get("/api/tokens/", { token }));
  return {
    token,
    mark,
    target,
    ids: {
      webhooks: webhooks.map(idOf),
      deliveries: deliveries.map(idOf),
      messages: deliveries.map(({ message }) => String(message)),
      tokens: tokens.map(idOf),
      jobs: [idOf(job)],
    },
    cursors: await cursorsOf(token),
  };
}

function results({ json }: ApiAnswer): readonly Parsed[] {
  // Every list but that of webhooks has this form.
  return json["results"] as unknown as readonly Parsed[];
}

function idOf({ id }: Parsed): string {
  return String(id);
}

/** Waits until attempts and jobs have come to their end: from then on nothing changes by itself. */
async function atRest(token: string, job: Parsed): Promise<void> {
  for (;;) {
    const { results: deliveries } = (await api.get("/api/deliveries/?limit=1000", { token })).json;
    const tried = Object.values(deliveries ?? {}).every((delivery) => Number(delivery?.["attempt_count"]) > 0);
    const { json } = await api.get(`/api/jobs/${job["id"]}/`, { token });
    if (tried && String(json["state"]) !== "running") return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function cursorsOf(token: string): Promise<readonly string[]> {
  const cursors: string[] = [];
  for (const { method, path, parameters: taken } of operations) {
    if (method !== "GET" || path.includes("{") || !taken.some(({ name }) => name === "limit")) continue;
    const { next } = (await api.get(`${path}?limit=1`, { token })).json;
    if (next !== undefined && next !== null) cursors.push(String(next));
  }
  expect(cursors.length).toBeGreaterThanOrEqual(3);
  return cursors;
}

type Look = (method: string, address: string, body: unknown) => Promise<void>;

/** Lets the stranger look. Nothing that is answered has the owner's mark, and nothing that the owner has is another afterwards. */
async function unseen(owner: Tenant, stranger: Tenant, looking: (look: Look) => Promise<void>): Promise<void> {
  const before = await everythingOf(owner);
  const received = owner.target.requests.length;
  await looking(async (method, address, body) => {
    const answer = await api.call(method, address, { token: stranger.token, body });
    const all = `${JSON.stringify(answer.headers)}${answer.text}`;
    const shown = `${method} ${address} ${JSON.stringify(body)} answered ${answer.status} ${answer.text}`;
    if (namesOf(address, owner))
      expect(method === "OPTIONS" ? [200, 204, 404] : [404, 405], shown).toContain(answer.status);
    expect(answer.status, shown).toBeLessThan(500);
    // What the stranger sent may come back in what is said of it.
    const sent = `${address}${JSON.stringify(body) ?? ""}`;
    const { deliveries, messages, jobs } = owner.ids;
    const secrets = [owner.mark, owner.target.url, owner.token, ...deliveries, ...messages, ...jobs];
    expect(
      secrets.filter((secret) => !sent.includes(secret) && all.includes(secret)),
      shown,
    ).toEqual([]);
  });
  expect(await everythingOf(owner)).toEqual(before);
  expect(owner.target.requests).toHaveLength(received);
}

/** Whether an address leads to one thing of the owner's. */
function namesOf(address: string, { ids }: Tenant): boolean {
  const [, kind, id] = /^\/api\/(webhooks|deliveries|tokens|jobs)\/([^/?]+)/.exec(address) ?? [];
  return id !== undefined && kind !== undefined && Object(ids)[kind].includes(id);
}

/** Everything that an organization can read of itself: every list, and everything in it that has an address. */
async function everythingOf({ token, ids }: Tenant): Promise<readonly string[]> {
  const reads = operations.filter(({ method, path }) => method === "GET" && path !== "/api/openapi.json");
  const places = reads.flatMap(({ path }) => addressesOf({ path }, ids));
  return Promise.all(places.map(async (place) => `${place} ${(await api.get(`${place}?limit=1000`, { token })).text}`));
}

/** Every address that a path has for these ids. @throws Error for a parameter that this property does not know. */
function addressesOf({ path }: Pick<Operation, "path">, ids: Ids): readonly string[] {
  const [, before, name = ""] = /^([^{]*)\{(\w+)\}/.exec(path) ?? [];
  if (before === undefined) return [path];
  const kind = parameters[`${before}{${name}}`];
  if (kind === undefined) {
    throw new Error(
      `${path}: nobody has said what {${name}} names. Add "${before}{${name}}" to the table of parameters, and what it names to fill().`,
    );
  }
  const texts = kind === "common" ? [common[name] ?? ""] : ids[kind];
  return texts.flatMap((text) => addressesOf({ path: path.replace(`{${name}}`, text) }, ids));
}

/** Values of query parameters that name or find what the owner has. */
function queriesOf({ path, parameters: taken }: Operation, { ids, cursors, mark }: Tenant): readonly string[] {
  const values: Readonly<Record<string, readonly string[]>> = {
    limit: ["1", "1000"],
    cursor: cursors,
    after: [...cursors, "0", ...ids.webhooks],
    webhook: ids.webhooks,
    project: ["12", "null"],
    status: ["pending", "delivered", "failed", "cancelled"],
    action: ["TASKS_CREATED", mark],
    since: ["2020-01-01"],
    until: ["2099-01-01"],
    job: ids.jobs,
    "organization-only": ["true"],
  };
  const queries = taken
    .filter((parameter) => parameter.in === "query")
    .flatMap(({ name }) => {
      const some = values[name];
      if (some === undefined)
        throw new Error(`${path}: add values of the parameter ${name} that find what another organization has.`);
      return some.map((value) => `?${name}=${encodeURIComponent(value)}`);
    });
  return ["", ...queries, "?organization=1", "?organization=2"];
}

/** No body, one that is taken, and that one with each field naming what the owner has. */
function bodiesOf({ body }: Operation, { ids, mark }: Tenant): readonly unknown[] {
  if (body === undefined) return [undefined];
  const [sample] = fc.sample(valuesOf(body.schema, document), { numRuns: 1, seed: 1 });
  if (typeof sample !== "object" || sample === null) return [undefined, sample];
  const foreign = [...ids.webhooks.map(Number), ids.deliveries[0], ids.messages[0], ids.jobs[0], `key-of-${mark}`];
  const fields = [...new Set([...Object.keys(sample), "id", "organization", "webhook"])];
  // A webhook of the stranger's must not be pointed at the owner's receiver, which is a name that anybody may know.
  const own = { ...sample, ...("url" in sample ? { url: "https://elsewhere.example.com/" } : {}) };
  return [own, ...fields.flatMap((field) => foreign.map((value) => ({ ...own, [field]: value })))];
}
