import type { Webhook } from "@hookwright/core";
import type { ReceivedRequest, ReceiverScript } from "./received-request.js";

/** A receiver of a test host, with the webhook that leads to it. */
export interface TestReceiver {
  readonly webhook: Webhook;
  readonly url: string;
  /** Every request so far, in order. */
  readonly received: readonly ReceivedRequest[];
  /** Adds answers behind those that are left. */
  answer(...answers: readonly ReceiverScript[]): void;
}
