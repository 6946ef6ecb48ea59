import type { Layer } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

type Headers = Readonly<Record<string, string>>;

/** What the sender says of itself. */
export interface SenderNames {
  readonly userAgent: string;
  /** The DNS name that receivers were asked for their consent with. */
  readonly origin: string;
}

/**
 * Puts in the webhook's own headers and the sender's. `webhook-id` and `webhook-timestamp` as in Standard Webhooks 1.0.0:
 * the message's id over all attempts, and the attempt's time in whole seconds. Who consented by a handshake hears in each request from whom it is (CloudEvents webhook specification 1.0.2, section 4.1).
 */
export function headersLayer({ userAgent, origin }: SenderNames): Layer {
  return {
    name: "core/headers",
    owner: "core",
    phase: "prepare",
    order: 0,
    run: (request, next) => {
      const { target, message } = OutgoingRequest.claimed(request);
      const defaults = { "Content-Type": "application/json", "User-Agent": userAgent };
      const own = {
        ...target.headers,
        "webhook-id": message.id,
        "webhook-timestamp": String(Math.floor(request.startedAt / 1000)),
        ...(target.handshake ? { "WebHook-Request-Origin": origin } : undefined),
      };
      // What `observe` put in stays, unless the webhook's owner says otherwise.
      const headers = over(over(defaults, request.headers), own);
      return next(OutgoingRequest.derive(request, { headers }));
    },
  };
}

/** Both, the second in place of the first where names differ in case only. */
function over(first: Headers, second: Headers): Headers {
  const hidden = Object.keys(first).filter((name) => hasLike(second, name));
  if (hidden.length === 0) return { ...first, ...second };
  const kept = Object.entries(first).filter(([name]) => !hidden.includes(name));
  return { ...Object.fromEntries(kept), ...second };
}

function hasLike(headers: Headers, wanted: string): boolean {
  for (const name in headers) {
    if (name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase()) return true;
  }
  return false;
}
