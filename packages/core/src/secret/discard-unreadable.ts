import type { WebhookId } from "../foundation/ids.js";
import type { WebhookStore } from "../store/webhook-store.js";
import { readableOf, storedTexts } from "./sealed-values.js";
import { Vault } from "./vault.js";

const pageSize = 100;

/** What {@link discardUnreadable} would take out. */
export interface UnreadableValues {
  /** Stored header values and signing secrets that are sealed. */
  readonly sealed: number;
  /** Those of them that none of the keys opens. */
  readonly unreadable: number;
  /** Whose they are. */
  readonly webhooks: readonly WebhookId[];
}

/** Opens every value, which is more than to look at the name of its key. @throws HookwrightError `configuration_invalid` for a key. */
export async function findUnreadable(
  store: Pick<WebhookStore, "sealable">,
  keys: readonly string[],
): Promise<UnreadableValues> {
  const vault = new Vault(keys);
  const webhooks: WebhookId[] = [];
  let [sealed, unreadable] = [0, 0];
  for (let after: WebhookId | 0 = 0; ; ) {
    const page = await store.sealable(after, pageSize);
    for (const webhook of page) {
      const texts = storedTexts(webhook);
      const closed = texts.length - storedTexts(readableOf(webhook, webhook, vault)).length;
      sealed += texts.filter((text) => vault.stateOf(text) !== "plain").length;
      unreadable += closed;
      if (closed > 0) webhooks.push(webhook.id);
    }
    const last = page.at(-1);
    if (last === undefined) return { sealed, unreadable, webhooks };
    after = last.id;
  }
}

/**
 * For a key that is lost: takes the header values and signing secrets out that none of these keys opens, and deactivates the
 * webhooks they belonged to, so that nothing goes out without them before somebody has set them again. Tells which.
 *
 * @throws HookwrightError `configuration_invalid` for a key.
 */
export async function discardUnreadable(
  store: Pick<WebhookStore, "sealable" | "update" | "setSecrets">,
  keys: readonly string[],
  now: number,
): Promise<readonly WebhookId[]> {
  const vault = new Vault(keys);
  const changed: WebhookId[] = [];
  for (let after: WebhookId | 0 = 0; ; ) {
    const page = await store.sealable(after, pageSize);
    for (const webhook of page) {
      const { id, organization } = webhook;
      const { headers, secrets } = readableOf(webhook, webhook, vault);
      if (storedTexts({ headers, secrets }).length === storedTexts(webhook).length) continue;
      // Secrets last: an end in between leaves a value that is found again.
      const updated = await store.update(organization, id, { headers, isActive: false }, now);
      if (updated !== undefined) await store.setSecrets(organization, id, { version: updated.version, secrets }, now);
      changed.push(id);
    }
    const last = page.at(-1);
    if (last === undefined) return changed;
    after = last.id;
  }
}
