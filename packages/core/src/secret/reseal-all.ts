import { HookwrightError } from "../foundation/hookwright-error.js";
import type { WebhookId } from "../foundation/ids.js";
import type { Reseal, SealableWebhook, WebhookStore } from "../store/webhook-store.js";
import { isCurrent, resealed } from "./sealed-values.js";
import type { Vault } from "./vault.js";

/** How far sealing everything anew has come. */
export interface ResealReport {
  /** Webhooks with header values or signing secrets that were looked at. */
  readonly webhooks: number;
  /** Those of them whose values were sealed anew. */
  readonly resealed: number;
}

/** How a rotation is followed, and ended early. */
export interface ResealOptions {
  /** Told after each step. */
  readonly onProgress?: (report: ResealReport) => void;
  /** Gives up between two steps: what is sealed anew by then stays so. */
  readonly signal?: AbortSignal;
}

/** One transaction: a few milliseconds, between which deliveries are stored and recorded. */
const pageSize = 100;

/**
 * Seals with the vault's newest key whatever is not. While it runs, nobody may seal with an older one. Can be repeated, and
 * goes on where it was cut off.
 *
 * @throws HookwrightError `secret_unreadable` when there is a value that no key opens, after all others were sealed; the
 * store's errors; the signal's reason.
 */
export async function resealAll(
  store: Pick<WebhookStore, "sealable" | "reseal">,
  vault: Vault,
  { onProgress, signal }: ResealOptions = {},
): Promise<ResealReport> {
  const unreadable: HookwrightError[] = [];
  let report: ResealReport = { webhooks: 0, resealed: 0 };
  let after: WebhookId | 0 = 0;
  for (;;) {
    signal?.throwIfAborted();
    const page: readonly SealableWebhook[] = await store.sealable(after, pageSize);
    const last = page.at(-1);
    if (last === undefined) break;
    const changes = page.flatMap((webhook) => changeOf(webhook, vault, unreadable));
    const done = changes.length === 0 ? [] : await store.reseal(changes);
    const moved = done.filter(Boolean).length;
    report = { ...report, resealed: report.resealed + moved };
    // Somebody changed one meanwhile: the page is looked at once more.
    if (moved < done.length) continue;
    report = { ...report, webhooks: report.webhooks + page.length };
    after = last.id;
    onProgress?.(report);
  }
  const [first] = unreadable;
  if (first !== undefined) throw first;
  return report;
}

function changeOf(webhook: SealableWebhook, vault: Vault, unreadable: HookwrightError[]): readonly Reseal[] {
  const { id, headers, secrets } = webhook;
  if (isCurrent(webhook, vault)) return [];
  try {
    return [{ id, from: { headers, secrets }, to: resealed(webhook, webhook, vault) }];
  } catch (error) {
    if (!(error instanceof HookwrightError)) throw error;
    unreadable.push(error);
    return [];
  }
}
