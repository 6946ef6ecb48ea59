import type {
  DisabledReason,
  OrganizationId,
  ProjectId,
  StoredSecret,
  StoredTarget,
  Webhook,
  WebhookId,
  WebhookSubscription,
} from "@hookwright/core";

/** The columns of {@link WebhookRow}, in order. */
export const webhookColumns = `id, organization, project, url, send_payload, send_for_all_actions, actions, headers, is_active, retry_schedule,
  max_concurrency, rate_limit, ordered, consecutive_failures, disabled_at, disabled_reason, secret_set, created_at, updated_at, version,
  handshake, allowed_rate`;

export type WebhookRow = readonly [
  id: WebhookId,
  organization: OrganizationId,
  project: ProjectId | null,
  url: string,
  sendPayload: number,
  sendForAllActions: number,
  actions: string,
  headers: string,
  isActive: number,
  retrySchedule: string | null,
  maxConcurrency: number | null,
  rateLimit: number | null,
  ordered: number,
  consecutiveFailures: number,
  disabledAt: number | null,
  disabledReason: DisabledReason | null,
  secretSet: number,
  createdAt: number,
  updatedAt: number,
  version: number,
  handshake: number,
  allowedRate: number | null,
];

/** What stands in the columns, in order. */
export function toRow(webhook: Webhook): WebhookRow {
  return [
    webhook.id,
    webhook.organization,
    webhook.project,
    webhook.url,
    Number(webhook.sendPayload),
    Number(webhook.sendForAllActions),
    JSON.stringify(webhook.actions),
    JSON.stringify(webhook.headers),
    Number(webhook.isActive),
    webhook.retrySchedule,
    webhook.maxConcurrency,
    webhook.rateLimit,
    Number(webhook.ordered),
    webhook.consecutiveFailures,
    webhook.disabledAt,
    webhook.disabledReason,
    Number(webhook.secretSet),
    webhook.createdAt,
    webhook.updatedAt,
    webhook.version,
    Number(webhook.handshake),
    webhook.allowedRate,
  ];
}

export function toWebhook(row: WebhookRow): Webhook {
  const [id, organization, project, url, sendPayload, sendForAllActions, actions, headers, isActive, ...rest] = row;
  const [retrySchedule, maxConcurrency, rateLimit, ordered, consecutiveFailures, disabledAt, ...end] = rest;
  const [disabledReason, secretSet, createdAt, updatedAt, version, handshake, allowedRate] = end;
  return {
    id,
    organization,
    project,
    url,
    sendPayload: sendPayload === 1,
    sendForAllActions: sendForAllActions === 1,
    // Both written by toRow and by nobody else.
    actions: JSON.parse(actions) as Webhook["actions"],
    headers: JSON.parse(headers) as Webhook["headers"],
    isActive: isActive === 1,
    retrySchedule,
    maxConcurrency,
    rateLimit,
    ordered: ordered === 1,
    consecutiveFailures,
    disabledAt,
    disabledReason,
    secretSet: secretSet === 1,
    createdAt,
    updatedAt,
    version,
    handshake: handshake === 1,
    allowedRate,
  };
}

export function toSubscription(row: WebhookRow): WebhookSubscription {
  const { id, organization, project, sendPayload, sendForAllActions, actions, isActive } = toWebhook(row);
  return { id, organization, project, sendPayload, sendForAllActions, actions, isActive };
}

export function toTarget(row: WebhookRow, secrets: readonly StoredSecret[]): StoredTarget {
  const { id, organization, project, url, headers, retrySchedule, ordered, handshake, version } = toWebhook(row);
  return { id, organization, project, url, headers, retrySchedule, ordered, handshake, version, secrets };
}
