import type { CallLimits } from "../foundation/call-limits.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Transport, TransportOutcome, WireRequest } from "../transport/transport.js";
import type { Webhook } from "../webhook/webhook.js";
import type { Checked } from "./field-problems.js";

/** Asks a receiver whether it wants deliveries: gives the deliveries a minute that it allows, `null` without a limit, or why it does not consent. */
export type AskConsent = (
  webhook: Pick<Webhook, "organization" | "url" | "rateLimit">,
) => Promise<Checked<number | null>>;

export interface ConsentOptions {
  readonly transport: Pick<Transport, "send">;
  /** The DNS name of the sender. */
  readonly origin: string;
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  readonly userAgent: string;
  /** How many receivers are asked at once. */
  readonly limits: CallLimits;
}

/**
 * The validation request of the CloudEvents webhook specification 1.0.2, section 4.1: an OPTIONS to the webhook's URL, through the
 * transport and the guard of deliveries. The webhook's own headers do not go along, nor do the credentials of its URL: they are
 * secrets, and nobody has said yet that they belong there. Consent that is given later (`WebHook-Request-Callback`) is not asked for.
 */
export function consentAsker(options: ConsentOptions): AskConsent {
  const { transport, origin, timeout, userAgent, limits } = options;
  return async ({ organization, url, rateLimit }) => {
    const request: WireRequest = {
      url,
      method: "OPTIONS",
      headers: {
        "User-Agent": userAgent,
        "WebHook-Request-Origin": origin,
        ...(rateLimit === null ? {} : { "WebHook-Request-Rate": String(perMinute(rateLimit)) }),
      },
      body: new Uint8Array(),
      timeout,
      wantedHeaders: [originHeader, rateHeader],
      beside: true,
    };
    const outcome = await limits.run(organization, () => transport.send(request));
    return consentOf(outcome, origin);
  };
}

const originHeader = "webhook-allowed-origin";
const rateHeader = "webhook-allowed-rate";

/** A natural number is all that can be said; a slower webhook asks for one. */
function perMinute(rateLimit: number): number {
  return Math.max(1, Math.floor(rateLimit * 60));
}

function consentOf(outcome: TransportOutcome, origin: string): Checked<number | null> {
  switch (outcome.kind) {
    case "interrupted":
      throw new HookwrightError("lifecycle_invalid", "The service stops: the receiver was not asked for its consent.");
    case "unreachable":
    case "sender-failed":
      return { problem: [`The receiver could not be asked for its consent: ${outcome.reason}.`] };
    case "answered": {
      const { status, headers = {} } = outcome;
      if (status < 200 || status > 299) {
        const redirect = status < 400 ? ", and a redirect is not followed" : "";
        return refused(`it answered OPTIONS from ${origin} with ${status}${redirect}.`);
      }
      const allowed = headers[originHeader];
      if (allowed === undefined)
        return refused(`it answered OPTIONS with ${status} but without WebHook-Allowed-Origin: ${origin}, or *.`);
      // DNS names know no case.
      if (allowed !== "*" && allowed.toLowerCase() !== origin.toLowerCase())
        return refused(`its WebHook-Allowed-Origin is neither ${origin} nor *.`);
      return allowedRateOf(headers[rateHeader]);
    }
    default:
      return outcome satisfies never;
  }
}

/** One that cannot be read cannot be observed, so it is no consent; where there is none, there is nothing to observe. */
function allowedRateOf(rate: string | undefined): Checked<number | null> {
  if (rate === undefined || rate === "*") return { value: null };
  if (/^[1-9]\d{0,8}$/.test(rate)) return { value: Number(rate) };
  return refused("its WebHook-Allowed-Rate is neither a whole number of deliveries a minute, from 1 on, nor *.");
}

function refused(why: string): Checked<never> {
  return { problem: [`The receiver does not consent to deliveries: ${why}`] };
}
