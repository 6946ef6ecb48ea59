import { describe, expect, test } from "vitest";
import { createWebhooks } from "../webhooks.js";
import { GuardScene, hasIpv6, type Tried } from "./guard-scene.test.support.js";
import type { Zone } from "./name-server.test.support.js";

interface Row {
  readonly title: string;
  /** `receiver.test` unless given. */
  readonly host?: string;
  readonly zone: Zone;
  /** Nothing unless given: 127.0.0.2 stands for a public address, which a test cannot dial. */
  readonly allow?: string;
  readonly timeout?: number;
  /** One for each attempt, and the addresses that were dialled in all of them. */
  readonly tried: readonly Tried[];
  readonly reached?: readonly string[];
  /** How often name servers were asked for an IPv4 address in all of the attempts; once for each unless given. */
  readonly asked?: number | "any";
}

const host = "receiver.test";
const open = "127.0.0.2/32";
/** Long enough for a loopback exchange on a busy machine; only what never ends by itself ends by it. */
const deadline = 250;

const rows: readonly Row[] = [
  { title: "a private address", zone: { [host]: { a: ["10.0.0.1"] } }, tried: ["target_blocked"] },
  { title: "a loopback address", zone: { [host]: { a: ["127.0.0.1"] } }, tried: ["target_blocked"] },
  { title: "the metadata address", zone: { [host]: { a: ["169.254.169.254"] } }, tried: ["target_blocked"] },
  { title: "the unspecified address", zone: { [host]: { a: ["0.0.0.0"] } }, tried: ["target_blocked"] },
  { title: "a private IPv6 address only", zone: { [host]: { aaaa: ["fd00::1"] } }, tried: ["target_blocked"] },
  { title: "the IPv6 loopback only", zone: { [host]: { aaaa: ["::1"] } }, tried: ["target_blocked"] },
  { title: "a mapped loopback", zone: { [host]: { aaaa: ["::ffff:7f00:1"] } }, tried: ["target_blocked"] },
  { title: "a translated loopback", zone: { [host]: { aaaa: ["64:ff9b::7f00:1"] } }, tried: ["target_blocked"] },
  { title: "a 6to4 loopback", zone: { [host]: { aaaa: ["2002:7f00:1::"] } }, tried: ["target_blocked"] },
  {
    title: "the address that it spells (127.0.0.1.nip.io)",
    host: "127.0.0.1.nip.io",
    zone: { "127.0.0.1.nip.io": { a: ["127.0.0.1"] } },
    tried: ["target_blocked"],
  },
  {
    title: "an open address, then a forbidden one",
    zone: { [host]: { a: ["127.0.0.2", "127.0.0.1"] } },
    allow: open,
    tried: [200, 200, 200],
    reached: ["127.0.0.2", "127.0.0.2", "127.0.0.2"],
  },
  {
    title: "a forbidden address, then an open one",
    zone: { [host]: { a: ["127.0.0.1", "127.0.0.2"] } },
    allow: open,
    tried: [200, 200, 200],
    reached: ["127.0.0.2", "127.0.0.2", "127.0.0.2"],
  },
  {
    title: "an open IPv4 and a forbidden IPv6 address",
    zone: { [host]: { a: ["127.0.0.2"], aaaa: ["::1", "fd00::1"] } },
    allow: open,
    tried: [200],
    reached: ["127.0.0.2"],
  },
  {
    title: "a forbidden IPv4 and an open IPv6 address",
    zone: { [host]: { a: ["127.0.0.1"], aaaa: ["::1"] } },
    allow: "::1",
    tried: [200],
    reached: ["::1"],
  },
  {
    title: "an open address at first, then a forbidden one (rebinding, TTL 0)",
    zone: { [host]: [{ a: ["127.0.0.2"] }, { a: ["127.0.0.1"] }] },
    allow: open,
    tried: [200, "target_blocked", "target_blocked"],
    reached: ["127.0.0.2"],
  },
  {
    title: "an open address to be kept for an hour, then a forbidden one",
    zone: { [host]: [{ a: ["127.0.0.2"], ttl: 3_600 }, { a: ["127.0.0.1"] }] },
    allow: open,
    tried: [200, "target_blocked"],
    reached: ["127.0.0.2"],
  },
  {
    title: "a forbidden address at first, then an open one",
    zone: { [host]: [{ a: ["127.0.0.1"] }, { a: ["127.0.0.2"] }] },
    allow: open,
    tried: ["target_blocked", 200],
    reached: ["127.0.0.2"],
  },
  {
    title: "an open address only at the second question",
    zone: { [host]: ["servfail", { a: ["127.0.0.2"] }] },
    allow: open,
    tried: ["dns_failed", 200],
    reached: ["127.0.0.2"],
  },
  {
    title: "localhost by an alias",
    zone: { [host]: { cname: "localhost", a: ["127.0.0.1"] } },
    tried: ["target_blocked"],
  },
  {
    title: "localhost by an alias without an address",
    zone: { [host]: { cname: "localhost" } },
    allow: "loopback",
    tried: ["dns_failed"],
  },
  {
    title: "a metadata name by an alias, where the name itself is allowed",
    zone: { [host]: { cname: "metadata.internal", a: ["169.254.169.254"] } },
    allow: host,
    tried: ["target_blocked"],
  },
  {
    title: "a name of another script, to a private address",
    host: "bücher.test",
    zone: { "xn--bcher-kva.test": { a: ["10.0.0.1"] } },
    tried: ["target_blocked"],
  },
  {
    title: "nothing, spelled like localhost with a Cyrillic letter",
    host: "lоcalhost",
    zone: {},
    allow: "localhost",
    tried: ["dns_failed"],
  },
  { title: "loopback by its own name", host: "localhost", zone: {}, tried: ["target_blocked"], asked: 0 },
  { title: "loopback by its own name with a dot", host: "LOCALHOST.", zone: {}, tried: ["target_blocked"], asked: 0 },
  { title: "loopback by a name under localhost", host: "a.localhost", zone: {}, tried: ["target_blocked"], asked: 0 },
  { title: "nothing: there is no such name", zone: {}, tried: ["dns_failed"] },
  { title: "nothing: it has no address", zone: { [host]: {} }, tried: ["dns_failed"] },
  { title: "nothing: its server fails", zone: { [host]: "servfail" }, tried: ["dns_failed"] },
  { title: "nothing: its server refuses", zone: { [host]: "refused" }, tried: ["dns_failed"] },
  { title: "nothing: its server says nothing", zone: { [host]: "silent" }, timeout: deadline, tried: ["timeout"] },
  { title: "nothing: its server talks nonsense", zone: { [host]: "garbage" }, tried: ["dns_failed"], asked: "any" },
  {
    title: "an open address, and its server says nothing of the other family",
    zone: { [`${host} A`]: { a: ["127.0.0.2"] }, [`${host} AAAA`]: "silent" },
    allow: open,
    tried: [200],
    reached: ["127.0.0.2"],
  },
  {
    title: "a forbidden address, and its server says nothing of the other family",
    zone: { [`${host} A`]: { a: ["127.0.0.1"] }, [`${host} AAAA`]: "silent" },
    tried: ["target_blocked"],
  },
  {
    title: "an open address, and its server denies the name for the other family",
    zone: { [`${host} A`]: { a: ["127.0.0.2"] }, [`${host} AAAA`]: "nxdomain" },
    allow: open,
    tried: [200],
    reached: ["127.0.0.2"],
  },
  {
    title: "an open address in a long answer, whole over TCP only",
    zone: { [host]: { a: ["127.0.0.2"], truncated: true } },
    allow: open,
    tried: [200],
    reached: ["127.0.0.2"],
  },
  {
    title: "a forbidden address in a long answer, whole over TCP only",
    zone: { [host]: { a: ["127.0.0.1"], truncated: true } },
    tried: ["target_blocked"],
  },
];

describe("Target guard: names, judged at each attempt by what they resolve to", () => {
  const dialable = rows.filter(({ reached = [] }) => hasIpv6 || !reached.includes("::1"));
  test.each(dialable.map((row) => [titleOf(row), row] as const))("%s", async (_, row) => {
    const { zone, allow = "", timeout = 10_000, tried, reached = [], asked = tried.length } = row;
    const scene = await GuardScene.open(createWebhooks, { allow, zone, timeout });
    try {
      const url = scene.url(row.host ?? host);
      const outcomes: Tried[] = [];
      for (const _ of tried) outcomes.push(await scene.deliver(url));
      expect(outcomes).toEqual(tried);
      expect(scene.reached).toEqual(reached);
      const questions = scene.names.questions.filter((question) => question.endsWith(" A"));
      if (asked !== "any") expect(questions).toHaveLength(asked);
    } finally {
      await scene.close();
    }
  });
});

function titleOf({ title, allow = "nothing", tried, reached = [] }: Row): string {
  const dialled = reached.length === 0 ? "nothing dialled" : `dialled ${[...new Set(reached)].join(", ")} only`;
  return `leads to ${title}, ${allow} allowed: ${[...new Set(tried)].join(", then ")}; ${dialled}`;
}
