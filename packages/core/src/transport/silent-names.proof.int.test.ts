import { afterEach, describe, expect, test } from "vitest";
import { parseAllowTargets } from "./allow-rules.js";
import { NameServer } from "./name-server.test.support.js";
import { okAnswer } from "./raw-receiver.test.support.js";
import { TargetGuard } from "./target-guard.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
let names: NameServer | undefined;
afterEach(async () => {
  await rig.close();
  await names?.close();
});

const silentNames = 50;
const healthyNames = 50;
/** So long that every attempt of the test is over before it, on a busy machine too. */
const deadline = 60_000;

describe("Target guard: names whose servers never answer", () => {
  test(`${silentNames} silent names delay none of ${healthyNames} healthy ones, and a stop waits for none`, async () => {
    const silent = Array.from({ length: silentNames }, (_, index) => `silent-${index}.test`);
    const healthy = Array.from({ length: healthyNames }, (_, index) => `healthy-${index}.test`);
    names = await NameServer.listen({
      ...Object.fromEntries(silent.map((name) => [name, "silent" as const])),
      ...Object.fromEntries(healthy.map((name) => [name, { a: ["127.0.0.1"] }])),
    });
    const receiver = await rig.receiver({ onRequest: (socket) => socket.end(okAnswer()) });
    const guard = new TargetGuard(parseAllowTargets("loopback"));
    const transport = rig.transport({ guard, nameServers: [names.address] });

    const ended: string[] = [];
    const send = async (name: string) => {
      const outcome = await transport.send(wireRequest(receiver.url(name), { timeout: deadline }));
      ended.push(name);
      return outcome;
    };
    const waiting = silent.map((name) => send(name));
    const round = async () => {
      for (const outcome of await Promise.all(healthy.map((name) => send(name)))) {
        expect(outcome).toMatchObject({ kind: "answered", status: 200 });
      }
    };
    await round();
    await round();
    expect(ended.filter((name) => name.startsWith("silent"))).toEqual([]);

    await transport.close();
    for (const outcome of await Promise.all(waiting)) expect(outcome).toEqual({ kind: "interrupted" });
    await receiver.allClosed();
    expect(transport.size.connections).toBe(0);
  });

  test("a name that 100 deliveries wait for is asked for once at a time, and each ends with its own deadline", async () => {
    names = await NameServer.listen({ "silent.test": "silent" });
    const transport = rig.transport({ nameServers: [names.address] });
    const request = wireRequest("http://silent.test/", { timeout: 250 });
    for (const outcome of await Promise.all(Array.from({ length: 100 }, () => transport.send(request)))) {
      expect(outcome).toMatchObject({ code: "timeout", reason: expect.stringContaining("not resolved") as unknown });
    }
    expect(new Set(names.questions)).toEqual(new Set(["silent.test A", "silent.test AAAA"]));
    expect(names.questions.length).toBeLessThan(100);
  });
});
