import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";

/** What a sealed value belongs to; anywhere else it does not open. */
export interface SealContext {
  readonly organization: OrganizationId;
  /** Absent while it has no id yet. */
  readonly webhook?: WebhookId;
  /** Which kind of value it is: `signing-secret`. */
  readonly purpose: string;
}

/** How a stored text stands to the keys at hand. */
export type SealState = "plain" | "newest-key" | "older-key" | "unknown-key";

interface Key {
  readonly id: string;
  readonly secret: Buffer;
}

const cipherName = "aes-256-gcm";
const keyLength = 32;
/** What GCM takes without hashing it first (NIST SP 800-38D, 5.2.1.1). */
const nonceLength = 12;
const tagLength = 16;
/** 48 bits: two keys of one installation never share an id, and the id says nothing about the key. */
const idLength = 6;

const shortestText = 32;

/** What only a vault writes: a version, then what it says. Every text that begins so is one of the vault's. */
const mark = /^hw\d+\./;
const plainMark = "hw0.";
/** `hw1` is bound to no webhook. */
const sealedText = /^hw([12])\.([0-9a-f]{12})\.([A-Za-z0-9_-]+)$/;

/**
 * Seals texts for their stay in a store, with AES-256-GCM: `hw2.<key id>.<nonce, ciphertext and tag in base64url>`. The newest
 * key seals, all of them open. `hw1.` is the same for a webhook that has no id yet. Without a key texts stay as they are, and `hw0.` marks those that only look sealed.
 */
export class Vault {
  #newest: Key | undefined;
  readonly #keys: ReadonlyMap<string, Key>;
  /** Where everything is sealed and bound: the few that are not yet, and open all the same. */
  #exempt: ReadonlySet<string> | undefined;

  /**
   * @param keys - newest first; texts of at least 32 characters, of random origin
   * @param before - whose keys open what they sealed
   * @throws HookwrightError `configuration_invalid`; no key is repeated.
   */
  constructor(keys: readonly string[], before?: Vault) {
    // Whatever the types of the caller allow: a text has a length and members too.
    if (!Array.isArray(keys)) throw noList(keys);
    const all = keys.map(keyOf);
    this.#newest = all[0];
    const known = before === undefined ? [] : [...before.#keys.values()];
    this.#keys = new Map([...known, ...all].map((key) => [key.id, key]));
    this.#exempt = before === undefined ? undefined : before.#exempt;
  }

  /** Whether there is a key to seal with. */
  get seals(): boolean {
    return this.#newest !== undefined;
  }

  /** The same vault that takes nothing any more for a value that is not sealed, or bound to no webhook, but for these. */
  boundBut(exempt: ReadonlySet<string>): Vault {
    const vault = new Vault([], this);
    vault.#newest = this.#newest;
    vault.#exempt = exempt;
    return vault;
  }

  /** Two calls with one text give two results. */
  seal(text: string, context: SealContext): string {
    if (this.#newest === undefined) return mark.test(text) ? `${plainMark}${text}` : text;
    const { id, secret } = this.#newest;
    const form = context.webhook === undefined ? "hw1" : "hw2";
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(cipherName, secret, nonce, { authTagLength: tagLength });
    cipher.setAAD(boundTo(form, id, context));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${form}.${id}.${sealed.toString("base64url")}`;
  }

  /** `undefined` when no key opens it: another key sealed it, it belongs elsewhere, or it was damaged. */
  open(stored: string, context: SealContext): string | undefined {
    if (this.#exempt?.has(stored) === false && !isBound(stored)) return undefined;
    if (!mark.test(stored)) return stored;
    if (stored.startsWith(plainMark)) return stored.slice(plainMark.length);
    const [, form = "", id = "", encoded = ""] = sealedText.exec(stored) ?? [];
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    return decrypted(Buffer.from(encoded, "base64url"), key, boundTo(`hw${form}`, id, context));
  }

  /** By its key's name only: whether it opens is seen when it is opened. */
  stateOf(stored: string): SealState {
    if (!mark.test(stored) || stored.startsWith(plainMark)) return "plain";
    const id = sealedText.exec(stored)?.[2] ?? "";
    if (id === this.#newest?.id) return "newest-key";
    return this.#keys.has(id) ? "older-key" : "unknown-key";
  }

  /** Whether it stands there as it would be sealed now. */
  isCurrent(stored: string): boolean {
    const state = this.stateOf(stored);
    return this.#newest === undefined ? state === "plain" : state === "newest-key" && isBound(stored);
  }
}

/** Whether it was sealed for one webhook. */
export function isBound(stored: string): boolean {
  return sealedText.exec(stored)?.[1] === "2";
}

function noList(found: unknown): HookwrightError {
  const kind = typeof found === "string" ? "one text: write [key]" : typeof found;
  return new HookwrightError(
    "configuration_invalid",
    `secretKeys must be a list of texts, newest first; found ${kind}.`,
  );
}

function keyOf(text: string): Key {
  if (typeof text !== "string" || text.length < shortestText) {
    throw new HookwrightError(
      "configuration_invalid",
      `Each of the secret keys must be a text of at least ${shortestText} characters; \`openssl rand -base64 32\` makes one.`,
    );
  }
  return {
    id: derived(text, "hookwright key id", idLength).toString("hex"),
    secret: derived(text, "hookwright sealing key", keyLength),
  };
}

/** HKDF spreads a random text over the key's length. It does not make a guessable text safe: no derivation that costs a start nothing does. */
function derived(text: string, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", text, "", purpose, length));
}

function boundTo(form: string, keyId: string, { organization, webhook, purpose }: SealContext): Buffer {
  return Buffer.from(JSON.stringify([form, keyId, organization, ...(form === "hw2" ? [webhook] : []), purpose]));
}

function decrypted(sealed: Buffer, { secret }: Key, bound: Buffer): string | undefined {
  if (sealed.length < nonceLength + tagLength) return undefined;
  const decipher = createDecipheriv(cipherName, secret, sealed.subarray(0, nonceLength), { authTagLength: tagLength });
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    const text = decipher.update(sealed.subarray(nonceLength, -tagLength));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    // The one thing that goes wrong here is the tag, and the caller knows whose value it is.
    return undefined;
  }
}
