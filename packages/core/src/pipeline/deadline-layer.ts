import type { Layer } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

/**
 * Gives the exchange its deadline: `timeout` milliseconds from connect to the end of what is read of the answer. The
 * transport keeps it with one timer; a second one here could only be later. As the first of its phase it also ends the one before.
 */
export function deadlineLayer(timeout: number): Layer {
  return {
    name: "core/deadline",
    owner: "core",
    phase: "send",
    order: 0,
    run: (request, next) => next(OutgoingRequest.derive(request, { timeout, signed: true })),
  };
}
