import { HookwrightError } from "@hookwright/core";
import { type ReceivedHeaders, signatureHeaders } from "./received-headers.js";
import { contentOf } from "./sign.js";
import { type CheckingKey, readCheckingKey, type SignedContent } from "./signing-key.js";

/** How a receiver checks what it gets. */
export interface VerifyOptions {
  /** `whsec_…` (also without its prefix), `whpk_…` or `whsk_…`; several while a secret is rotated: any of them will do. */
  readonly secrets: string | readonly string[];
  /** Milliseconds by which the attempt's time may differ from now, in either direction; 300,000. */
  readonly tolerance?: number;
  /** The time in milliseconds since the Unix epoch; `Date.now` unless given. */
  readonly now?: () => number;
}

/** A request that is from who holds the secret, was made just now, and is as it was sent. */
export interface VerifiedWebhook {
  /** `webhook-id`: the same over all attempts of a message. Whoever keeps it sees a repeated one. */
  readonly id: string;
  /** When this attempt was made, in milliseconds since the Unix epoch, to the second. */
  readonly sentAt: number;
  /** The body, read as JSON. @throws SyntaxError when it is none. */
  json(): unknown;
}

/** Checks requests with secrets that were read once. */
export interface Verifier {
  /** As {@link verify}. */
  verify(body: Uint8Array | string, headers: ReceivedHeaders): VerifiedWebhook;
}

const usualTolerance = 300_000;

/** While a secret is rotated there are two. Each may cost a check of its own, so a header that lists hundreds is no sender's. */
const mostSignatures = 32;

/**
 * Checks the signature of a received request, as in Standard Webhooks 1.0.0; what is given must be the body's own bytes, not
 * JSON that was read and written again. One signature by one of the secrets is enough; versions that no secret is for are
 * skipped. All comparisons are made, each in constant time. Where no `webhook-…` header is there, `svix-…` ones are taken.
 *
 * @throws HookwrightError `signature_missing`, `signature_malformed`, `signature_expired` or `signature_mismatch`: the request is not
 * to be believed, and 401 is a good answer. `secret_invalid` when a secret cannot be read.
 *
 * @example
 * ```ts
 * import { HookwrightError } from "@hookwright/core";
 * import { verify } from "@hookwright/plugin-signing";
 *
 * export async function receive(request: Request): Promise<Response> {
 *   const body = new Uint8Array(await request.arrayBuffer());
 *   try {
 *     const webhook = verify(body, request.headers, { secrets: process.env["WEBHOOK_SECRET"] ?? "" });
 *     console.log(webhook.id, webhook.json());
 *     return new Response(null, { status: 204 });
 *   } catch (error) {
 *     return new Response(error instanceof HookwrightError ? error.code : null, { status: 401 });
 *   }
 * }
 * ```
 */
export function verify(body: Uint8Array | string, headers: ReceivedHeaders, options: VerifyOptions): VerifiedWebhook {
  return createVerifier(options).verify(body, headers);
}

/**
 * As {@link verify}, for a receiver that reads its secrets once.
 *
 * @throws HookwrightError `secret_invalid`, or `configuration_invalid` for a tolerance that is none.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { buffer } from "node:stream/consumers";
 * import { createVerifier } from "@hookwright/plugin-signing";
 *
 * const verifier = createVerifier({ secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
 *
 * createServer(async (request, answer) => {
 *   try {
 *     const webhook = verifier.verify(await buffer(request), request.headers);
 *     console.log(webhook.id, webhook.json());
 *     answer.writeHead(204).end();
 *   } catch {
 *     answer.writeHead(401).end();
 *   }
 * });
 * ```
 */
export function createVerifier({ secrets, tolerance = usualTolerance, now = Date.now }: VerifyOptions): Verifier {
  const keys = [secrets].flat().map(readCheckingKey);
  if (keys.length === 0)
    throw new HookwrightError("secret_invalid", "There is no secret to verify with: name at least one.");
  if (!(tolerance >= 0)) {
    throw new HookwrightError(
      "configuration_invalid",
      `The tolerance must be milliseconds from 0 on, found ${String(tolerance)}.`,
    );
  }
  return { verify: (body, headers) => check(body, signatureHeaders(headers), { keys, tolerance, now }) };
}

interface Checks {
  readonly keys: readonly CheckingKey[];
  readonly tolerance: number;
  readonly now: () => number;
}

function check(
  body: Uint8Array | string,
  { id, timestamp, signature }: ReturnType<typeof signatureHeaders>,
  { keys, tolerance, now }: Checks,
): VerifiedWebhook {
  const content = contentOf(id, timestamp, body);
  refuseExpired(Number(timestamp), { tolerance, now });
  refuseMismatch(content, readList(signature), keys);
  return {
    id,
    sentAt: Number(timestamp) * 1000,
    json: () => JSON.parse(typeof body === "string" ? body : Buffer.from(body).toString()) as unknown,
  };
}

/** In whole seconds on both sides, as all libraries count: 300 pass, 301 do not. */
function refuseExpired(sentAt: number, { tolerance, now }: Omit<Checks, "keys">): void {
  const age = Math.floor(now() / 1000) - sentAt;
  if (Math.abs(age) * 1000 <= tolerance) return;
  const told = age > 0 ? `${age} s ago` : `${-age} s ahead of this machine's clock`;
  throw new HookwrightError(
    "signature_expired",
    `The request says that it was made ${told}, and ${tolerance / 1000} s are allowed: it is an old one that somebody repeats, or a clock is wrong.`,
  );
}

interface Signature {
  readonly version: string;
  readonly text: string;
}

function readList(header: string): readonly Signature[] {
  const entries = header.split(" ").filter((entry) => entry !== "");
  if (entries.length > mostSignatures) {
    throw new HookwrightError(
      "signature_malformed",
      `The request lists ${entries.length} signatures, and at most ${mostSignatures} are read.`,
    );
  }
  return entries.flatMap((entry) => {
    const comma = entry.indexOf(",");
    return comma < 0 ? [] : [{ version: entry.slice(0, comma), text: entry.slice(comma + 1) }];
  });
}

/** Goes through all of them whatever it finds: how long it takes tells nothing of what fits. */
function refuseMismatch(content: SignedContent, signatures: readonly Signature[], keys: readonly CheckingKey[]): void {
  let [compared, matched] = [0, 0];
  for (const key of keys) {
    const isRight = key.checker(content);
    for (const { version, text } of signatures) {
      if (version !== key.version) continue;
      compared += 1;
      matched += Number(isRight(text));
    }
  }
  if (matched > 0) return;
  const versions = [...new Set(keys.map((key) => key.version))].join(" or ");
  throw new HookwrightError(
    "signature_mismatch",
    compared === 0
      ? `The request has no signature of version ${versions}, which the given secrets are for.`
      : "No signature fits: another secret was used, or body, id or time are not what was signed. The body must be the bytes as they came.",
  );
}
