import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { createMemoryStore } from "../store/memory-store.js";
import { createWebhooks } from "../webhooks.js";
import { NameServer } from "./name-server.test.support.js";
import { failureBy } from "./network-failure.js";
import { okAnswer } from "./raw-receiver.test.support.js";
import { TransportRig } from "./transport-rig.test.support.js";

const rig = new TransportRig();
let names: NameServer | undefined;
afterEach(async () => {
  await rig.close();
  await names?.close();
});

const program = fileURLToPath(new URL("./descriptor-shortage.test.support.ts", import.meta.url));

// Lets Node run the sources: it strips types by itself, and looks for no `.ts` behind a `.js`.
const sources = `import { registerHooks } from "node:module";
registerHooks({ resolve: (name, context, next) =>
  next(/^\\.\\.?\\/.*\\.js$/.test(name) && context.parentURL.endsWith(".ts") ? name.replace(/js$/, "ts") : name, context) });`;

describe("Faults of the sender's own machine: nothing counts against the receiver", () => {
  test("no file descriptor left (a process under ulimit -n): machine_failed, for an address and for a name; 200 once there is room", async () => {
    names = await NameServer.listen({ "receiver.test": { a: ["127.0.0.1"] } });
    const receiver = await rig.receiver({ onRequest: (socket) => socket.end(okAnswer()) });
    const node = [process.execPath, "--no-warnings", "--import", `data:text/javascript,${encodeURIComponent(sources)}`];
    const run = [...node, program, names.address, receiver.url(), receiver.url("receiver.test")];
    const { stdout } = await promisify(execFile)("sh", ["-c", 'ulimit -n 60 && exec "$@"', "sh", ...run]);
    const failed = ["sender-failed machine_failed", "sender-failed machine_failed"];
    expect(JSON.parse(stdout)).toEqual({ none: failed, some: ["200", "200"], later: failed, last: ["200", "200"] });
    expect(receiver.requests).toHaveLength(4);
  });

  test("name servers that cannot be asked: machine_failed", async () => {
    names = await NameServer.listen({});
    const { address } = names;
    await names.close();
    names = undefined;
    const transport = rig.transport({ nameServers: [address] });
    const outcome = await transport.send({
      url: "http://receiver.test/",
      headers: {},
      body: Buffer.alloc(0),
      timeout: 10_000,
    });
    expect(outcome).toMatchObject({ kind: "sender-failed", cause: { code: "machine_failed" } });
    expect(transport.size.connections).toBe(0);
  });

  test.each(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL", "ENETDOWN"])(
    "%s while connecting: the delivery waits and is repeated, and the webhook stays as it is",
    async (code) => {
      const cause = Object.assign(new Error(`connect ${code} 192.0.2.1:443`), { code });
      const outcome = failureBy(cause, { authority: "receiver.example:443", phase: "connecting" });
      const hooks = await createWebhooks({
        store: createMemoryStore(),
        settings: { maxConsecutiveFailures: 1 },
        transport: { send: async () => outcome, close: async () => undefined },
      });
      const attempted = Promise.withResolvers<void>();
      hooks.on("attempt.recorded", () => attempted.resolve());
      await hooks.start();
      const webhook = await hooks.webhooks.create({ url: "https://receiver.example/", project: 1 });
      const { id } = await hooks.emit("ANNOTATION_CREATED", { annotation: { id: 1 } }, { project: 1 });
      await attempted.promise;
      const [delivery] = await hooks.deliveries.list();
      expect(delivery).toMatchObject({ message: id, status: "pending" });
      expect(await hooks.webhooks.get(webhook.id)).toMatchObject({ isActive: true });
      const { attempts } = await hooks.deliveries.get(delivery?.id ?? "");
      expect(attempts).toMatchObject([{ code: "machine_failed", error: expect.stringContaining(code) as unknown }]);
      await hooks.stop();
    },
  );
});
