import { createServer } from "node:net";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import { systemClock } from "../foundation/clock.js";
import type { Logger } from "../observe/logger.js";
import { Watchdog } from "../observe/watchdog.js";
import { parseAllowTargets } from "../transport/allow-rules.js";
import { TargetGuard } from "../transport/target-guard.js";
import { createUndiciTransport } from "../transport/undici-transport.js";
import { deadlineLayer } from "./deadline-layer.js";
import { headersLayer } from "./headers-layer.js";
import { loggingLayer } from "./logging-layer.js";
import { OutgoingRequest } from "./outgoing-request.js";
import { payloadStrippingLayer } from "./payload-stripping-layer.js";
import { Pipeline } from "./pipeline.js";

const secret = "s3cr3t";

/** A port where nothing listens: one that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("the server had no port");
  return address.port;
}

test.each([
  ["refuses", (port: number) => `http://user:${secret}@127.0.0.1:${port}/hook?token=${secret}`],
  ["is blocked", () => `http://${secret}@10.0.0.1/hook?token=${secret}`],
  ["is of another scheme", () => `ftp://${secret}@127.0.0.1/hook?token=${secret}`],
  ["cannot be read", () => `http://${secret}@:x/${secret}`],
])("a real receiver that %s leaves no secret in the log", async (_how, urlOf) => {
  const lines: unknown[] = [];
  const line = (...parts: unknown[]): void => void lines.push(parts);
  const logger: Logger = { isEnabled: () => true, debug: line, info: line, warn: line, error: line };
  const transport = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")) });
  const pipeline = new Pipeline({
    clock: systemClock,
    middlewareLimit: 5_000,
    builtin: [
      loggingLayer(logger),
      payloadStrippingLayer,
      headersLayer({ userAgent: "Hookwright/1.0.0", origin: "sender.example" }),
      deadlineLayer(5_000),
    ],
    transport,
    onFault: ({ error }) => line(error),
    watchdog: new Watchdog(line),
  });
  const target = { url: urlOf(await closedPort()), headers: { Authorization: `Bearer ${secret}`, "X-Plain": secret } };
  const { outcome } = await pipeline.run(OutgoingRequest.of(claimedDelivery({ target }), systemClock.now()));
  await transport.close();
  expect(outcome.kind).toBe("unreachable");
  expect(lines).toHaveLength(2);
  expect(inspect(lines, { depth: 20 })).not.toContain(secret);
});
