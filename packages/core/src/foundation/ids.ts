import { randomFillSync } from "node:crypto";
import type { Brand } from "./brand.js";
import type { Clock } from "./clock.js";

/** `msg_…`: one accepted event. The receiver's idempotency key: the same over all attempts. */
export type MessageId = Brand<string, "MessageId">;
/** `dlv_…`: one message on its way to one webhook. */
export type DeliveryId = Brand<string, "DeliveryId">;
/** `job_…`: long work that was asked for, such as a replay. */
export type JobId = Brand<string, "JobId">;
/** A webhook's number, unique over all organizations. */
export type WebhookId = Brand<number, "WebhookId">;
/** A durable handler's number: what a store calls one handler of one plugin. Below zero, so that one column holds it and a webhook's. */
export type HandlerId = Brand<number, "HandlerId">;
/** Where a delivery goes: to a webhook, or to a durable handler. */
export type TargetId = WebhookId | HandlerId;
/** An organization's number; positive. */
export type OrganizationId = Brand<number, "OrganizationId">;
/** A project's number; positive. It belongs to the host application. */
export type ProjectId = Brand<number, "ProjectId">;

/** Crockford's base 32 in lower case: no letter that is mistaken for a digit, and its order is the order of the values. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const timeLength = 10;
const tailLength = 16;

/**
 * Makes ids that sort by time: 48 bits of milliseconds, then 80 random bits, 26 characters in all (the layout of ULID).
 * Ids of one source are strictly increasing, also within a millisecond and when the clock steps back: cursors and the
 * stores' append-only order rely on it.
 */
export class IdSource {
  readonly #clock: Clock;
  readonly #randomBytes: (bytes: Uint8Array) => unknown;
  #time = -1;
  #prefix = "";
  readonly #tail = new Uint8Array(tailLength);

  /** `randomBytes` fills what it is given; from the system unless a test wants the same ids each time. */
  constructor(clock: Clock, randomBytes: (bytes: Uint8Array) => unknown = randomFillSync) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
  }

  messageId(): MessageId {
    return `msg_${this.#next()}` as MessageId;
  }

  deliveryId(): DeliveryId {
    return `dlv_${this.#next()}` as DeliveryId;
  }

  jobId(): JobId {
    return `job_${this.#next()}` as JobId;
  }

  #next(): string {
    // Whole milliseconds: a fraction would begin a new tail, perhaps a smaller one, under the same prefix.
    const now = Math.max(0, Math.floor(this.#clock.now()));
    if (now > this.#time) {
      this.#time = now;
      this.#prefix = encodeTime(now);
      this.#randomBytes(this.#tail);
      // Five random bits a place; the first keeps its top bit clear so that counting up cannot overflow.
      for (let place = 0; place < tailLength; place += 1)
        this.#tail[place] = at(this.#tail, place) & (place === 0 ? 15 : 31);
    } else {
      this.#countUp();
    }
    let id = this.#prefix;
    for (let place = 0; place < tailLength; place += 1) id += alphabet[at(this.#tail, place)];
    return id;
  }

  #countUp(): void {
    for (let place = tailLength - 1; place >= 0; place -= 1) {
      const value = at(this.#tail, place) + 1;
      this.#tail[place] = value & 31;
      if (value < 32) return;
    }
  }
}

/** Whether a target is a handler: the one place that knows what tells the two apart. */
export function isHandlerId(target: TargetId): target is HandlerId {
  return target < 0;
}

/** The moment inside an id of {@link IdSource}, in milliseconds; `undefined` for any other text. */
export function timeOfId(id: string): number | undefined {
  const match = /^(?:msg|dlv|job)_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(id);
  if (match?.[1] === undefined) return undefined;
  let time = 0;
  for (const character of match[1]) time = time * 32 + alphabet.indexOf(character);
  return time;
}

/** The first 14 characters of any id made at `time`: a bound for scans over ids. */
export function idBound(kind: "msg" | "dlv", time: number): string {
  return `${kind}_${encodeTime(Math.max(0, Math.floor(time)))}`;
}

function encodeTime(time: number): string {
  let rest = time;
  let text = "";
  for (let place = 0; place < timeLength; place += 1) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
