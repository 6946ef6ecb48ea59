import type { Answered, Interrupted, SenderFailed, Unreachable } from "../delivery/outcome.js";

/** Stage 4: the bytes that leave. */
export interface WireRequest {
  /**
   * Absolute http or https URL. User and password in it become Basic credentials of a `POST`, unless `headers` has an
   * `Authorization`.
   */
  readonly url: string;
  /** Complete but for what HTTP itself needs (`host`, `content-length`, `connection`). */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Milliseconds for all of it: from the call over resolving, connecting and the head to the end of what is read of the answer's body. */
  readonly timeout: number;
  /** `OPTIONS` asks a receiver for its consent, which it gives before it gets any credentials; its body is empty. `POST` unless given. */
  readonly method?: "POST" | "OPTIONS";
  /** Names in lower case: {@link Answered.headers} tells those of the answer. None unless given. */
  readonly wantedHeaders?: readonly string[];
  /** Somebody waits for this one: it takes no connection that deliveries could have. */
  readonly beside?: true;
}

/** What a transport can come back with. */
export type TransportOutcome = Answered | Unreachable | SenderFailed | Interrupted;

/**
 * Makes one request. Law of every transport: never rejects, never follows a redirect, never decompresses, ends within
 * `timeout`, reads a bounded part of the answer and then lets go of the socket. The request goes out a second time only when a reused
 * connection was closed before any byte of an answer came.
 */
export interface Transport {
  /** Makes the request and tells how it ended. */
  send(request: WireRequest): Promise<TransportOutcome>;

  /**
   * Ends every request under way as `interrupted`, or as answered where the answer's head is in, and closes all sockets. What is sent
   * afterwards is `interrupted` at once. May be called again.
   */
  close(): Promise<void>;
}
