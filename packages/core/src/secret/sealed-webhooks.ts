import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import type {
  NewWebhook,
  StoredTarget,
  WebhookChange,
  WebhookFilter,
  WebhookPage,
  WebhookStore,
} from "../store/webhook-store.js";
import { HiddenSecret } from "../webhook/signing-secret.js";
import type { Webhook, WebhookTarget } from "../webhook/webhook.js";
import { type ResealOptions, type ResealReport, resealAll } from "./reseal-all.js";
import {
  type ClearSecret,
  isCurrent,
  openHeaders,
  openReadable,
  openSecret,
  resealed,
  sealHeaders,
  sealSecret,
} from "./sealed-values.js";
import { refuseLocked, type StartSurvey, surveyValues, type ValueSurvey } from "./survey-values.js";
import { Vault } from "./vault.js";

/** A target in clear. */
export interface OpenedTarget {
  readonly target: WebhookTarget;
  /** When one of its signing secrets runs out, in milliseconds: the target must be read again then. */
  readonly validUntil: number;
  /** Why nothing may be sent to it: its header values or secrets cannot be read, and it has none here. */
  readonly unreadable: HookwrightError | undefined;
}

/** What became of values that were not sealed, or bound to no webhook. */
export interface SealedRest {
  /** Values that stood there plain although there is a key. */
  readonly plain: number;
  /** Webhooks whose values were sealed. */
  readonly sealed: number;
  /** Why some were not. */
  readonly failure: unknown;
}

/** What the secrets become; `current` opens what they are, newest first. */
export type SecretsStep = (current: () => readonly ClearSecret[]) => readonly ClearSecret[];

/**
 * Stands between those who deal with clear header values and secrets and a store, which only ever sees them sealed. Nobody
 * else calls the store for a webhook's values.
 */
export class SealedWebhooks {
  readonly #store: WebhookStore;
  readonly #writing = new Set<Promise<unknown>>();
  /** Sealed here for a webhook that had no id yet, and not bound to it since. */
  readonly #unbound = new Set<string>();
  #vault = new Vault([]);

  constructor(store: WebhookStore) {
    this.#store = store;
  }

  /**
   * Seals with the first of these keys from now on; all of them open, and those known before.
   *
   * @throws HookwrightError `configuration_invalid` for a key, `secret_unreadable` when a stored value needs another one.
   */
  async unlock(keys: readonly string[]): Promise<StartSurvey> {
    this.#vault = new Vault(keys, this.#vault);
    return refuseLocked(this.#store, this.#vault);
  }

  /**
   * Seals what stands there plain from a time before there was a key, and binds what is bound to no webhook. From then on such a
   * value is taken for none: whoever can write to the database may not put one there. Does not reject for a value or a write.
   */
  async sealRest(survey?: StartSurvey): Promise<SealedRest> {
    if (!this.#vault.seals) return { plain: 0, sealed: 0, failure: undefined };
    const { counts, unbound } = survey ?? (await surveyValues(this.#store, this.#vault));
    let sealed = 0;
    let failure: unknown;
    if (counts.plain + unbound > 0) {
      const onProgress = (report: ResealReport): void => {
        sealed = report.resealed;
      };
      failure = await resealAll(this.#store, this.#vault, { onProgress }).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    if (failure === undefined || isUnreadable(failure)) this.#vault = this.#vault.boundBut(this.#unbound);
    return { plain: counts.plain, sealed, failure };
  }

  /**
   * Seals everything anew with the first of these keys, while webhooks are read and changed.
   *
   * @throws HookwrightError `configuration_invalid` for a key, and what {@link resealAll} throws.
   */
  async reseal(keys: readonly string[], options?: ResealOptions): Promise<ResealReport> {
    if (keys.length === 0)
      throw new HookwrightError("configuration_invalid", "At least one secret key is needed to seal with.");
    const vault = new Vault(keys, this.#vault);
    this.#vault = vault;
    // What was sealed with the key before must be in its place before anybody looks for it there.
    await Promise.allSettled([...this.#writing]);
    const report = await resealAll(this.#store, vault, options);
    if (this.#vault === vault) this.#vault = vault.boundBut(this.#unbound);
    return report;
  }

  /** How the stored values stand to the keys at hand. */
  survey(): Promise<ValueSurvey> {
    return surveyValues(this.#store, this.#vault);
  }

  /** As {@link WebhookStore.create}. */
  create(webhook: NewWebhook, now: number): Promise<Webhook> {
    return this.#write(async (vault) => {
      const { organization } = webhook;
      const headers = sealHeaders(webhook.headers, { organization }, { vault });
      if (vault.seals) for (const text of Object.values(headers)) this.#unbound.add(text);
      const created = await this.#store.create({ ...webhook, headers }, now);
      const opened = this.#open(created);
      await this.#bind(created, vault);
      return opened;
    });
  }

  /** As {@link WebhookStore.get}; a header value that cannot be read is absent, and its name is in `unreadableHeaders`. */
  async get(organization: OrganizationId, id: WebhookId): Promise<Webhook | undefined> {
    const webhook = await this.#store.get(organization, id);
    return webhook === undefined ? undefined : this.#open(webhook);
  }

  /** The webhook without its header values: for who needs none of them opened. */
  async peek(organization: OrganizationId, id: WebhookId): Promise<Omit<Webhook, "headers"> | undefined> {
    const webhook = await this.#store.get(organization, id);
    if (webhook === undefined) return undefined;
    const { headers: _sealed, ...rest } = webhook;
    return rest;
  }

  /** As {@link WebhookStore.list}, each as from {@link get}: one that cannot be read hides no other. */
  async list(organization: OrganizationId, filter: WebhookFilter, page: WebhookPage): Promise<readonly Webhook[]> {
    const webhooks = await this.#store.list(organization, filter, page);
    return webhooks.map((webhook) => this.#open(webhook));
  }

  /** As {@link WebhookStore.update}; which headers have other values is decided by the clear ones. */
  update(
    organization: OrganizationId,
    id: WebhookId,
    change: WebhookChange,
    now: number,
  ): Promise<Webhook | undefined> {
    return this.#write(async (vault) => {
      const sealed = change.headers === undefined ? change : await this.#sealChange(organization, id, change, vault);
      const webhook = await this.#store.update(organization, id, sealed, now);
      return webhook === undefined ? undefined : this.#open(webhook);
    });
  }

  /** As {@link WebhookStore.delete}. */
  delete(organization: OrganizationId, id: WebhookId, now: number): Promise<boolean> {
    return this.#store.delete(organization, id, now);
  }

  /** As {@link WebhookStore.targets}, with the secrets that are valid at `now`. One that cannot be read holds up no other. */
  async targets(ids: readonly WebhookId[], now: number): Promise<readonly OpenedTarget[]> {
    const targets = await this.#store.targets(ids);
    return targets.map((target) => openTarget(target, now, this.#vault));
  }

  /**
   * Changes the webhook's signing secrets; run out ones are dropped along the way. `step` may be called several times:
   * changes that are made at once follow one another. `false` when there is no such webhook.
   *
   * @throws HookwrightError `secret_unreadable`, and what `step` throws.
   */
  changeSecrets(organization: OrganizationId, id: WebhookId, step: SecretsStep, now: number): Promise<boolean> {
    return this.#write(async (vault) => {
      for (;;) {
        const [target] = await this.#store.targets([id]);
        if (target?.organization !== organization) return false;
        const valid = target.secrets.filter((secret) => isValid(secret, now));
        const clear = step(() => valid.map((secret) => openSecret(secret, target, vault)));
        const change = { version: target.version, secrets: clear.map((each) => sealSecret(each, target, vault)) };
        const webhook = await this.#store.setSecrets(organization, id, change, now);
        // Nothing is opened: what cannot be read must not hide a secret that is in force already.
        if (webhook !== "stale") return webhook !== undefined;
      }
    });
  }

  /** What is not sealed with the newest key is sealed with it before, so that what stays the same can stay to the letter. */
  async #sealChange(
    organization: OrganizationId,
    id: WebhookId,
    change: WebhookChange,
    vault: Vault,
  ): Promise<WebhookChange> {
    const { headers } = change;
    if (headers === undefined) return change;
    return {
      ...change,
      headers: sealHeaders(
        headers,
        { organization, id },
        { vault, before: await this.#renewed(organization, id, vault) },
      ),
    };
  }

  async #renewed(organization: OrganizationId, id: WebhookId, vault: Vault): Promise<Webhook["headers"]> {
    const [from] = await this.#store.targets([id]);
    if (from?.organization !== organization) return {};
    if (isCurrent(from, vault)) return from.headers;
    try {
      const to = resealed(from, from, vault);
      const [replaced] = await this.#store.reseal([{ id, from, to }]);
      return replaced === true ? to.headers : from.headers;
    } catch {
      // What cannot be read is replaced by what is given: that is how it is repaired.
      return {};
    }
  }

  /** Only the store draws ids. When this fails, the webhook is there all the same, and the next start binds its values. */
  async #bind({ id, organization, headers }: Webhook, vault: Vault): Promise<void> {
    const from = { headers, secrets: [] };
    if (isCurrent(from, vault)) return;
    const to = resealed(from, { id, organization }, vault);
    const [done] = await this.#store.reseal([{ id, from, to }]).catch(() => [false]);
    if (done === true) for (const text of Object.values(headers)) this.#unbound.delete(text);
  }

  #open(webhook: Webhook): Webhook {
    const { headers, unreadable } = openReadable(webhook.headers, webhook, this.#vault);
    return unreadable.length === 0 ? { ...webhook, headers } : { ...webhook, headers, unreadableHeaders: unreadable };
  }

  async #write<Result>(work: (vault: Vault) => Promise<Result>): Promise<Result> {
    const writing = work(this.#vault);
    this.#writing.add(writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }
}

function openTarget({ secrets, ...target }: StoredTarget, now: number, vault: Vault): OpenedTarget {
  const valid = secrets.filter((secret) => isValid(secret, now));
  const validUntil = Math.min(...valid.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY));
  try {
    const headers = openHeaders(target.headers, target, vault);
    const signingSecrets = valid.map((secret) => new HiddenSecret(openSecret(secret, target, vault).text));
    return { target: { ...target, headers, signingSecrets }, validUntil, unreadable: undefined };
  } catch (error) {
    // The two above throw this and nothing else. Middlewares get to see it.
    const unreadable = Object.freeze(error as HookwrightError);
    return { target: { ...target, headers: {}, signingSecrets: [] }, validUntil, unreadable };
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof HookwrightError && error.code === "secret_unreadable";
}

function isValid({ expiresAt }: Pick<ClearSecret, "expiresAt">, now: number): boolean {
  return expiresAt === null || expiresAt > now;
}
