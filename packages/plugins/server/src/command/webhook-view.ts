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
  readonly consecutive_failures: number;
  readonly disabled_reason: string | null;
  readonly retry_schedule: string | null;
  readonly max_concurrency: number | null;
  readonly rate_limit: number | null;
  readonly ordered: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Header values are secrets: the API answers them to programs that need them, a terminal has no use for them. */
export function withoutHeaderValues(webhook: WebhookView): WebhookView {
  return { ...webhook, headers: Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, "***"])) };
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
    active: webhook.is_active ? "yes" : `no (${webhook.disabled_reason ?? "user"})`,
    "failures in a row": webhook.consecutive_failures,
    "retry schedule": webhook.retry_schedule ?? "(as set for the service)",
    "max concurrency": webhook.max_concurrency ?? "(default)",
    "rate limit": webhook.rate_limit ?? "(none)",
    ordered: webhook.ordered,
    created: time(webhook.created_at),
    updated: time(webhook.updated_at),
  });
}

function actionsText(webhook: WebhookView): string {
  return webhook.send_for_all_actions ? "(all)" : webhook.actions.join(", ");
}
