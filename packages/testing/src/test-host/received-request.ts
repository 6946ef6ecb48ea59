import type { JsonObject } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";

/** One request as a receiver got it. */
export interface ReceivedRequest {
  /** `POST` for a delivery, `OPTIONS` for the question whether deliveries may come. */
  readonly method: string;
  /** The body's `action`; empty when it has none. */
  readonly action: string;
  /** The body's other members; none when the body is no JSON object. */
  readonly payload: JsonObject;
  /** `webhook-id`: the same over all attempts of a message. Empty when there is none. */
  readonly messageId: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they came. */
  readonly body: Uint8Array;
}

/** What a receiver says to one request: a status, an answer in full, silence until the sender gives up, or a broken connection. */
export type ReceiverAnswer = number | FullAnswer | "no-answer" | "hang-up";

/** An answer in full. */
export interface FullAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer, or a function that makes one of the request. */
export type ReceiverScript = ReceiverAnswer | ((request: ReceivedRequest) => ReceiverAnswer | Promise<ReceiverAnswer>);

/** Reads what a receiver looks at out of a request. */
export function readReceived(
  method: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: Uint8Array,
): ReceivedRequest {
  const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const flat = Object.fromEntries(names);
  const { action, ...payload } = membersOf(body);
  return {
    method,
    action: typeof action === "string" ? action : "",
    payload,
    messageId: flat["webhook-id"] ?? "",
    headers: flat,
    body,
  };
}

function membersOf(body: Uint8Array): JsonObject {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    // A receiver takes whatever comes; a test that cares looks at the bytes.
    return {};
  }
}
