import type { Clock } from "../foundation/clock.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import type { ClearSecret } from "../secret/sealed-values.js";
import type { SealedWebhooks, SecretsStep } from "../secret/sealed-webhooks.js";
import type { SecretScheme } from "../secret/secret-scheme.js";
import { type FieldProblem, webhookInvalid } from "./field-problems.js";
import { unknownWebhook } from "./unknown-webhook.js";

export interface ManageSecretsPorts {
  readonly webhooks: Pick<SealedWebhooks, "changeSecrets">;
  readonly clock: Clock;
  /** @throws HookwrightError `secret_scheme_missing`. */
  readonly scheme: () => SecretScheme;
  /** Called when a change is stored, so that the next emit knows it. */
  readonly changed: (organization: OrganizationId) => Promise<void>;
}

/** A secret that was set or made. It is told this once. */
export interface IssuedSecret {
  readonly secret: string;
  /** Until when the ones before it sign as well, in milliseconds; `null` when there are none. */
  readonly previousUntil: number | null;
}

/** How a secret is replaced. */
export interface SecretRotation {
  /** The new secret; one is made when it is absent. */
  readonly secret?: unknown;
  /** Milliseconds for which the ones before it sign as well. */
  readonly overlap: number;
}

/** Each of them is one more signature that every message carries. */
const mostSecrets = 5;

/** A year: who needs longer does not rotate. */
const longestOverlap = 366 * 86_400_000;

const longestSecret = 4_096;

/** Owns what may become of a webhook's signing secrets. A change is a change of the webhook: the next attempt knows it. */
export class ManageSecrets {
  readonly #ports: ManageSecretsPorts;

  constructor(ports: ManageSecretsPorts) {
    this.#ports = ports;
  }

  /**
   * Puts one secret in the place of all others: the one given, or a new one.
   *
   * @throws HookwrightError `not_found`, `webhook_invalid` naming `secret`, `secret_scheme_missing`.
   */
  async set(organization: OrganizationId, id: WebhookId, given?: unknown): Promise<IssuedSecret> {
    const text = this.#checked(given);
    const createdAt = this.#ports.clock.now();
    await this.#change(organization, id, () => [{ text, createdAt, expiresAt: null }]);
    return { secret: text, previousUntil: null };
  }

  /**
   * Puts a secret in front of the others, which sign too until the overlap ends: newest first, at most five.
   *
   * @throws HookwrightError `not_found`, `webhook_invalid` naming `secret` or `overlap`, or without a field when five sign already:
   * each of them was promised to a receiver until its end. `secret_scheme_missing`, `secret_unreadable`.
   */
  async rotate(organization: OrganizationId, id: WebhookId, rotation: SecretRotation): Promise<IssuedSecret> {
    const { secret: given, overlap } = rotation;
    if (!Number.isFinite(overlap) || overlap < 0 || overlap > longestOverlap)
      throw webhookInvalid({ overlap: ["Must be a duration from 0 to 366 days."] });
    const text = this.#checked(given);
    const now = this.#ports.clock.now();
    let previousUntil: number | null = null;
    await this.#change(organization, id, (current) => {
      const before = outgoing(current(), { text, until: now + overlap, now });
      previousUntil = before.length === 0 ? null : Math.max(...before.map(({ expiresAt }) => expiresAt));
      return [{ text, createdAt: now, expiresAt: null }, ...before];
    });
    return { secret: text, previousUntil };
  }

  /** What the webhook gets is no longer signed. @throws HookwrightError `not_found`. */
  async remove(organization: OrganizationId, id: WebhookId): Promise<void> {
    await this.#change(organization, id, () => []);
  }

  async #change(organization: OrganizationId, id: WebhookId, step: SecretsStep): Promise<void> {
    const { webhooks, clock, changed } = this.#ports;
    if (!(await webhooks.changeSecrets(organization, id, step, clock.now()))) throw unknownWebhook(id);
    await changed(organization);
  }

  #checked(given: unknown): string {
    const scheme = this.#ports.scheme();
    if (given === undefined || given === null) return scheme.generate();
    if (typeof given !== "string") throw invalidSecret(["Not a valid string."]);
    if (given.length > longestSecret)
      throw invalidSecret([`Ensure this field has no more than ${longestSecret} characters.`]);
    const problem = scheme.problem(given);
    if (problem === undefined) return given;
    // A scheme is somebody's code: a text that repeats the secret must get into no answer and no log.
    throw invalidSecret([given === "" || !problem.includes(given) ? problem : `It is no secret of ${scheme.name}.`]);
  }
}

interface Overlap {
  readonly text: string;
  readonly until: number;
  readonly now: number;
}

/** Those that stay beside a new one; none lives longer than it was to. @throws HookwrightError `webhook_invalid` when there are too many. */
function outgoing(
  current: readonly ClearSecret[],
  { text, until, now }: Overlap,
): readonly (ClearSecret & { readonly expiresAt: number })[] {
  const before = current
    .filter((secret) => secret.text !== text)
    .map((secret) => ({ ...secret, expiresAt: Math.min(secret.expiresAt ?? until, until) }))
    .filter(({ expiresAt }) => expiresAt > now);
  if (before.length < mostSecrets) return before;
  const first = new Date(Math.min(...before.map(({ expiresAt }) => expiresAt))).toISOString();
  throw webhookInvalid({
    nonField: [
      `Five secrets sign already, the first of them until ${first}: rotate after that, with an overlap of 0 to end them all now, or set one in their place.`,
    ],
  });
}

function invalidSecret(problem: FieldProblem): HookwrightError {
  return webhookInvalid({ secret: problem });
}
