import type { EventRegistry } from "../event/event-registry.js";
import type { Clock } from "../foundation/clock.js";
import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { SealedWebhooks } from "../secret/sealed-webhooks.js";
import type { WebhookChange, WebhookFilter, WebhookPage } from "../store/webhook-store.js";
import type { Webhook, WebhookSettings } from "../webhook/webhook.js";
import type { AskConsent } from "./ask-consent.js";
import { checkHeaders } from "./check-headers.js";
import { checkUrl, type LiteralCheck } from "./check-url.js";
import {
  checkActions,
  checkBoolean,
  checkMaxConcurrency,
  checkProject,
  checkRateLimit,
  checkRetrySchedule,
} from "./field-checks.js";
import { type Checked, type FieldProblem, type FieldProblems, webhookInvalid } from "./field-problems.js";
import { unknownWebhook } from "./unknown-webhook.js";
import { WebhookTurns } from "./webhook-turns.js";

/** What a webhook is made of or changed to. Unknown keys are ignored; what is absent keeps its default or its value. */
export type WebhookInput = Readonly<Record<string, unknown>>;

export interface SubscribePorts {
  readonly webhooks: Pick<SealedWebhooks, "create" | "get" | "peek" | "list" | "update" | "delete">;
  readonly registry: EventRegistry;
  readonly clock: Clock;
  readonly checkLiteral: LiteralCheck;
  readonly askConsent: AskConsent;
  /** Called when a change is stored, so that the next emit knows it. */
  readonly changed: (organization: OrganizationId) => Promise<void>;
  /** Waiting deliveries may go on. */
  readonly wake: () => void;
}

export interface SubscribeSettings {
  readonly organizationWebhooks: boolean;
}

export interface WebhookUpdate {
  readonly input: WebhookInput;
  /** Whether the input stands for all of the webhook, as in a PUT: then the URL must be there. What is absent keeps its value all the same. */
  readonly whole?: boolean;
}

const defaults: Omit<WebhookSettings, "url"> = {
  sendPayload: true,
  sendForAllActions: true,
  actions: [],
  headers: {},
  isActive: true,
  retrySchedule: null,
  maxConcurrency: null,
  rateLimit: null,
  ordered: false,
  handshake: false,
};

/** Webhook in, checked. What is saved here can be delivered to; nothing is stored of an input with a fault. */
export class ManageWebhooks {
  readonly #ports: SubscribePorts;
  readonly #settings: SubscribeSettings;
  readonly #turns = new WebhookTurns();

  constructor(ports: SubscribePorts, settings: SubscribeSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** @throws HookwrightError `webhook_invalid` with every faulty field. */
  async create(organization: OrganizationId, input: WebhookInput): Promise<Webhook> {
    const { settings, problems } = this.#check(input, { urlRequired: true });
    const project = this.#checkProject(input["project"]);
    if ("problem" in project) throw webhookInvalid({ ...problems, project: project.problem });
    const { url } = settings;
    if (url === undefined || hasProblem(problems)) throw webhookInvalid(problems);
    // Only once each field is right by itself, as in Label Studio.
    if (project.value !== null && this.#listsOrganizationOnly(settings.actions))
      throw webhookInvalid({ nonField: ["Project webhook can't contain organization-only action."] });
    const { webhooks, clock, changed } = this.#ports;
    const created = { ...defaults, ...settings, url, organization, project: project.value };
    const allowedRate = created.handshake ? await this.#allowedRate(created) : null;
    const webhook = await webhooks.create({ ...created, allowedRate }, clock.now());
    await changed(organization);
    return webhook;
  }

  /** @throws HookwrightError `not_found`. */
  async get(organization: OrganizationId, id: WebhookId): Promise<Webhook> {
    const webhook = await this.#ports.webhooks.get(organization, id);
    if (webhook === undefined) throw unknownWebhook(id);
    return webhook;
  }

  /** By rising id. */
  list(organization: OrganizationId, filter: WebhookFilter, page: WebhookPage): Promise<readonly Webhook[]> {
    return this.#ports.webhooks.list(organization, filter, page);
  }

  /**
   * Changes what is given; `project` is fixed at creation and ignored. An action that the webhook's scope never sees is
   * accepted, as Label Studio does, and never sent.
   *
   * @throws HookwrightError `not_found`, or `webhook_invalid` with every faulty field.
   */
  update(organization: OrganizationId, id: WebhookId, update: WebhookUpdate): Promise<Webhook> {
    return this.#turns.take(id, () => this.#update(organization, id, update));
  }

  /** Its waiting deliveries are cancelled. @throws HookwrightError `not_found`. */
  async delete(organization: OrganizationId, id: WebhookId): Promise<void> {
    const { webhooks, clock, changed } = this.#ports;
    if (!(await webhooks.delete(organization, id, clock.now()))) throw unknownWebhook(id);
    await changed(organization);
  }

  async #update(organization: OrganizationId, id: WebhookId, update: WebhookUpdate): Promise<Webhook> {
    const { webhooks, clock, changed, wake } = this.#ports;
    const before = await webhooks.peek(organization, id);
    if (before === undefined) throw unknownWebhook(id);
    const { settings, problems } = this.#check(update.input, { urlRequired: update.whole ?? false });
    if (hasProblem(problems)) throw webhookInvalid(problems);
    const change = { ...settings, ...(await this.#consentTo(before, { ...before, ...settings })) };
    const webhook = await webhooks.update(organization, id, change, clock.now());
    if (webhook === undefined) throw unknownWebhook(id);
    await changed(organization);
    wake();
    return webhook;
  }

  /** Consent was given to a URL, and a rate was allowed in answer to another: what either changes is asked for anew. */
  async #consentTo(before: Consenting, after: Consenting): Promise<Pick<WebhookChange, "allowedRate">> {
    if (!after.handshake) return before.handshake ? { allowedRate: null } : {};
    const isSame = before.handshake && before.url === after.url && before.rateLimit === after.rateLimit;
    return isSame ? {} : { allowedRate: await this.#allowedRate(after) };
  }

  async #allowedRate(webhook: Parameters<AskConsent>[0]): Promise<number | null> {
    const consent = await this.#ports.askConsent(webhook);
    if ("problem" in consent) throw webhookInvalid({ url: consent.problem });
    return consent.value;
  }

  #check(input: WebhookInput, { urlRequired }: { readonly urlRequired: boolean }): CheckedInput {
    const { registry, checkLiteral } = this.#ports;
    const checks: Readonly<Record<keyof WebhookSettings, (value: unknown) => Checked<unknown>>> = {
      url: (value) => checkUrl(value, checkLiteral),
      sendPayload: checkBoolean,
      sendForAllActions: checkBoolean,
      actions: (value) => checkActions(value, registry),
      headers: checkHeaders,
      isActive: checkBoolean,
      retrySchedule: checkRetrySchedule,
      maxConcurrency: checkMaxConcurrency,
      rateLimit: checkRateLimit,
      ordered: checkBoolean,
      handshake: checkBoolean,
    };
    const problems: Record<string, FieldProblem> = {};
    const settings: Record<string, unknown> = {};
    for (const [field, check] of Object.entries(checks)) {
      const value = Object.hasOwn(input, field) ? input[field] : undefined;
      if (value === undefined) continue;
      const checked = check(value);
      if ("problem" in checked) problems[field] = checked.problem;
      else settings[field] = checked.value;
    }
    if (urlRequired && settings["url"] === undefined) problems["url"] ??= ["This field is required."];
    // Each value was made by the check of its own field, which the table above ties to the field's name.
    return { settings: settings as WebhookChange, problems };
  }

  /** An empty text is null, as forms send it. */
  #checkProject(project: unknown): Checked<ProjectId | null> {
    // The check's result is a positive whole number, which is what a project's id is.
    if (project !== undefined && project !== null && project !== "") return checkProject(project) as Checked<ProjectId>;
    if (this.#settings.organizationWebhooks) return { value: null };
    return {
      problem: [
        "Organization webhooks are switched off: name a project, or set LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS=true.",
      ],
    };
  }

  #listsOrganizationOnly(actions: readonly string[] | undefined): boolean {
    return (actions ?? []).some((action) => this.#ports.registry.find(action)?.definition.scope === "organization");
  }
}

/** What a consent depends on. */
type Consenting = Pick<Webhook, "organization" | "handshake" | "url" | "rateLimit">;

interface CheckedInput {
  readonly settings: WebhookChange;
  readonly problems: FieldProblems;
}

function hasProblem(problems: FieldProblems): boolean {
  return Object.keys(problems).length > 0;
}
