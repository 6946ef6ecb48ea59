import { describe, expect, test } from "vitest";
import { parseAllowTargets } from "./allow-rules.js";
import { TargetGuard } from "./target-guard.js";

const closed = new TargetGuard();

function guardOf(rules: string): TargetGuard {
  return new TargetGuard(parseAllowTargets(rules));
}

// Every spelling and range that may lead to a machine that is not on the Internet, and what it is.
const blocked: readonly (readonly [literal: string, kind: string])[] = [
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["127.0.0.1.", "loopback"],
  ["0x7f.1", "loopback"],
  ["0177.0.0.1", "loopback"],
  ["2130706433", "loopback"],
  ["127.1", "loopback"],
  ["１２７.０.０.１", "loopback"],
  ["127%2e0%2e0%2e1", "loopback"],
  ["[::1]", "loopback"],
  ["[0:0:0:0:0:0:0:1]", "loopback"],
  ["[::ffff:127.0.0.1]", "loopback"],
  ["[::ffff:7f00:1]", "loopback"],
  ["[::FFFF:7F00:0001]", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "unspecified"],
  ["[::]", "unspecified"],
  ["[::ffff:0.0.0.0]", "unspecified"],
  ["[::ffff:0:7f00:1]", "translated"],
  ["[::5efe:7f00:1]", "translated"],
  ["[::200:5efe:7f00:1]", "translated"],
  ["[2001:4860::5efe:7f00:1]", "translated"],
  ["[fe80::5efe:7f00:1]", "link-local"],
  ["[::7f00:1]", "translated"],
  ["[::808:808]", "translated"],
  ["[64:ff9b::7f00:1]", "translated"],
  ["[64:ff9b::8.8.8.8]", "translated"],
  ["[64:ff9b:1::7f00:1]", "translated"],
  ["[2002:7f00:1::]", "translated"],
  ["[2002:808:808::1]", "translated"],
  ["[2001:0::]", "translated"],
  ["[2001:0:4136:e378:8000:63bf:80ff:fffe]", "translated"],
  ["[fc00::1]", "private"],
  ["[fdff::1]", "private"],
  ["10.0.0.0", "private"],
  ["10.255.255.255", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.0.1", "private"],
  ["[::ffff:192.168.0.1]", "private"],
  ["[fe80::1]", "link-local"],
  ["[febf::1]", "link-local"],
  ["169.254.0.1", "link-local"],
  ["169.254.169.254", "metadata"],
  ["[::ffff:169.254.169.254]", "metadata"],
  ["[::ffff:a9fe:a9fe]", "metadata"],
  ["169.254.170.2", "metadata"],
  ["100.100.100.200", "metadata"],
  ["192.0.0.192", "metadata"],
  ["168.63.129.16", "metadata"],
  ["[fd00:ec2::254]", "metadata"],
  ["[fd20:ce::254]", "metadata"],
  ["[ff02::1]", "multicast"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.255", "multicast"],
  ["100.64.0.1", "reserved"],
  ["100.127.255.255", "reserved"],
  ["192.0.0.1", "reserved"],
  ["192.0.2.1", "reserved"],
  ["192.88.99.1", "reserved"],
  ["198.18.0.1", "reserved"],
  ["198.19.255.255", "reserved"],
  ["198.51.100.1", "reserved"],
  ["203.0.113.1", "reserved"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "reserved"],
  ["[fec0::1]", "reserved"],
  ["[5f00::1]", "reserved"],
  ["[100::1]", "reserved"],
  ["[4000::1]", "reserved"],
  ["[2001:db8::1]", "reserved"],
  ["[2001:2::1]", "reserved"],
  ["[2001:20::1]", "reserved"],
  ["[3fff::1]", "reserved"],
];

const open = [
  "8.8.8.8",
  "1.1.1.1",
  "172.15.255.255",
  "172.32.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "[::ffff:8.8.8.8]",
  "[2606:4700::1111]",
  "[2a00:1450:4001::1]",
];

describe("a guard without rules", () => {
  test.each(blocked)("refuses http://%s/ as %s", (literal, kind) => {
    expect(closed.checkUrlLiteral(`http://${literal}/`)).toMatch(new RegExp(`\\b${kind}\\b`));
  });

  test.each(open)("lets http://%s/ be", (literal) => {
    expect(closed.checkUrlLiteral(`http://user:pass@${literal}:8080/path`)).toBeUndefined();
  });

  test.each(["localhost", "localhost.", "backend", "127.0.0.1.nip.io", "metadata.google.internal", "bücher.example"])(
    "leaves the name %s to the attempt",
    (name) => {
      expect(closed.checkUrlLiteral(`http://${name}:9090/`)).toBeUndefined();
    },
  );

  test("refuses what is no URL and what is no address", () => {
    expect(closed.checkUrlLiteral("http://[fe80::1%25lo]/")).toMatch(/cannot be read/);
    expect(closed.refusal("", "receiver.example")).toMatch(/not an IP address/);
    expect(closed.refusal("receiver.example", "receiver.example")).toMatch(/not an IP address/);
    expect(closed.refusal("2130706433", "receiver.example")).toMatch(/not an IP address/);
  });

  test("judges the addresses that a resolver gives, a zone among them", () => {
    expect(closed.refusal("fe80::1%eth0", "receiver.example")).toMatch(/link-local/);
    expect(closed.refusal("8.8.8.8", "receiver.example")).toBeUndefined();
  });

  test("names what the address is and the name that led to it, and not what a name resolves to", () => {
    expect(closed.refusal("10.0.0.7", "db.internal")).toBe(
      "db.internal resolves to a private address that HOOKWRIGHT_ALLOW_TARGETS does not open",
    );
  });
});

describe("the rule", () => {
  test.each<[rule: string, opens: readonly string[], leaves: readonly string[]]>([
    [
      "loopback",
      ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"],
      ["10.0.0.1", "0.0.0.0", "::", "64:ff9b::7f00:1", "::7f00:1"],
    ],
    [
      "private",
      ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fd12::1"],
      ["127.0.0.1", "100.64.0.1", "169.254.0.1", "fe80::1", "fd00:ec2::254"],
    ],
    ["LOOPBACK, private", ["127.0.0.1", "10.0.0.1"], ["169.254.169.254"]],
    ["10.1.0.0/16", ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3"], ["10.2.0.0", "10.0.255.255"]],
    ["10.1.2.3", ["10.1.2.3"], ["10.1.2.4"]],
    ["fd12:3456::/32", ["fd12:3456::1"], ["fd12:3457::1", "fd00::1"]],
    [
      "0.0.0.0/0",
      ["10.0.0.1", "127.0.0.1", "240.0.0.1"],
      ["169.254.169.254", "169.254.0.1", "100.100.100.200", "fd00::1"],
    ],
    ["::/0", ["fd00::1", "::1", "3fff::1"], ["fe80::1", "fd00:ec2::254", "10.0.0.1"]],
    ["169.254.0.0/16", ["169.254.0.1", "169.254.77.7"], ["169.254.169.254"]],
    ["169.254.169.254/32", ["169.254.169.254", "::ffff:169.254.169.254"], ["169.254.169.253"]],
    ["fe80::/10", ["fe80::1"], ["169.254.0.1"]],
    ["fd00:ec2::254/128", ["fd00:ec2::254"], ["fd00:ec2::23"]],
    ["100.64.0.0/10", ["100.64.0.1"], ["100.100.100.200"]],
    ["64:ff9b::/96", ["64:ff9b::8.8.8.8"], ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"]],
    ["64:ff9b::/96 loopback", ["64:ff9b::7f00:1"], ["64:ff9b::a00:1"]],
    ["backend", [], ["10.0.0.1"]],
  ])("%s opens %j and leaves %j shut", (rule, opens, leaves) => {
    const guard = guardOf(rule);
    for (const address of opens)
      expect([address, guard.refusal(address, "receiver.example")]).toEqual([address, undefined]);
    for (const address of leaves) {
      expect([address, guard.refusal(address, "receiver.example")]).toEqual([address, expect.any(String)]);
    }
  });

  test.each<[rule: string, opens: readonly string[], leaves: readonly string[]]>([
    ["backend", ["backend", "BACKEND", "backend."], ["backend.example", "my-backend"]],
    ["hooks.Internal.example.", ["hooks.internal.example"], ["internal.example", "a.hooks.internal.example"]],
    [
      "*.internal.example",
      ["a.internal.example", "a.b.internal.example."],
      ["internal.example", "evilinternal.example"],
    ],
    ["bücher.example", ["xn--bcher-kva.example"], ["bucher.example"]],
    ["under_score", ["under_score"], ["underscore"]],
  ])("%s opens the addresses of %j and not of %j, and never metadata or link-local ones", (rule, opens, leaves) => {
    const guard = guardOf(rule);
    for (const host of opens) {
      expect([host, guard.refusal("10.0.0.1", host)]).toEqual([host, undefined]);
      expect([host, guard.refusal("127.0.0.1", host)]).toEqual([host, undefined]);
      expect(guard.refusal("169.254.169.254", host)).toBeDefined();
      expect(guard.refusal("64:ff9b::a9fe:a9fe", host)).toBeDefined();
      expect(guard.refusal("fe80::1", host)).toBeDefined();
    }
    for (const host of leaves) expect([host, guard.refusal("10.0.0.1", host)]).toEqual([host, expect.any(String)]);
  });

  test("opens nothing when it is empty", () => {
    expect(guardOf(" , ").refusal("127.0.0.1", "localhost")).toBeDefined();
  });

  test.each([
    "10.1.2.3/8",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10/8",
    "fd00::/129",
    "[fd00::]/8",
    "fd00::1/8",
    "::ffff:10.0.0.0/104",
    "127.1",
    "0x7f.1",
    "2130706433",
    "*",
    "*.",
    "*.*.example",
    "a.*.example",
    "http://backend",
    "backend:9090",
    "user@backend",
    "back%65nd",
    "256.256.256.256",
    "all",
    "ANY",
    "loopbak",
    "lopback",
    "privat",
    "privates",
  ])("%s is refused, and named", (entry) => {
    expect(() => parseAllowTargets(`loopback, ${entry}`)).toThrow(
      expect.objectContaining({
        code: "configuration_invalid",
        message: expect.stringContaining(`HOOKWRIGHT_ALLOW_TARGETS: ${JSON.stringify(entry)}`) as unknown,
      }),
    );
  });

  test("a mistyped word is told the nearest one, and how a host of that name is written", () => {
    expect(() => parseAllowTargets("loopbak")).toThrow(/write loopback if you mean that, or "loopbak\." for a host/);
    expect(parseAllowTargets("loopbak., all., localhost, backend, loopbak.example").hosts).toEqual(
      new Set(["loopbak", "all", "localhost", "backend", "loopbak.example"]),
    );
    expect(parseAllowTargets("*.all, *.private").suffixes).toEqual([".all", ".private"]);
  });
});
