import { HookwrightError } from "@hookwright/core";
import { readSigningKey, type SignedContent, type SigningKey } from "./signing-key.js";

/** A message that is signed, or was. */
export interface MessageToSign {
  /** What becomes `webhook-id`: visible ASCII without a full stop, at most 256 characters. */
  readonly id: string;
  /** What becomes `webhook-timestamp`: when this attempt is made, in whole seconds since the Unix epoch. */
  readonly timestamp: number;
  /** The bytes that leave; a text stands for its UTF-8. */
  readonly body: Uint8Array | string;
}

/**
 * Makes the value of `webhook-signature` as in Standard Webhooks 1.0.0, for a sender of one's own or the test of a receiver:
 * one signature for each secret, in their order, `v1,…` for `whsec_…`, `v1a,…` for `whsk_…`.
 *
 * @param secrets - the newest first
 * @throws HookwrightError `secret_invalid`; `signature_malformed` when id or timestamp are not what a receiver would take.
 *
 * @example
 * ```ts
 * import { sign } from "@hookwright/plugin-signing";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * console.log(sign({ id: "msg_1", timestamp: 1_614_265_330, body: "{}" }, secret));
 * ```
 */
export function sign(message: MessageToSign, secrets: string | readonly string[]): string {
  const keys = [secrets].flat().map(readSigningKey);
  if (keys.length === 0)
    throw new HookwrightError("secret_invalid", "There is no secret to sign with: name at least one.");
  return signatureHeader(contentOf(message.id, String(message.timestamp), message.body), keys);
}

export function signatureHeader(content: SignedContent, keys: readonly SigningKey[]): string {
  return keys.map((key) => `${key.version},${key.sign(content)}`).join(" ");
}

/** A full stop in one of the two would let a part of the one be read as the other. */
const idPattern = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const timestampPattern = /^(?:0|[1-9]\d{0,11})$/;

/** @throws HookwrightError `signature_malformed` */
export function contentOf(id: string, timestamp: string, body: Uint8Array | string): SignedContent {
  if (!idPattern.test(id)) {
    throw new HookwrightError(
      "signature_malformed",
      "The message's id must be visible ASCII without a full stop, at most 256 characters.",
    );
  }
  if (!timestampPattern.test(timestamp)) {
    throw new HookwrightError(
      "signature_malformed",
      "The message's timestamp must be whole seconds since the Unix epoch, as digits alone.",
    );
  }
  return { head: `${id}.${timestamp}.`, body: typeof body === "string" ? Buffer.from(body) : body };
}
