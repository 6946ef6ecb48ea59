import { generateKeyPairSync, randomBytes } from "node:crypto";
import { rawPublicKey } from "./signing-key.js";

/** A pair of keys for v1a signatures, as base64 behind their prefixes. */
export interface KeyPair {
  /** `whsk_…`: seed and public key, 64 bytes; signs, and is kept by the sender. */
  readonly privateKey: string;
  /** `whpk_…`: 32 bytes; verifies, and may be known to everybody. */
  readonly publicKey: string;
}

/** As many as HMAC-SHA256 makes use of; Standard Webhooks 1.0.0 wants 24 to 64. */
const secretLength = 32;

/**
 * Makes a secret for v1 signatures (HMAC-SHA256): `whsec_` and 32 random bytes as base64.
 *
 * @example
 * ```ts
 * import { generateSecret } from "@hookwright/plugin-signing";
 *
 * console.log(generateSecret().length); // 50
 * ```
 */
export function generateSecret(): string {
  return `whsec_${randomBytes(secretLength).toString("base64")}`;
}

/**
 * Makes a pair of keys for v1a signatures (ed25519), for receivers that are not to be able to sign.
 *
 * @example
 * ```ts
 * import { generateKeyPair, sign, verify } from "@hookwright/plugin-signing";
 *
 * const { privateKey, publicKey } = generateKeyPair();
 * const timestamp = Math.floor(Date.now() / 1000);
 * const signature = sign({ id: "msg_1", timestamp, body: "{}" }, privateKey);
 * const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(timestamp), "webhook-signature": signature };
 * verify("{}", headers, { secrets: publicKey });
 * ```
 */
export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const raw = rawPublicKey(publicKey);
  return {
    privateKey: `whsk_${Buffer.concat([seed, raw]).toString("base64")}`,
    publicKey: `whpk_${raw.toString("base64")}`,
  };
}
