import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebhooks } from "../webhooks.js";
import { parseAllowTargets } from "./allow-rules.js";
import { GuardScene, hasIpv6 } from "./guard-scene.test.support.js";
import { TargetGuard } from "./target-guard.js";
import { wireRequest } from "./transport-rig.test.support.js";
import { createUndiciTransport, type UndiciTransport } from "./undici-transport.js";

interface Row {
  /** `PORT` stands for the port of a receiver on every address of this machine. */
  readonly url: string;
  /** What the attempt ends with, where a webhook got past the save: by an older version, or by a middleware that changed the URL. */
  readonly attempt: "target_blocked" | "target_invalid";
  /** The address of this machine that it leads to once everything is allowed: the spelling is a real one. */
  readonly leads?: string;
}

const four = "127.0.0.1";
const blocked = "target_blocked";
const long = "x".repeat(8_000);

/** All of them are refused when they are saved, too. */
const rows: readonly Row[] = [
  { url: "http://127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.0.0.1.:PORT/", attempt: blocked, leads: four },
  { url: "http://127.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://2130706433:PORT/", attempt: blocked, leads: four },
  { url: "http://017700000001:PORT/", attempt: blocked, leads: four },
  { url: "http://0x7f000001:PORT/", attempt: blocked, leads: four },
  { url: "http://0x7f.1:PORT/", attempt: blocked, leads: four },
  { url: "http://0177.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://0x7F.0.0.0x1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.000.000.001:PORT/", attempt: blocked, leads: four },
  { url: "http://１２７.０.０.１:PORT/", attempt: blocked, leads: four },
  { url: "http://①②⑦.⓪.⓪.①:PORT/", attempt: blocked, leads: four },
  { url: "http://127。0。0。1:PORT/", attempt: blocked, leads: four },
  { url: "http://127%2e0%2e0%2e1:PORT/", attempt: blocked, leads: four },
  { url: "http://%31%32%37.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.\u00ad0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.8.9.10:PORT/", attempt: blocked, leads: "127.8.9.10" },
  { url: "http://user:pw@127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://hooks.example.com@127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://hooks.example.com%2f@127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.0.0.1:PORT\\@hooks.example.com/", attempt: blocked, leads: four },
  { url: "http:\\\\127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http:127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "http:////127.0.0.1:PORT/", attempt: blocked, leads: four },
  { url: "ht\ntp://127.0.\t0.1:PORT/", attempt: blocked, leads: four },
  { url: "http://127.0.0.1:PORT#@hooks.example.com/", attempt: blocked, leads: four },
  { url: "http://127.0.0.1:PORT?@hooks.example.com/", attempt: blocked, leads: four },
  { url: "http://127.0.0.1:PORT/%0d%0aHost:%20hooks.example.com", attempt: blocked, leads: four },
  { url: `http://127.0.0.1:PORT/${long}`, attempt: blocked, leads: four },
  { url: "https://127.0.0.1:PORT/", attempt: blocked },
  { url: "http://127.0.0.1:22/", attempt: blocked },
  { url: "http://0.0.0.0:PORT/", attempt: blocked },
  { url: "http://0:PORT/", attempt: blocked },
  { url: "http://0x0.0x0:PORT/", attempt: blocked },
  { url: "http://[::1]:PORT/", attempt: blocked, leads: "::1" },
  { url: "http://[0:0:0:0:0:0:0:1]:PORT/", attempt: blocked, leads: "::1" },
  { url: "http://[0000::0001]:PORT/", attempt: blocked, leads: "::1" },
  { url: "http://[::0.0.0.1]:PORT/", attempt: blocked, leads: "::1" },
  { url: "http://[::ffff:127.0.0.1]:PORT/", attempt: blocked, leads: four },
  { url: "http://[::ffff:7f00:1]:PORT/", attempt: blocked, leads: four },
  { url: "http://[0:0:0:0:0:FFFF:7F00:0001]:PORT/", attempt: blocked, leads: four },
  { url: "http://[::]:PORT/", attempt: blocked },
  { url: "http://[::ffff:0.0.0.0]:PORT/", attempt: blocked },
  { url: "http://[::ffff:0:7f00:1]:PORT/", attempt: blocked },
  { url: "http://[::7f00:1]:PORT/", attempt: blocked },
  { url: "http://[::5efe:7f00:1]:PORT/", attempt: blocked },
  { url: "http://[fe80::5efe:7f00:1]:PORT/", attempt: blocked },
  { url: "http://[2001:4860::200:5efe:7f00:1]:PORT/", attempt: blocked },
  { url: "http://[64:ff9b::7f00:1]:PORT/", attempt: blocked },
  { url: "http://[64:ff9b:1::7f00:1]:PORT/", attempt: blocked },
  { url: "http://[2002:7f00:1::]:PORT/", attempt: blocked },
  { url: "http://[2001:0::]:PORT/", attempt: blocked },
  { url: "http://[2001:0:7f00:1::80ff:fffe]:PORT/", attempt: blocked },
  { url: "http://[fc00::1]:PORT/", attempt: blocked },
  { url: "http://[fdff::1]:PORT/", attempt: blocked },
  { url: "http://[fe80::1]:PORT/", attempt: blocked },
  { url: "http://[fec0::1]:PORT/", attempt: blocked },
  { url: "http://[ff02::1]:PORT/", attempt: blocked },
  { url: "http://[5f00::1]:PORT/", attempt: blocked },
  { url: "http://[100::1]:PORT/", attempt: blocked },
  { url: "http://[100:0:0:1::1]:PORT/", attempt: blocked },
  { url: "http://[2001:db8::1]:PORT/", attempt: blocked },
  { url: "http://[3fff::1]:PORT/", attempt: blocked },
  { url: "http://[fd00:ec2::254]/", attempt: blocked },
  { url: "http://10.0.0.1:PORT/", attempt: blocked },
  { url: "http://0xa.1:PORT/", attempt: blocked },
  { url: "http://172.16.0.1:PORT/", attempt: blocked },
  { url: "http://192.168.0.1:PORT/", attempt: blocked },
  { url: "http://100.64.0.1:PORT/", attempt: blocked },
  { url: "http://169.254.169.254/latest/meta-data/", attempt: blocked },
  { url: "http://2852039166/latest/meta-data/", attempt: blocked },
  { url: "http://[::ffff:a9fe:a9fe]/latest/meta-data/", attempt: blocked },
  { url: "http://100.100.100.200/", attempt: blocked },
  { url: "http://168.63.129.16/", attempt: blocked },
  { url: "http://192.0.0.1/", attempt: blocked },
  { url: "http://192.0.2.1/", attempt: blocked },
  { url: "http://192.88.99.1/", attempt: blocked },
  { url: "http://198.18.0.1/", attempt: blocked },
  { url: "http://198.51.100.1/", attempt: blocked },
  { url: "http://203.0.113.1/", attempt: blocked },
  { url: "http://224.0.0.1/", attempt: blocked },
  { url: "http://240.0.0.1/", attempt: blocked },
  { url: "http://255.255.255.255/", attempt: blocked },
  { url: "http://[::1%25lo]:PORT/", attempt: "target_invalid" },
  { url: "http://[fe80::1%25lo]:PORT/", attempt: "target_invalid" },
  { url: "http://[fe80::1%lo]:PORT/", attempt: "target_invalid" },
  { url: "http://[127.0.0.1]:PORT/", attempt: "target_invalid" },
  { url: "http://127.0.0.1.1:PORT/", attempt: "target_invalid" },
  { url: "http://256.0.0.1:PORT/", attempt: "target_invalid" },
  { url: "http://a b:PORT/", attempt: "target_invalid" },
  { url: "http://127.0.0.1%0d%0a:PORT/", attempt: "target_invalid" },
  { url: "http://127.0.0.1%00.example.com:PORT/", attempt: "target_invalid" },
  { url: "http://:PORT/", attempt: "target_invalid" },
  { url: "http://", attempt: "target_invalid" },
  { url: "//127.0.0.1:PORT/", attempt: "target_invalid" },
  { url: "127.0.0.1:PORT", attempt: "target_invalid" },
  { url: "https://hooks.example.com:0/", attempt: "target_invalid" },
  { url: "https://hooks.example.com:65536/", attempt: "target_invalid" },
  { url: "ftp://127.0.0.1:PORT/", attempt: "target_invalid" },
  { url: "ws://127.0.0.1:PORT/", attempt: "target_invalid" },
  { url: "gopher://127.0.0.1:PORT/_x", attempt: "target_invalid" },
  { url: "unix:/run/docker.sock", attempt: "target_invalid" },
  { url: "file:///etc/passwd", attempt: "target_invalid" },
  { url: "data:text/plain,x", attempt: "target_invalid" },
  { url: "javascript:fetch('//127.0.0.1')", attempt: "target_invalid" },
  { url: "blob:http://127.0.0.1:PORT/x", attempt: "target_invalid" },
];

describe("Target guard: addresses and URLs, refused when saved and at each attempt", () => {
  let scene: GuardScene;
  let closed: UndiciTransport;
  let open: UndiciTransport;

  beforeAll(async () => {
    scene = await GuardScene.open(createWebhooks);
    const nameServers = [scene.names.address];
    closed = createUndiciTransport({ guard: new TargetGuard(), nameServers });
    open = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")), nameServers });
  });
  afterAll(async () => {
    await Promise.all([closed.close(), open.close()]);
    await scene.close();
  });

  test.each(rows.map((row) => [titleOf(row), row] as const))("%s", async (_, { url, attempt, leads }) => {
    const target = url.replace("PORT", String(scene.receiver.port));
    const before = scene.reached.length;
    expect(await scene.save(target)).toMatch(/url/i);
    expect(await closed.send(wireRequest(target))).toMatchObject({ kind: "unreachable", code: attempt });
    expect(scene.reached.length).toBe(before);
    expect(closed.size.connections).toBe(0);
    // The guard alone kept it from being dialled.
    if (leads === undefined || (leads === "::1" && !hasIpv6)) return;
    expect(await open.send(wireRequest(target))).toMatchObject({ status: 200 });
    expect(scene.reached.slice(before)).toEqual([leads]);
  });

  test("http://127.0.0.1/%0d%0a…, once allowed, puts no line of its own into the request", async () => {
    const url = scene.url("127.0.0.1", "/%0d%0aX-Own:%201?%0d%0a#%0d%0a");
    expect(await open.send(wireRequest(url))).toMatchObject({ status: 200 });
    expect(scene.receiver.requests.at(-1)?.head).toMatch(
      /^POST \/%0d%0aX-Own:%201\?%0d%0a HTTP\/1\.1\r\n(?!.*\nx-own)/i,
    );
  });
});

function titleOf({ url, attempt }: Row): string {
  const shown = url.length > 100 ? `${url.slice(0, 30)}… (${url.length} characters)` : url;
  return `${JSON.stringify(shown).slice(1, -1)}: ${attempt}, nothing dialled`;
}
