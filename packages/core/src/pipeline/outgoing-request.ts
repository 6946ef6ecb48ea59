import type { ClaimedDelivery } from "../delivery/delivery.js";
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
type RequestParts = Pick<WireRequest, "headers" | "body" | "timeout">;

const noBytes = new Uint8Array();
const noHeaders: RequestParts["headers"] = Object.freeze({});

/** Stage 3: the request of one attempt. Only a claimed delivery makes one; each change makes a new one. */
export class OutgoingRequest {
  readonly #delivery: ClaimedDelivery;
  readonly #startedAt: number;
  readonly #parts: RequestParts;

  private constructor(delivery: ClaimedDelivery, startedAt: number, parts: RequestParts) {
    this.#delivery = delivery;
    this.#startedAt = startedAt;
    this.#parts = parts;
  }

  static of(delivery: ClaimedDelivery, startedAt: number): OutgoingRequest {
    // Message and target are shared with other deliveries: no middleware may write to them.
    Object.freeze(delivery.message);
    Object.freeze(delivery.target);
    Object.freeze(delivery.target.headers);
    Object.freeze(delivery.lease);
    Object.freeze(delivery);
    return new OutgoingRequest(delivery, startedAt, { headers: noHeaders, body: noBytes, timeout: 0 });
  }

  /**
   * For the built-in layers, which put in only what they checked. Not a method, so that no middleware finds it: one that
   * needs another body is a transform.
   */
  static derive(request: OutgoingRequest, change: Partial<RequestParts>): OutgoingRequest {
    if (change.headers !== undefined) Object.freeze(change.headers);
    return new OutgoingRequest(request.#delivery, request.#startedAt, { ...request.#parts, ...change });
  }

  /** Stage 4: what the transport sends. */
  static toWire(request: OutgoingRequest): WireRequest {
    const { headers, body, timeout } = request.#parts;
    return { url: request.url, headers, body, timeout };
  }

  /** What is sent to whom, frozen. */
  get delivery(): ClaimedDelivery {
    return this.#delivery;
  }

  /** When the attempt began, in milliseconds. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** The webhook's URL. */
  get url(): string {
    return this.#delivery.target.url;
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
   * @throws HookwrightError `request_invalid` when the name is HTTP's own or name or value are not visible ASCII; the value is not repeated.
   */
  withHeader(name: string, value: string): OutgoingRequest {
    if (typeof name !== "string" || !namePattern.test(name) || framing.has(name.toLowerCase())) {
      const shown = JSON.stringify(String(name).slice(0, 100));
      throw invalid(`Header ${shown} cannot be set: its name is not valid or belongs to HTTP itself.`);
    }
    if (typeof value !== "string" || !valuePattern.test(value)) {
      throw invalid(`Header ${JSON.stringify(name.slice(0, 100))} cannot be set: its value is not visible ASCII.`);
    }
    return OutgoingRequest.derive(this, { headers: { ...headersWithout(name, this.headers), [name]: value } });
  }

  /** The request without this header, whatever the case of its name. */
  withoutHeader(name: string): OutgoingRequest {
    if (nameLike(name, this.headers) === undefined) return this;
    return OutgoingRequest.derive(this, { headers: headersWithout(name, this.headers) });
  }
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
