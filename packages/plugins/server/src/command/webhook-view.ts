import { shownUrl } from "../shown-url.js";
import { fields, table, time } from "./table.js";

/** A webhook as the API answers it, as far as the command shows it. */
export interface WebhookView {
  readonly id: number;
  readonly project: number | null;
  readonly url: string;
  readonly send_payload: boolean;
  readonly send_for_all_actions: boolean;
  readonly actions: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly is_active: boolean;
  readonly secret_set: boolean;
  readonly disabled_at: string | null;
  readonly consecutive_failures: number;
  readonly disabled_reason: string | null;
  readonly retry_schedule: string | null;
  readonly max_concurrency: number | null;
  readonly rate_limit: number | null;
  readonly ordered: boolean;
  readonly handshake: boolean;
  readonly allowed_rate: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Header values and a password in the URL are secrets: the API answers them to programs that need them, a terminal has no use for them. */
export function withoutSecrets(webhook: WebhookView): WebhookView {
  const headers = Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, "***"]));
  return { ...webhook, url: shownUrl(webhook.url), headers };
}

export function webhooksText(webhooks: readonly WebhookView[]): string {
  return table(
    webhooks,
    [
      { title: "ID", show: (webhook) => webhook.id },
      { title: "PROJECT", show: (webhook) => webhook.project ?? "(all)" },
      { title: "URL", show: (webhook) => webhook.url },
      { title: "ACTIONS", show: actionsText },
      { title: "ACTIVE", show: (webhook) => webhook.is_active },
      { title: "FAILURES", show: (webhook) => webhook.consecutive_failures },
    ],
    "There are no webhooks.",
  );
}

export function webhookText(webhook: WebhookView): string {
  return fields({
    id: webhook.id,
    project: webhook.project ?? "(all)",
    url: webhook.url,
    actions: actionsText(webhook),
    headers: Object.keys(webhook.headers),
    payload: webhook.send_payload,
    signed: webhook.secret_set ? "yes" : "no (it has no secret)",
    active: webhook.is_active ? "yes" : `no (${webhook.disabled_reason ?? "user"})`,
    ...(webhook.disabled_at === null ? {} : { "switched off": time(webhook.disabled_at) }),
    "failures in a row": webhook.consecutive_failures,
    "retry schedule": webhook.retry_schedule ?? "(as set for the service)",
    "max concurrency": webhook.max_concurrency ?? "(default)",
    "rate limit": webhook.rate_limit ?? "(none)",
    ordered: webhook.ordered,
    handshake: webhook.handshake,
    ...(webhook.handshake ? { "allowed a minute": webhook.allowed_rate ?? "(any number)" } : {}),
    created: time(webhook.created_at),
    updated: time(webhook.updated_at),
  });
}

function actionsText(webhook: WebhookView): string {
  return webhook.send_for_all_actions ? "(all)" : webhook.actions.join(", ");
}
