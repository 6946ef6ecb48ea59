import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import type { SealableValues, StoredSecret } from "../store/webhook-store.js";
import type { SealContext, Vault } from "./vault.js";

type Headers = Readonly<Record<string, string>>;

/** A signing secret in clear. */
export interface ClearSecret extends Omit<StoredSecret, "secret"> {
  readonly text: string;
}

/** Whose values are to be sealed: a webhook that was just thought of has no id. */
type SealOwner = Partial<ValueOwner> & Pick<ValueOwner, "organization">;

/** Whose values these are. */
export interface ValueOwner {
  readonly id: WebhookId;
  readonly organization: OrganizationId;
}

/** A header that has its clear value already keeps the text that it has: only so can a store see that nothing changed. */
export function sealHeaders(
  headers: Headers,
  owner: SealOwner,
  { vault, before = {} }: { readonly vault: Vault; readonly before?: Headers },
): Headers {
  const entries = Object.entries(headers).map(([name, value]) => {
    const context = headerContext(owner, name);
    const stored = Object.hasOwn(before, name) ? before[name] : undefined;
    const isSame = stored !== undefined && vault.isCurrent(stored) && vault.open(stored, context) === value;
    return [name, isSame ? stored : vault.seal(value, context)] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws HookwrightError `secret_unreadable`. */
export function openHeaders(headers: Headers, owner: ValueOwner, vault: Vault): Headers {
  const entries = Object.entries(headers).map(([name, stored]) => {
    const value = vault.open(stored, headerContext(owner, name));
    if (value === undefined) throw unreadable(owner.id, `The value of header ${JSON.stringify(name)}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** Those that a key opens, in clear, and the names of the others. */
export function openReadable(
  headers: Headers,
  owner: ValueOwner,
  vault: Vault,
): { readonly headers: Headers; readonly unreadable: readonly string[] } {
  const opened = Object.entries(headers).map(
    ([name, stored]) => [name, vault.open(stored, headerContext(owner, name))] as const,
  );
  return {
    headers: Object.fromEntries(opened.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    unreadable: opened.flatMap(([name, value]) => (value === undefined ? [name] : [])),
  };
}

export function sealSecret({ text, ...times }: ClearSecret, owner: ValueOwner, vault: Vault): StoredSecret {
  return { secret: vault.seal(text, secretContext(owner)), ...times };
}

/** @throws HookwrightError `secret_unreadable`. */
export function openSecret({ secret, ...times }: StoredSecret, owner: ValueOwner, vault: Vault): ClearSecret {
  const text = vault.open(secret, secretContext(owner));
  if (text === undefined) throw unreadable(owner.id, "A signing secret");
  return { text, ...times };
}

/** Whether everything stands there as it would be sealed now. */
export function isCurrent({ headers, secrets }: SealableValues, vault: Vault): boolean {
  return storedTexts({ headers, secrets }).every((text) => vault.isCurrent(text));
}

export function storedTexts({ headers, secrets }: SealableValues): readonly string[] {
  return [...Object.values(headers), ...secrets.map(({ secret }) => secret)];
}

/**
 * The same values as they would be sealed now; what is current already stays to the letter.
 *
 * @throws HookwrightError `secret_unreadable`.
 */
export function resealed({ headers, secrets }: SealableValues, owner: ValueOwner, vault: Vault): SealableValues {
  return {
    headers: sealHeaders(openHeaders(headers, owner, vault), owner, { vault, before: headers }),
    secrets: secrets.map((stored) =>
      vault.isCurrent(stored.secret) ? stored : sealSecret(openSecret(stored, owner, vault), owner, vault),
    ),
  };
}

/** Those that a key opens, as they are stored. */
export function readableOf({ headers, secrets }: SealableValues, owner: ValueOwner, vault: Vault): SealableValues {
  const readable = Object.entries(headers).filter(
    ([name, stored]) => vault.open(stored, headerContext(owner, name)) !== undefined,
  );
  return {
    headers: Object.fromEntries(readable),
    secrets: secrets.filter(({ secret }) => vault.open(secret, secretContext(owner)) !== undefined),
  };
}

/** A value that was moved to another header's name does not open either. */
function headerContext(owner: SealOwner, name: string): SealContext {
  return { ...placeOf(owner), purpose: `header ${name}` };
}

function secretContext(owner: ValueOwner): SealContext {
  return { ...placeOf(owner), purpose: "signing-secret" };
}

function placeOf({ organization, id }: SealOwner): Pick<SealContext, "organization" | "webhook"> {
  return id === undefined ? { organization } : { organization, webhook: id };
}

function unreadable(webhook: WebhookId, what: string): HookwrightError {
  return new HookwrightError(
    "secret_unreadable",
    `${what} of webhook ${webhook} cannot be opened with the keys that were given: start with the key that sealed it ` +
      "(HOOKWRIGHT_SECRET_KEY or the file secret-key of the data folder; secretKeys of createWebhooks in an own program), or set the value again.",
    { details: { webhook } },
  );
}
