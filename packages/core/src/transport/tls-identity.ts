import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";

/** What this sender shows to a receiver that asks who it is, as PEM. */
export interface ClientCertificate {
  /** The certificate, then those between it and its authority. */
  readonly cert: string;
  readonly key: string;
}

/**
 * The certificates in a PEM text, each by itself; none for an empty text.
 *
 * @param name - the setting, for the message
 * @throws HookwrightError `configuration_invalid`
 */
export function readCertificates(text: string, name: string): readonly string[] {
  if (text.trim() === "") return [];
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return refuse(name, "has no PEM certificate in it (-----BEGIN CERTIFICATE-----)");
  blocks.forEach((block, index) => {
    try {
      new X509Certificate(block);
    } catch (cause) {
      refuse(name, `has a certificate that cannot be read, number ${index + 1} of ${blocks.length}`, cause);
    }
  });
  return blocks;
}

/** The names of the two settings that make a client certificate, for messages. */
export interface ClientCertificateNames {
  readonly cert: string;
  readonly key: string;
}

/**
 * The certificate and key of two PEM texts that belong together; `undefined` where both are empty.
 *
 * @throws HookwrightError `configuration_invalid`: one line, without anything of the key.
 */
export function readClientCertificate(
  { cert, key }: ClientCertificate,
  names: ClientCertificateNames,
): ClientCertificate | undefined {
  if (cert.trim() === "" && key.trim() === "") return undefined;
  if (key.trim() === "") return refuse(names.cert, `needs ${names.key} beside it`);
  if (cert.trim() === "") return refuse(names.key, `needs ${names.cert} beside it`);
  const [first = ""] = readCertificates(cert, names.cert);
  const privateKey = readKey(key, names.key);
  if (!new X509Certificate(first).checkPrivateKey(privateKey))
    return refuse(names.key, `is not the key of the certificate in ${names.cert}`);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    return refuse(names.cert, `cannot be used: ${messageOf(cause)}`, cause);
  }
  return { cert, key };
}

/** Owns the two contexts of one process: Node would otherwise build one, with all authorities in it, for each connection. */
export class TlsIdentity {
  readonly #authorities: readonly string[];
  readonly #client: ClientCertificate | undefined;
  #toReceivers: SecureContext | undefined;
  #toProxy: SecureContext | undefined;

  constructor(authorities: readonly string[], client: ClientCertificate | undefined) {
    this.#authorities = authorities;
    this.#client = client;
  }

  get toReceivers(): SecureContext {
    this.#toReceivers ??= createSecureContext({ ...this.#trust(), ...this.#client });
    return this.#toReceivers;
  }

  /** The certificate is for receivers; the proxy knows its user by a password. */
  get toProxy(): SecureContext {
    this.#toProxy ??= createSecureContext(this.#trust());
    return this.#toProxy;
  }

  #trust(): { readonly ca?: string[] } {
    return this.#authorities.length === 0 ? {} : { ca: [...getCACertificates("default"), ...this.#authorities] };
  }
}

function readKey(key: string, name: string): KeyObject {
  try {
    return createPrivateKey(key);
  } catch (cause) {
    // The message of OpenSSL is kept out of ours: nothing that was made from a key is printed.
    const isLocked = /ENCRYPTED/.test(key);
    return refuse(
      name,
      isLocked ? "is encrypted: write it without a passphrase" : "has no PEM private key in it",
      cause,
    );
  }
}

function refuse(name: string, problem: string, cause?: unknown): never {
  throw new HookwrightError("configuration_invalid", `${name} ${problem}.`, { cause });
}
