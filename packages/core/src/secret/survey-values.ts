import { HookwrightError } from "../foundation/hookwright-error.js";
import type { WebhookId } from "../foundation/ids.js";
import type { WebhookStore } from "../store/webhook-store.js";
import { storedTexts } from "./sealed-values.js";
import { isBound, type SealState, Vault } from "./vault.js";

/** How many stored header values and signing secrets there are, by how they stand to the keys at hand. */
export interface ValueSurvey {
  readonly counts: Readonly<Record<SealState, number>>;
  /** The first webhook with a value whose key is not at hand. */
  readonly locked: WebhookId | undefined;
}

/** What a start wants to know besides. */
export interface StartSurvey extends ValueSurvey {
  /** Sealed values that are bound to no webhook. */
  readonly unbound: number;
}

const pageSize = 1_000;

/** Looks at the key's name of every value and opens none: a start must not wait for more. */
export async function surveyValues(store: Pick<WebhookStore, "sealable">, vault: Vault): Promise<StartSurvey> {
  const counts = { plain: 0, "newest-key": 0, "older-key": 0, "unknown-key": 0 };
  let locked: WebhookId | undefined;
  let unbound = 0;
  let after: WebhookId | 0 = 0;
  for (;;) {
    const page = await store.sealable(after, pageSize);
    for (const webhook of page) {
      for (const text of storedTexts(webhook)) {
        const state = vault.stateOf(text);
        counts[state] += 1;
        if (state !== "plain" && !isBound(text)) unbound += 1;
        if (state === "unknown-key") locked ??= webhook.id;
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return { counts, locked, unbound };
    after = last.id;
  }
}

/** The same with these keys. @throws HookwrightError `configuration_invalid` for a key. */
export function surveyStored(store: Pick<WebhookStore, "sealable">, keys: readonly string[]): Promise<ValueSurvey> {
  return surveyValues(store, new Vault(keys));
}

/** @throws HookwrightError `secret_unreadable`: a service that cannot read what it is to send must not begin. */
export async function refuseLocked(store: Pick<WebhookStore, "sealable">, vault: Vault): Promise<StartSurvey> {
  const survey = await surveyValues(store, vault);
  const { counts, locked } = survey;
  if (locked === undefined) return survey;
  throw new HookwrightError(
    "secret_unreadable",
    `${counts["unknown-key"]} stored header values and signing secrets, the first of them of webhook ${locked}, were sealed ` +
      "with a key that was not given: start with that key (HOOKWRIGHT_SECRET_KEY or the file secret-key of the data folder; secretKeys of createWebhooks in an own program). " +
      "To change to another key, give both, the new one first: HOOKWRIGHT_SECRET_KEY=NEW,OLD, where OLD may be what that file holds.",
    { details: { webhook: locked } },
  );
}
