import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrganizationId, Store } from "@hookwright/core";
import { signing } from "@hookwright/plugin-signing";
import { sqlite } from "@hookwright/plugin-sqlite";
import { ScriptedTransport } from "@hookwright/testing";
import fc from "fast-check";
import { Pool } from "undici";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";
import { type Operation, operationsOf, type Parameter } from "./openapi-operations.test.support.js";
import { nearlyValuesOf, strangeValues, valuesOf } from "./schema-values.test.support.js";

/** One request, as it goes out. */
interface Wild {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** Requests for each operation and for each kind of oddity; HOOKWRIGHT_FUZZ_RUNS makes a long run of it. */
const runs = Number(process.env["HOOKWRIGHT_FUZZ_RUNS"] ?? 40);
/** HOOKWRIGHT_FUZZ_SEED repeats a run. */
const seed = Number(process.env["HOOKWRIGHT_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`API fuzz: HOOKWRIGHT_FUZZ_SEED=${seed} HOOKWRIGHT_FUZZ_RUNS=${runs}`);

/** Rows of requests, all refused, after which an operation counts as one that nothing gets into. */
const mostRounds = 20;

const maxBody = 100_000;
/** Longer than any answer takes on a loaded machine. */
const patience = 20_000;

const folder = mkdtempSync(join(tmpdir(), "hookwright-fuzz-"));
const store = sqlite({ file: join(folder, "hooks.db") });
// Nothing leaves this process, whatever address a random webhook has.
const api = await ApiRig.start({
  store,
  maxBody,
  transport: new ScriptedTransport(),
  plugins: [signing()],
  settings: { retrySchedule: "1h" },
});
const pool = new Pool(api.url, { headersTimeout: patience, bodyTimeout: patience });
const { json: document } = await api.get("/api/openapi.json");
const operations = operationsOf(document);
const check = await api.openApi();

/** What stands in a request for something that is there when it is sent; operations may have deleted what was there before. */
const own = {
  token: "own-access",
  webhook: "own-webhook",
  delivery: "own-delivery",
  tokenId: "own-token",
  job: "own-job",
} as const;
const ownToken = `Token ${own.token}`;
const there = fc.constantFrom(own.webhook, own.delivery, own.tokenId, own.job, "TASKS_CREATED", "1");
let current: Readonly<Record<keyof typeof own, string>> = {
  token: "",
  webhook: "",
  delivery: "",
  tokenId: "",
  job: "",
};

/** What stands in an address for its parameter, by where the address begins. */
const ownByPath: Readonly<Record<string, string>> = {
  "/api/webhooks/{id}": own.webhook,
  "/api/deliveries/{id}": own.delivery,
  "/api/tokens/{id}": own.tokenId,
  "/api/jobs/{id}": own.job,
  "/api/events/{action}": "TASKS_CREATED",
};

/** Each test has one of its own: what the others left there does not slow it. */
let organization = 1;

beforeEach(async () => {
  organization += 1;
  const token = await api.tokenOf(organization);
  const { json: webhook } = await api.post("/api/webhooks/", { url: "http://127.0.0.1:1/" }, { token });
  await api.call("PUT", `/api/webhooks/${webhook["id"]}/secret/`, { token, body: {} });
  const event = { action: "TASKS_CREATED", payload: { tasks: [{ id: 1 }] }, project: 1 };
  await api.post("/api/events/", event, { token });
  const { json: list } = await api.get("/api/deliveries/", { token });
  const { json: spare } = await api.post("/api/tokens/", {}, { token });
  const { json: job } = await api.post(`/api/webhooks/${webhook["id"]}/replay/`, { since: "2020-01-01" }, { token });
  current = {
    token,
    webhook: String(webhook["id"]),
    delivery: String(list["results"]?.["0"]?.["id"]),
    tokenId: String(spare["id"]),
    job: String(job["id"]),
  };
});

afterAll(async () => {
  await pool.close();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("API fuzz", () => {
  describe("any input is taken or refused as the OpenAPI document says, and a refused one leaves nothing behind", () => {
    test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
      "%s",
      async (_, operation) => {
        const seen = new Set<number>();
        // Requests that never get in prove nothing, and one in some hundred rows of them is bad luck.
        for (let round = 0; round < mostRounds && Math.min(...seen) >= 400; round += 1) {
          await holds(
            requestsOf(operation),
            async (wild) => {
              const status = await answerTo(wild);
              seen.add(status);
              // It has revoked itself.
              if (status === 401) current = { ...current, token: await api.tokenOf(organization) };
              if (status !== 413 && status !== 415) expect(operation.statuses).toContain(status);
            },
            { seed: seed + round },
          );
        }
        const advice = "tell ownByPath what its address names, and knownFields what its body holds";
        expect(Math.min(...seen), `all were refused (${[...seen].join(", ")}): ${advice}`).toBeLessThan(400);
      },
    );
  });

  describe("what no operation describes is refused in the same envelope", () => {
    const anywhere = fc.constantFrom(...operations);
    test.each<[string, fc.Arbitrary<Wild>]>([
      ["wrong methods", anywhere.chain(withWrongMethod)],
      ["wrong and odd addresses", anywhere.chain(withOddAddress)],
      ["wrong tokens", anywhere.chain(withOddToken)],
      ["odd headers", anywhere.chain(withOddHeaders)],
      ["bodies that are no JSON, no UTF-8, of another kind or too large", anywhere.chain(withOddBytes)],
      ["parameters repeated a thousand times", anywhere.chain(withManyParameters)],
    ])("%s", async (_, wilds) => {
      await holds(wilds, async (wild) => void (await answerTo(wild)), { numRuns: runs * 4 });
    });
  });

  test("after all of it the service is well: it accepts, delivers and has logged no fault of its own", async () => {
    expect((await api.get("/health")).json).toEqual({ status: "ok" });
    expect((await api.get("/ready")).json).toEqual({ status: "ready" });
    const event = { action: "TASKS_CREATED", payload: { tasks: [{ id: 1 }] }, project: 999_999 };
    expect((await api.post("/api/events/", event, { token: current.token })).status).toBe(202);
    expect(api.log.filter(({ level, message }) => level === "error" && / 5\d\d /.test(message))).toEqual([]);
  });
});

function holds<Value>(
  arbitrary: fc.Arbitrary<Value>,
  law: (value: Value) => Promise<void>,
  options: { readonly numRuns?: number; readonly seed?: number } = {},
): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, law), { numRuns: runs, seed, ...options });
}

/** Sends it and holds the answer against everything that is true of every answer. */
async function answerTo({ method, path, headers, body }: Wild): Promise<number> {
  const before = await stored();
  // Any method is a test case; undici's type lists those it knows.
  const known = method as "GET";
  const answer = await pool.request({
    method: known,
    path: named(path),
    headers: namedAll(headers),
    body: body ?? null,
  });
  const text = await answer.body.text();
  const { statusCode: status } = answer;
  const shown = `${method} ${path.slice(0, 300)} answered ${status} ${text.slice(0, 500)}`;
  expect(status, shown).toBeLessThan(500);
  expect(answer.headers, shown).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  if (status < 400) {
    if (text !== "" && String(answer.headers["content-type"]).startsWith("application/json"))
      check.check({ method, path: path.split(/[?#]/)[0] ?? path, status, body: JSON.parse(text) });
    return status;
  }
  if (method !== "HEAD") expectEnvelope(text, status, shown);
  expect(await stored(), shown).toEqual(before);
  return status;
}

function named(text: string): string {
  return Object.entries(own).reduce((all, [key, name]) => all.replaceAll(name, Object(current)[key]), text);
}

function namedAll(headers: Wild["headers"]): Wild["headers"] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, named(value)]));
}

function expectEnvelope(text: string, status: number, shown: string): void {
  const { validation_errors: _, ...envelope } = JSON.parse(text);
  expect(Object.keys(envelope), shown).toEqual(["id", "status_code", "version", "detail", "exc_info"]);
  expect(envelope, shown).toMatchObject({ status_code: status, detail: expect.any(String), exc_info: null });
  expect(text, shown).not.toMatch(/node_modules|\.js:\d|at \w+ \(|sqlite|SQLITE/i);
}

/** What there is, by the store itself and not by the API that is under test. */
async function stored(): Promise<unknown> {
  // A test names organizations by plain numbers.
  const own = organization as OrganizationId;
  const [webhooks, deliveries, tokens, version] = await Promise.all([
    store.webhooks.list(own, {}, { limit: 1_000 }),
    store.attempts.list(own, {}, { limit: 100 }),
    store.access.list(own),
    changeNumber(store, own),
  ]);
  return {
    webhooks: webhooks.map(({ id }) => id),
    deliveries: deliveries.map(({ id }) => id),
    tokens: tokens.map(({ id }) => id),
    version,
  };
}

async function changeNumber(of: Store, organization: OrganizationId): Promise<number> {
  let since = 0;
  for (;;) {
    const { upTo, more } = await of.webhooks.changes(organization, since, 1_000);
    if (!more) return upTo;
    since = upTo;
  }
}

/** Requests that the operation takes, and ones with something wrong in a parameter or in the body. */
function requestsOf(operation: Operation): fc.Arbitrary<Wild> {
  const bodies =
    operation.body === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { arbitrary: valuesOf(operation.body.schema, document), weight: 1 },
          { arbitrary: nearlyValuesOf(operation.body.schema, document), weight: 2 },
        );
  return fc.tuple(addressesOf(operation), bodies).map(([path, value]) => ({
    method: operation.method,
    path,
    headers: {
      authorization: ownToken,
      ...(operation.body === undefined ? {} : { "content-type": operation.body.mediaType }),
    },
    body: value === undefined ? undefined : Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  }));
}

function addressesOf({ path, parameters }: Operation): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const steps = fc.tuple(...inPath.map((parameter) => fc.tuple(fc.constant(parameter.name), stepsOf(path, parameter))));
  const query = fc.subarray(inQuery).chain((some) => fc.tuple(...some.map((parameter) => pairOf(parameter))));
  return fc.tuple(steps, query).map(([texts, pairs]) => {
    const place = texts.reduce((address, [name, text]) => address.replace(`{${name}}`, () => encode(text)), path);
    return pairs.length === 0 ? place : `${place}?${pairs.join("&")}`;
  });
}

/** Mostly something that is there. */
function stepsOf(path: string, parameter: Parameter): fc.Arbitrary<string> {
  const place = path.slice(0, path.indexOf(`{${parameter.name}}`) + parameter.name.length + 2);
  const fitting = ownByPath[place];
  const any = textsOf(parameter);
  return fitting === undefined
    ? any
    : fc.oneof({ arbitrary: fc.constant(fitting), weight: 4 }, { arbitrary: any, weight: 1 });
}

function pairOf(parameter: Parameter): fc.Arbitrary<string> {
  return textsOf(parameter).map((text) => `${parameter.name}=${encode(text)}`);
}

function textsOf({ schema }: Parameter): fc.Arbitrary<string> {
  const strange = fc.oneof(
    strangeValues.map((value) => String(value).slice(0, 300)),
    fc.string({ unit: "binary" }),
  );
  const fit = valuesOf(schema, document).map(String);
  return fc.oneof({ arbitrary: there, weight: 3 }, { arbitrary: fit, weight: 2 }, strange);
}

/** Lone surrogates have no bytes of their own. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function withWrongMethod(operation: Operation): fc.Arbitrary<Wild> {
  const methods = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "QUERY",
    "LOCK",
    "SEARCH",
  ];
  return (
    fc
      .tuple(
        requestsOf({ ...operation, body: undefined }),
        fc.constantFrom(...methods.filter((m) => m !== operation.method)),
      )
      .map(([wild, method]) => ({ ...wild, method, path: wild.path.slice(0, 2_000) }))
      // What another operation of this path does is that operation's row.
      .filter(({ method }) => !operations.some((other) => other.path === operation.path && other.method === method))
  );
}

function withOddAddress(operation: Operation): fc.Arbitrary<Wild> {
  const path = operation.path.replace(/\{\w+\}/g, "1");
  const odd = fc.oneof(
    fc.constantFrom(
      ...[
        "%2e%2e/",
        "../",
        "%00",
        "%ff",
        "%",
        "%zz",
        "//",
        "/./",
        ";a=b",
        "%2f",
        "\\",
        "%5c",
        "*",
        "?%",
        "?=&&=",
        "#x",
        "?a[b]=1",
      ],
    ),
    fc.integer({ min: 1, max: 7_000 }).map((length) => "a".repeat(length)),
    fc.string({ unit: "binary", maxLength: 50 }).map(encode),
  );
  return fc.tuple(odd, fc.nat(path.length)).map(([piece, index]) => ({
    method: "GET",
    path: `/${path.slice(1, index)}${piece}${path.slice(Math.max(1, index))}`,
    headers: { authorization: ownToken },
    body: undefined,
  }));
}

function withOddToken(operation: Operation): fc.Arbitrary<Wild> {
  const printable = fc.string({ unit: fc.constantFrom(..."aZ09 _-.~+/=,;\"'"), maxLength: 300 });
  const values = fc.oneof(
    printable,
    printable.map((text) => `Token ${text}`),
    fc.constantFrom("Token", "Bearer", "Token  ", "Basic YTpi", `${ownToken}x`, `Token x${own.token}`),
    fc.constantFrom(own.token, `${ownToken} x`, `TOKEN TOKEN ${own.token}`, "Token null"),
  );
  return fc.tuple(requestsOf(operation), values).map(([wild, authorization]) => ({
    ...wild,
    path: wild.path.slice(0, 2_000),
    headers: { ...wild.headers, authorization },
  }));
}

function withOddHeaders(operation: Operation): fc.Arbitrary<Wild> {
  const names = fc.constantFrom(
    ...[
      "accept",
      "accept-encoding",
      "content-encoding",
      "content-type",
      "cookie",
      "range",
      "if-match",
      "if-none-match",
    ],
    ...[
      "x-http-method-override",
      "x-forwarded-for",
      "x-forwarded-proto",
      "forwarded",
      "origin",
      "referer",
      "__proto__",
    ],
    ...["constructor", "x-request-id", "accept-language", "te", "via", "max-forwards", "access-control-request-method"],
  );
  const values = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."aZ09 _-.~+/=,;\"'*:\u00e9\u00ff"), maxLength: 200 }),
    fc.constantFrom("gzip", "application/xml", "bytes=0-", "*", "text/html;charset=utf-16", "a/b/c", ",,,", "null"),
    fc.integer({ min: 1, max: 8_000 }).map((length) => "x".repeat(length)),
  );
  const headers = fc.array(fc.tuple(names, values), { maxLength: 2 }).map((pairs) => Object.fromEntries(pairs));
  return fc.tuple(requestsOf(operation), headers).map(([wild, odd]) => ({
    ...wild,
    path: wild.path.slice(0, 2_000),
    headers: { ...odd, authorization: ownToken, ...("content-type" in odd ? {} : wild.headers) },
  }));
}

function withOddBytes(operation: Operation): fc.Arbitrary<Wild> {
  const types = fc.constantFrom(
    ...[
      "application/json",
      "application/json;charset=utf-16",
      "APPLICATION/JSON",
      "application/x-ndjson",
      "text/plain",
    ],
    ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json, text/plain", ""],
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
    fc.constantFrom(
      "",
      "{",
      "[",
      "{}{}",
      "{'a':1}",
      '{"a":1,}',
      "nul",
      "NaN",
      "\ufeff{}",
      '{"a":1e999}',
      '{"a":0x1}',
      "\0",
    ),
    fc.constantFrom(
      '{"a":"\\ud800"}',
      '{"action":"\u0000"}',
      '{"__proto__":{"a":1}}',
      '{"a":1,"a":2}',
      "--x--",
      "a=b&a=%ff",
    ),
    fc.integer({ min: 1, max: 20_000 }).map((depth) => "[".repeat(depth)),
    fc.integer({ min: 1, max: 20_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
    fc.integer({ min: 1, max: 400 }).map((length) => `{"url":${"9".repeat(length)}}`),
    fc.constantFrom(maxBody - 1, maxBody, maxBody + 1, maxBody * 3).map((size) => `{"a":"${"x".repeat(size - 8)}"}`),
    valueBytes(operation),
  );
  return fc.tuple(addressesOf(operation), types, bytes).map(([path, type, body]) => ({
    method: operation.method === "GET" ? "POST" : operation.method,
    path: path.slice(0, 2_000),
    headers: { authorization: ownToken, ...(type === "" ? {} : { "content-type": type }) },
    body: typeof body === "string" ? Buffer.from(body) : body,
  }));
}

/** A body that would be taken, with a few of its bytes changed. */
function valueBytes({ body }: Operation): fc.Arbitrary<Buffer> {
  const values = body === undefined ? fc.constant<fc.JsonValue>({}) : valuesOf(body.schema, document);
  const changes = fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 4 });
  return fc.tuple(values, changes).map(([value, places]) => {
    const bytes = Buffer.from(JSON.stringify(value));
    for (const [index, octet] of places) bytes[index % Math.max(1, bytes.length)] = octet;
    return bytes;
  });
}

function withManyParameters(operation: Operation): fc.Arbitrary<Wild> {
  const names = fc.constantFrom("limit", "cursor", "after", "webhook", "project", "status", "__proto__", "a");
  return fc
    .tuple(requestsOf(operation), fc.array(fc.tuple(names, there), { minLength: 1, maxLength: 5 }))
    .map(([wild, pairs]) => {
      const query = pairs.map(([name, value]) => `${name}=${value}`).join("&");
      const [path = ""] = wild.path.split("?");
      return { ...wild, path: `${path.slice(0, 500)}?${Array(200).fill(query).join("&").slice(0, 8_000)}` };
    });
}
