import type { Transport } from "@hookwright/core";

/** What a receiver does with one request: answers, never answers, or hangs up without a word. */
export type ReceiverTurn =
  | {
      readonly status: number;
      readonly retryAfter?: string;
      readonly body?: string;
      readonly location?: string;
      /** What else its head says. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | "hold"
  | "hang-up";

/** A transport, and the receiver that it sends to. */
export interface TransportScene {
  readonly transport: Transport;
  /** The receiver's URL. */
  readonly url: string;
  /** What the receiver does with the next requests, in order. */
  expect(...turns: readonly ReceiverTurn[]): void;
  /** The bodies that came so far. */
  readonly received: readonly Uint8Array[];
  /** The methods of the same requests. */
  readonly methods: readonly string[];
  /** Resolves once `count` requests came in all. */
  arrived(count: number): Promise<void>;
  /** Closes everything. */
  dispose(): Promise<void>;
}

/** One implementation under the contract. */
export interface TransportContractOptions {
  readonly name: string;
  /** Opens a transport with a receiver of its own; called for every law. */
  open(): Promise<TransportScene>;
}
