import { parseAllowTargets } from "./allow-rules.js";
import { RawReceiver, type RawReceiverOptions } from "./raw-receiver.test.support.js";
import { TargetGuard } from "./target-guard.js";
import type { TransportOutcome, WireRequest } from "./transport.js";
import { createUndiciTransport, type UndiciTransport, type UndiciTransportOptions } from "./undici-transport.js";

/** Owns the receivers and transports of one test, and leaves nothing of them behind. */
export class TransportRig {
  readonly #receivers: RawReceiver[] = [];
  readonly #transports: UndiciTransport[] = [];

  /** A transport that may go to loopback addresses. */
  transport(options: Partial<UndiciTransportOptions> = {}): UndiciTransport {
    const transport = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")), ...options });
    this.#transports.push(transport);
    return transport;
  }

  async receiver(options: RawReceiverOptions): Promise<RawReceiver> {
    const receiver = await RawReceiver.listen(options);
    this.#receivers.push(receiver);
    return receiver;
  }

  /** A receiver that says `answer` to each request and does nothing else. */
  answering(answer: string | Buffer): Promise<RawReceiver> {
    return this.receiver({ onRequest: (socket) => socket.write(answer) });
  }

  /** One exchange with a fresh transport. */
  send(url: string, request: Partial<WireRequest> = {}): Promise<TransportOutcome> {
    return this.transport().send(wireRequest(url, request));
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.splice(0).map((transport) => transport.close()));
    await Promise.all(this.#receivers.splice(0).map((receiver) => receiver.close()));
  }
}

/** A request of a few bytes; `timeout` is long enough never to matter where a test is not about it. */
export function wireRequest(url: string, request: Partial<WireRequest> = {}): WireRequest {
  return { url, headers: { "content-type": "application/json" }, body: Buffer.from("{}"), timeout: 10_000, ...request };
}
