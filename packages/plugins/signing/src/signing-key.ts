import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  sign as edSign,
  verify as edVerify,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { HookwrightError } from "@hookwright/core";
import { bytesOf } from "./canonical-base64.js";

/** What is signed, as Standard Webhooks 1.0.0 has it: id and timestamp, each with a full stop behind it, then the body's bytes. */
export interface SignedContent {
  readonly head: string;
  readonly body: Uint8Array;
}

/** Checks signatures of one version. */
export interface CheckingKey {
  readonly version: "v1" | "v1a";
  /** For one content: tells of each signature, as base64, whether it is this key's. What it takes does not depend on what is wrong. */
  checker(content: SignedContent): (signature: string) => boolean;
}

/** Makes signatures, too. */
export interface SigningKey extends CheckingKey {
  /** The signature as base64. */
  sign(content: SignedContent): string;
}

/** Fewer random bytes can be guessed; more than 75 no other sender takes. */
const [fewestBytes, mostBytes] = [24, 75];
const edSeedLength = 32;
const edSignatureLength = 64;

/** Around the seed of an ed25519 key in PKCS #8 (RFC 8410, section 7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** @throws HookwrightError `secret_invalid`, which never repeats the secret. */
export function readSigningKey(secret: unknown): SigningKey {
  const key = signingKeyOf(secret);
  if (typeof key !== "string") return key;
  throw new HookwrightError("secret_invalid", `The signing secret cannot be read: ${key}.`);
}

/** What is wrong with a secret that is to sign, in a sentence that does not repeat it; `undefined` when nothing is. */
export function problemOf(secret: unknown): string | undefined {
  const key = signingKeyOf(secret);
  return typeof key === "string" ? `A signing secret cannot be read: ${key}.` : undefined;
}

/** As {@link readSigningKey}; `whpk_…`, which only checks, is taken too. */
export function readCheckingKey(secret: unknown): CheckingKey {
  if (typeof secret !== "string" || !secret.startsWith(publicPrefix)) return readSigningKey(secret);
  const bytes = bytesOf(secret.slice(publicPrefix.length));
  if (bytes?.length === edSeedLength) return new EdCheckingKey(publicKeyOf(bytes));
  throw new HookwrightError(
    "secret_invalid",
    `The public key cannot be read: behind ${publicPrefix} must stand ${edSeedLength} bytes as base64.`,
  );
}

const [hmacPrefix, privatePrefix, publicPrefix] = ["whsec_", "whsk_", "whpk_"];

function signingKeyOf(secret: unknown): SigningKey | string {
  if (typeof secret !== "string") return "it must be a text";
  if (secret.startsWith(publicPrefix)) return `${publicPrefix}… is a public key: it verifies, and cannot sign`;
  if (secret.startsWith(privatePrefix)) return edKeyOf(secret.slice(privatePrefix.length));
  // Both are in use, and give the same signature.
  return hmacKeyOf(secret.startsWith(hmacPrefix) ? secret.slice(hmacPrefix.length) : secret);
}

function hmacKeyOf(text: string): SigningKey | string {
  const bytes = bytesOf(text);
  if (bytes === undefined) return `it must be ${hmacPrefix} or ${privatePrefix} and base64 with its padding`;
  if (bytes.length >= fewestBytes && bytes.length <= mostBytes) return new HmacKey(createSecretKey(bytes));
  return `it must hold ${fewestBytes} to ${mostBytes} bytes, and holds ${bytes.length}`;
}

/** Two forms are in use: the seed alone, and the seed with the public key behind it. */
function edKeyOf(text: string): SigningKey | string {
  const bytes = bytesOf(text);
  if (bytes === undefined || (bytes.length !== edSeedLength && bytes.length !== 2 * edSeedLength))
    return `behind ${privatePrefix} must stand ${edSeedLength} or ${2 * edSeedLength} bytes as base64`;
  const der = Buffer.concat([pkcs8Head, bytes.subarray(0, edSeedLength)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const given = bytes.subarray(edSeedLength);
  if (given.length > 0 && !timingSafeEqual(given, rawPublicKey(publicKey)))
    return `the two halves behind ${privatePrefix} are not of one pair of keys`;
  return new EdSigningKey(privateKey, publicKey);
}

/** The 32 bytes of an ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") }, format: "jwk" });
}

class HmacKey implements SigningKey {
  readonly version = "v1";
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  sign({ head, body }: SignedContent): string {
    return createHmac("sha256", this.#key).update(head).update(body).digest("base64");
  }

  /** Compares the texts: of one signature there are several texts that decode to it, and a changed one must not pass. */
  checker(content: SignedContent): (signature: string) => boolean {
    const expected = Buffer.from(this.sign(content));
    return (signature) => {
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected);
    };
  }
}

class EdCheckingKey implements CheckingKey {
  readonly version = "v1a";
  readonly #publicKey: KeyObject;

  constructor(publicKey: KeyObject) {
    this.#publicKey = publicKey;
  }

  checker(content: SignedContent): (signature: string) => boolean {
    const bytes = whole(content);
    return (signature) => {
      const given = bytesOf(signature);
      return given?.length === edSignatureLength && edVerify(null, bytes, this.#publicKey, given);
    };
  }
}

class EdSigningKey extends EdCheckingKey implements SigningKey {
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject, publicKey: KeyObject) {
    super(publicKey);
    this.#privateKey = privateKey;
  }

  sign(content: SignedContent): string {
    return edSign(null, whole(content), this.#privateKey).toString("base64");
  }
}

/** Ed25519 reads what it signs twice, so it takes it in one piece only. */
function whole({ head, body }: SignedContent): Buffer {
  return Buffer.concat([Buffer.from(head), body]);
}
