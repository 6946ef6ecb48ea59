import type { ClaimedDelivery, Message } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { WireRequest } from "../transport/transport.js";

/** Names that HTTP itself needs: a request with one of these from outside would not be the request that was measured and signed. */
const framing = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "keep-alive",
  "expect",
]);

const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const valuePattern = /^[\t\x20-\x7e]*$/;

/** What the layers make of a request, from nothing to what leaves. */
interface RequestParts extends Pick<WireRequest, "headers" | "body" | "timeout"> {
  /** Whether the phase `sign` is over: what signatures are made of stays as it is. */
  readonly signed: boolean;
}

const noBytes = new Uint8Array();
const noParts: RequestParts = { headers: Object.freeze({}), body: noBytes, timeout: 0, signed: false };

/** What all requests of one attempt come from. */
interface Origin {
  readonly delivery: ClaimedDelivery;
  readonly startedAt: number;
  /** The delivery as middlewares see it, once one has asked. */
  shown: ClaimedDelivery | undefined;
}

/** Stage 3: the request of one attempt. Only a claimed delivery makes one; each change makes a new one. */
export class OutgoingRequest {
  readonly #origin: Origin;
  readonly #parts: RequestParts;

  private constructor(origin: Origin, parts: RequestParts) {
    this.#origin = origin;
    this.#parts = parts;
    // Layers below may get the same object.
    Object.freeze(this);
  }

  static {
    // What a middleware is given leads it to no static method: `derive` and `claimed` are core's own.
    Object.defineProperty(OutgoingRequest.prototype, "constructor", { value: Object });
    Object.freeze(OutgoingRequest.prototype);
  }

  static of(delivery: ClaimedDelivery, startedAt: number): OutgoingRequest {
    return new OutgoingRequest({ delivery, startedAt, shown: undefined }, noParts);
  }

  /**
   * For the built-in layers, which put in only what they checked. Not a method, so that no middleware finds it: one that
   * needs another body is a transform.
   */
  static derive(request: OutgoingRequest, change: Partial<RequestParts>): OutgoingRequest {
    if (change.headers !== undefined) Object.freeze(change.headers);
    return new OutgoingRequest(request.#origin, { ...request.#parts, ...change });
  }

  /** What the request is made from, for core's own layers: the very bytes that all deliveries of the message share. */
  static claimed(request: OutgoingRequest): ClaimedDelivery {
    return request.#origin.delivery;
  }

  /** Whether code of strangers gave a request. */
  static is(value: unknown): value is OutgoingRequest {
    return typeof value === "object" && value !== null && #origin in value;
  }

  /** Whether both are requests of one attempt. */
  static haveOneOrigin(one: OutgoingRequest, other: OutgoingRequest): boolean {
    return one.#origin === other.#origin;
  }

  /** Stage 4: what the transport sends. */
  static toWire(request: OutgoingRequest): WireRequest {
    const { headers, body, timeout } = request.#parts;
    const wire = { url: request.url, headers, body, timeout };
    return request.#origin.delivery.test ? { ...wire, beside: true } : wire;
  }

  /** What is sent to whom. Frozen, and the bytes are copies: nothing that is done to them reaches a delivery. */
  get delivery(): ClaimedDelivery {
    this.#origin.shown ??= shownDelivery(this.#origin.delivery);
    return this.#origin.shown;
  }

  /** When the attempt began, in milliseconds. */
  get startedAt(): number {
    return this.#origin.startedAt;
  }

  /** The webhook's URL. */
  get url(): string {
    return this.#origin.delivery.target.url;
  }

  /** Names as given; no two that differ in case only. Frozen. */
  get headers(): Readonly<Record<string, string>> {
    return this.#parts.headers;
  }

  /** The bytes that leave, empty until `prepare`. A copy: all deliveries of a message share the bytes themselves. */
  get body(): Uint8Array {
    return new Uint8Array(this.#parts.body);
  }

  /** Milliseconds for the whole exchange; 0 until the deadline is set. */
  get timeout(): number {
    return this.#parts.timeout;
  }

  /** The value of a header, whatever the case of its name. */
  header(name: string): string | undefined {
    const found = nameLike(name, this.headers);
    return found === undefined ? undefined : this.headers[found];
  }

  /**
   * The request with this header set, in place of one whose name differs in case only.
   *
   * @throws HookwrightError `request_invalid` when the name is HTTP's own or name or value are not visible ASCII; the value is not
   * repeated. In phase `send` also for a name that begins with `webhook-`: signatures are made of these.
   */
  withHeader(name: string, value: string): OutgoingRequest {
    if (typeof name !== "string" || !namePattern.test(name) || framing.has(name.toLowerCase())) {
      const shown = JSON.stringify(String(name).slice(0, 100));
      throw invalid(`Header ${shown} cannot be set: its name is not valid or belongs to HTTP itself.`);
    }
    this.#refuseSigned(name);
    if (typeof value !== "string" || !valuePattern.test(value)) {
      throw invalid(`Header ${JSON.stringify(name.slice(0, 100))} cannot be set: its value is not visible ASCII.`);
    }
    return OutgoingRequest.derive(this, { headers: { ...headersWithout(name, this.headers), [name]: value } });
  }

  /** The request without this header, whatever the case of its name. @throws HookwrightError `request_invalid` in phase `send` for `webhook-…`. */
  withoutHeader(name: string): OutgoingRequest {
    if (nameLike(name, this.headers) === undefined) return this;
    this.#refuseSigned(name);
    return OutgoingRequest.derive(this, { headers: headersWithout(name, this.headers) });
  }

  #refuseSigned(name: string): void {
    if (!this.#parts.signed || !name.toLowerCase().startsWith("webhook-")) return;
    throw invalid(
      `Header ${JSON.stringify(name.slice(0, 100))} cannot be changed in phase send: signatures are made of it. Use the phase sign, or one before.`,
    );
  }
}

/** Message and target are shared with other deliveries: no middleware may write to them, and bytes cannot be frozen. */
function shownDelivery({ lease, message, target, unreadable, test }: ClaimedDelivery): ClaimedDelivery {
  let shown: Message | undefined;
  return Object.freeze({
    lease: Object.freeze(lease),
    /** Made when it is asked for, as its bytes are: who signs, or looks at the target, does without. */
    get message() {
      shown ??= shownMessage(message);
      return shown;
    },
    target: Object.freeze({
      ...target,
      headers: Object.freeze(target.headers),
      signingSecrets: Object.freeze(target.signingSecrets),
    }),
    unreadable,
    test,
  });
}

/** Copied when it is read: most middlewares never do. */
function shownMessage(message: Message): Message {
  const { payload, variants, ...rest } = message;
  return Object.freeze({
    ...rest,
    get payload() {
      return new Uint8Array(payload);
    },
    get variants() {
      return new Map(Array.from(variants, ([name, bytes]) => [name, new Uint8Array(bytes)]));
    },
  });
}

function nameLike(name: string, headers: Readonly<Record<string, string>>): string | undefined {
  const wanted = name.toLowerCase();
  return Object.keys(headers).find((known) => known.toLowerCase() === wanted);
}

function headersWithout(name: string, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const found = nameLike(name, headers);
  if (found === undefined) return headers;
  const { [found]: _removed, ...rest } = headers;
  return rest;
}

function invalid(message: string): HookwrightError {
  return new HookwrightError("request_invalid", message);
}
