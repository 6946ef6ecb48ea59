import type { LookupAddress } from "node:dns";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Lookup } from "./lookup.js";
import { NameResolver } from "./name-resolver.js";
import { NameServer, type Zone } from "./name-server.test.support.js";
import { parseNameServers } from "./name-servers.js";

let folder: string;
let names: NameServer;
let machineAsked: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hookwright-names-"));
  machineAsked = [];
});
afterEach(async () => {
  await names.close();
  rmSync(folder, { recursive: true });
});

interface Files {
  readonly hosts?: string;
  readonly resolver?: string;
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function resolver(zone: Zone, { hosts = "", resolver: rules = "" }: Files = {}): Promise<NameResolver> {
  names = await NameServer.listen(zone);
  const machine: Lookup = (host, callback) => {
    machineAsked.push(host);
    callback(null, [{ address: "127.0.0.9", family: 4 }]);
  };
  return new NameResolver({
    nameServers: [names.address],
    hostsFile: write("hosts", hosts),
    resolverFile: write("resolv.conf", rules),
    machine,
  });
}

function ask(from: NameResolver, name: string): Promise<readonly string[] | string> {
  return new Promise((resolve) => {
    from.lookup(name, (error: (Error & { code?: string }) | null, addresses: readonly LookupAddress[]) => {
      resolve(error === null ? addresses.map(({ address }) => address) : (error.code ?? error.message));
    });
  });
}

describe("the hosts file", () => {
  const hosts = [
    "# a comment",
    "127.0.0.1 localhost",
    "10.0.0.5\tBackend backend.internal # the old one",
    "fd00::5   backend",
    "10.0.0.5 backend",
    "no-address nowhere.test",
    "",
  ].join("\r\n");

  test("goes before name servers, with all addresses of a name, in any case, with or without a dot", async () => {
    const from = await resolver({ backend: { a: ["192.0.2.1"] }, "other.test": { a: ["192.0.2.2"] } }, { hosts });
    expect(await ask(from, "backend")).toEqual(["10.0.0.5", "fd00::5"]);
    expect(await ask(from, "BACKEND.internal.")).toEqual(["10.0.0.5"]);
    expect(await ask(from, "localhost")).toEqual(["127.0.0.1"]);
    expect(names.questions).toEqual([]);
    expect(await ask(from, "other.test")).toEqual(["192.0.2.2"]);
    expect(await ask(from, "nowhere.test")).toBe("ENOTFOUND");
  });

  test("is read again when it has changed, and may be absent", async () => {
    const from = await resolver({}, { hosts: "10.0.0.1 box.test" });
    expect(await ask(from, "box.test")).toEqual(["10.0.0.1"]);
    write("hosts", "10.0.0.22 box.test");
    expect(await ask(from, "box.test")).toEqual(["10.0.0.22"]);
    rmSync(join(folder, "hosts"));
    expect(await ask(from, "box.test")).toBe("ENOTFOUND");
  });
});

describe("names under localhost", () => {
  test.each(["localhost", "LocalHost.", "app.localhost", "a.b.localhost."])(
    "%s are loopback, unasked",
    async (name) => {
      const from = await resolver({ localhost: { a: ["192.0.2.1"] }, "app.localhost": { a: ["192.0.2.1"] } });
      expect(await ask(from, name)).toEqual(["127.0.0.1", "::1"]);
      expect(names.questions).toEqual([]);
    },
  );

  test("are not those that only end like it", async () => {
    const from = await resolver({ "my-localhost.test": { a: ["192.0.2.1"] }, xlocalhost: { a: ["192.0.2.2"] } });
    expect(await ask(from, "my-localhost.test")).toEqual(["192.0.2.1"]);
    expect(await ask(from, "xlocalhost")).toEqual(["192.0.2.2"]);
  });
});

describe("search domains", () => {
  const zone: Zone = {
    "backend.one.test": { a: ["10.0.0.1"] },
    "backend.two.test": { a: ["10.0.0.2"] },
    "late.two.test": { a: ["10.0.0.3"] },
    "api.svc": { a: ["10.0.0.4"] },
    "api.svc.one.test": { a: ["10.0.0.5"] },
    "failing.one.test": "servfail",
    "failing.two.test": { a: ["10.0.0.6"] },
  };
  const questions = (): readonly string[] => names.questions.filter((question) => question.endsWith(" A"));

  test("complete a name of one label, in order", async () => {
    const from = await resolver(zone, { resolver: "search one.test two.test." });
    expect(await ask(from, "backend")).toEqual(["10.0.0.1"]);
    expect(await ask(from, "late")).toEqual(["10.0.0.3"]);
    expect(await ask(from, "failing")).toEqual(["10.0.0.6"]);
    expect(await ask(from, "late.two.test")).toEqual(["10.0.0.3"]);
  });

  test("come after the name itself where it has dots enough, and before it where not", async () => {
    const from = await resolver(zone, { resolver: "domain one.test\noptions timeout:1 ndots:1" });
    expect(await ask(from, "api.svc")).toEqual(["10.0.0.4"]);
    write("resolv.conf", "search one.test\noptions ndots:5");
    expect(await ask(from, "api.svc")).toEqual(["10.0.0.5"]);
    expect(questions()).toEqual(["api.svc A", "api.svc.one.test A"]);
  });

  test("leave a name with a dot at its end alone", async () => {
    const from = await resolver(zone, { resolver: "search one.test" });
    expect(await ask(from, "api.other.")).toBe("ENOTFOUND");
    expect(questions()).toEqual(["api.other A"]);
  });

  test("are not asked behind a server that is silent", async () => {
    const from = await resolver(
      { "slow.one.test": "refused", "slow.two.test": { a: ["10.0.0.9"] } },
      {
        resolver: "search one.test two.test",
      },
    );
    expect(await ask(from, "slow")).toBe("EREFUSED");
    expect(questions()).toEqual(["slow.one.test A"]);
  });
});

describe("names that no name server has", () => {
  test("are asked of the machine when they have one label or end in .local, and of nobody else", async () => {
    const from = await resolver({});
    expect(await ask(from, "printer")).toEqual(["127.0.0.9"]);
    expect(await ask(from, "printer.local")).toEqual(["127.0.0.9"]);
    expect(await ask(from, "printer.example")).toBe("ENOTFOUND");
    expect(await ask(from, "printer.local.example")).toBe("ENOTFOUND");
    expect(machineAsked).toEqual(["printer", "printer.local"]);
  });

  test("are not asked of the machine when a name server fails", async () => {
    const from = await resolver({ printer: "servfail" });
    expect(await ask(from, "printer")).toBe("ESERVFAIL");
    expect(machineAsked).toEqual([]);
  });
});

describe("both families", () => {
  test("are asked, and IPv4 comes first", async () => {
    const from = await resolver({ "both.test": { a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8::1"] } });
    expect(await ask(from, "both.test")).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
    expect(names.questions).toEqual(["both.test A", "both.test AAAA"]);
  });

  test("answer whichever way: one with an address, the other silent, denied or failing", async () => {
    const from = await resolver({
      "four.test A": { a: ["192.0.2.1"] },
      "four.test AAAA": "silent",
      "six.test A": "silent",
      "six.test AAAA": { aaaa: ["2001:db8::1"] },
      "denied.test A": { a: ["192.0.2.3"] },
      "denied.test AAAA": "nxdomain",
      "failing.test A": "servfail",
      "failing.test AAAA": {},
    });
    expect(await ask(from, "four.test")).toEqual(["192.0.2.1"]);
    expect(await ask(from, "six.test")).toEqual(["2001:db8::1"]);
    expect(await ask(from, "denied.test")).toEqual(["192.0.2.3"]);
    expect(await ask(from, "failing.test")).toBe("ESERVFAIL");
  });
});

test("one family's silence does not hold up the other's addresses until the question is given up", async () => {
  const from = await resolver({
    "silent.test": "silent",
    "four.test A": { a: ["192.0.2.1"] },
    "four.test AAAA": "silent",
    "six.test A": "silent",
    "six.test AAAA": { aaaa: ["2001:db8::1"] },
  });
  const silent = ask(from, "silent.test");
  const others = Promise.all([ask(from, "four.test"), ask(from, "six.test")]);
  expect(await Promise.race([silent, others])).toEqual([["192.0.2.1"], ["2001:db8::1"]]);
});

test("a question that was lost is asked again", async () => {
  const from = await resolver({ "lost.test": ["silent", { a: ["192.0.2.1"] }] });
  expect(await ask(from, "lost.test")).toEqual(["192.0.2.1"]);
  expect(names.questions.length).toBeGreaterThan(2);
});

test("what is no name at all is told, and stops nothing", async () => {
  const from = await resolver({});
  for (const name of ["", "a..b", `${"x".repeat(64)}.test`, "-", "a b", "\0"]) {
    expect(await ask(from, name)).toEqual(expect.anything());
  }
});

test("name servers that cannot be asked are told so", async () => {
  names = await NameServer.listen({});
  const gone = await NameServer.listen({});
  const { address } = gone;
  await gone.close();
  const from = new NameResolver({ nameServers: [address] });
  expect(await ask(from, "receiver.test")).toBe("ECONNREFUSED");
});

describe("a list of name servers", () => {
  test("is read", async () => {
    names = await NameServer.listen({});
    expect(parseNameServers(" 10.0.0.2, 10.0.0.3:5353 fd00::2,[fd00::3] [fd00::4]:53 ")).toEqual([
      "10.0.0.2",
      "10.0.0.3:5353",
      "fd00::2",
      "[fd00::3]",
      "[fd00::4]:53",
    ]);
    expect(parseNameServers("")).toEqual([]);
    const all = new NameResolver({ nameServers: parseNameServers(`[::1]:1 fd00::2,${names.address}`) });
    expect(await ask(all, "receiver.test")).toEqual(expect.any(String));
  });

  test.each([
    "ns.example",
    "10.0.0",
    "10.0.0.2:",
    "10.0.0.2:0",
    "10.0.0.2:65536",
    "fd00::2:x",
    "[10.0.0.2]",
    "[fd00::2",
  ])("with %s is refused, and it is named", async (entry) => {
    names = await NameServer.listen({});
    expect(() => parseNameServers(`10.0.0.1, ${entry}`)).toThrow(
      expect.objectContaining({
        code: "configuration_invalid",
        message: expect.stringContaining(`HOOKWRIGHT_NAME_SERVERS: ${JSON.stringify(entry)}`) as unknown,
      }),
    );
  });
});
