import { describe, expect, test } from "vitest";
import { createWebhooks } from "../webhooks.js";
import { GuardScene, hasIpv6 } from "./guard-scene.test.support.js";

interface Row {
  readonly rule: string;
  /** Hosts that it opens. */
  readonly opens: readonly string[];
  /** Hosts beside them that stay shut, of this machine and of others. */
  readonly leaves: readonly string[];
}

const zone = {
  "receiver.test": { a: ["127.0.0.1"] },
  "sub.receiver.test": { a: ["127.0.0.1"] },
  "other.test": { a: ["127.0.0.1"] },
  "two.test": { a: ["127.0.0.2"] },
  "a.hooks.test": { a: ["127.0.0.1"] },
  "a.b.hooks.test": { a: ["127.0.0.3"] },
  "hooks.test": { a: ["127.0.0.1"] },
  "evilhooks.test": { a: ["127.0.0.1"] },
  "a.hooks.test.evil.test": { a: ["127.0.0.1"] },
  "xn--bcher-kva.test": { a: ["127.0.0.1"] },
  "bucher.test": { a: ["127.0.0.1"] },
  "meta.test": { a: ["169.254.169.254"] },
  "local.test": { aaaa: ["fe80::1"] },
  backend: { a: ["127.0.0.1"] },
};

const rows: readonly Row[] = [
  { rule: "127.0.0.2/32", opens: ["127.0.0.2", "two.test"], leaves: ["127.0.0.1", "127.0.0.3", "receiver.test"] },
  { rule: "127.0.0.2", opens: ["127.0.0.2", "two.test"], leaves: ["127.0.0.1", "receiver.test"] },
  { rule: "127.0.0.0/30", opens: ["127.0.0.1", "127.0.0.3", "other.test"], leaves: ["127.0.0.4", "10.0.0.1", "[::1]"] },
  { rule: "::1/128", opens: ["[::1]"], leaves: ["127.0.0.1", "[::]", "[::7f00:1]", "receiver.test"] },
  { rule: "::1", opens: ["[::1]"], leaves: ["127.0.0.1", "[fe80::1]"] },
  { rule: "fd00::/8", opens: [], leaves: ["[::1]", "[fc00::1]", "127.0.0.1"] },
  {
    rule: "receiver.test",
    opens: ["receiver.test", "RECEIVER.test", "receiver.test."],
    leaves: ["other.test", "sub.receiver.test", "127.0.0.1"],
  },
  { rule: "backend", opens: ["backend", "BACKEND"], leaves: ["receiver.test", "127.0.0.1", "localhost"] },
  { rule: "bücher.test", opens: ["bücher.test", "xn--bcher-kva.test"], leaves: ["bucher.test"] },
  {
    rule: "*.hooks.test",
    opens: ["a.hooks.test", "a.b.hooks.test"],
    leaves: ["hooks.test", "evilhooks.test", "a.hooks.test.evil.test", "127.0.0.1"],
  },
  {
    rule: "loopback",
    opens: ["127.0.0.1", "127.8.9.10", "localhost", "receiver.test", "[::1]", "[::ffff:7f00:1]"],
    leaves: ["0.0.0.0", "[::]", "10.0.0.1", "169.254.169.254", "[fe80::1]", "[64:ff9b::7f00:1]", "[::7f00:1]"],
  },
  {
    rule: "private",
    opens: [],
    leaves: [
      "127.0.0.1",
      "localhost",
      "receiver.test",
      "169.254.169.254",
      "100.64.0.1",
      "[fe80::1]",
      "[fd00:ec2::254]",
    ],
  },
  {
    rule: "0.0.0.0/0",
    opens: ["127.0.0.1"],
    leaves: ["169.254.169.254", "169.254.0.1", "100.100.100.200", "[::1]", "meta.test"],
  },
  { rule: "::/0", opens: ["[::1]"], leaves: ["[fe80::1]", "[fd00:ec2::254]", "127.0.0.1", "local.test"] },
  { rule: "meta.test, local.test", opens: [], leaves: ["meta.test", "local.test", "169.254.169.254"] },
  { rule: "169.254.0.0/16", opens: [], leaves: ["meta.test", "169.254.169.254", "127.0.0.1"] },
];

// Nothing is dialled for these: what answers at such an address is not this test's.
const judged: readonly Row[] = [
  {
    rule: "private",
    opens: ["10.0.0.1", "172.16.0.1", "192.168.255.255", "[fd12::1]"],
    leaves: ["127.0.0.1", "0.0.0.0"],
  },
  {
    rule: "10.1.0.0/16",
    opens: ["10.1.0.0", "10.1.255.255", "[::ffff:10.1.2.3]"],
    leaves: ["10.0.255.255", "10.2.0.0"],
  },
  { rule: "fd12:3456::/32", opens: ["[fd12:3456::1]"], leaves: ["[fd12:3457::1]", "[fd12:3455:ffff::1]"] },
  { rule: "169.254.169.254/32", opens: ["169.254.169.254"], leaves: ["169.254.169.253", "169.254.170.2"] },
  { rule: "169.254.0.0/16", opens: ["169.254.0.1"], leaves: ["169.254.169.254", "169.254.170.2"] },
  { rule: "fe80::/10", opens: ["[fe80::1]"], leaves: ["169.254.0.1", "[fec0::1]"] },
  { rule: "fd00:ec2::254", opens: ["[fd00:ec2::254]"], leaves: ["[fd00:ec2::23]", "[fd00:ec2::253]"] },
  { rule: "100.64.0.0/10", opens: ["100.64.0.1"], leaves: ["100.100.100.200", "10.0.0.1"] },
  { rule: "64:ff9b::/96", opens: ["[64:ff9b::808:808]"], leaves: ["[64:ff9b::a00:1]", "[64:ff9b::a9fe:a9fe]"] },
];

function isDialable(host: string): boolean {
  return hasIpv6 || !host.includes("[::1]");
}

describe("Target guard: what an allow rule opens, and nothing beside it", () => {
  test.each(rows.map((row) => [titleOf(row), row] as const))("%s", async (_, { rule, opens, leaves }) => {
    const scene = await GuardScene.open(createWebhooks, { allow: rule, zone });
    try {
      for (const host of opens.filter(isDialable)) {
        expect([host, await scene.deliver(scene.url(host))]).toEqual([host, 200]);
      }
      const dialled = scene.reached.length;
      expect(dialled).toBe(opens.filter(isDialable).length);
      for (const host of leaves) {
        const isName = /[a-z]\.?$/i.test(host);
        const left = isName ? await scene.deliver(scene.url(host)) : await scene.save(scene.url(host));
        expect([host, left]).toEqual([host, isName ? "target_blocked" : expect.stringContaining("url")]);
      }
      expect(scene.reached).toHaveLength(dialled);
    } finally {
      await scene.close();
    }
  });

  test.each(judged.map((row) => [titleOf(row), row] as const))("when saved, %s", async (_, { rule, opens, leaves }) => {
    const scene = await GuardScene.open(createWebhooks, { allow: rule });
    try {
      for (const host of opens) expect([host, await scene.save(scene.url(host))]).toEqual([host, undefined]);
      for (const host of leaves) {
        expect([host, await scene.save(scene.url(host))]).toEqual([host, expect.any(String)]);
      }
    } finally {
      await scene.close();
    }
  });
});

function titleOf({ rule, opens, leaves }: Row): string {
  const opened = opens.length === 0 ? "nothing that this machine has" : opens.join(", ");
  return `${rule} opens ${opened}; not ${leaves.join(", ")}`;
}
