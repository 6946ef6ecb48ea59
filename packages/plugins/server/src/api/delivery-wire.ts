import type { Attempt, DeliveryDetail, DeliveryRecord } from "@hookwright/core";
import { bodyOf } from "@hookwright/core/internal";
import { shownUrl } from "../shown-url.js";
import { wireTime, wireTimeOrNull } from "./wire-time.js";

type Json = Readonly<Record<string, unknown>>;

/** A delivery as lists show it. */
export function deliveryJson(delivery: DeliveryRecord): Json {
  return {
    id: delivery.id,
    message: delivery.message,
    webhook: delivery.webhook,
    handler: delivery.handler === null ? null : { plugin: delivery.handler.plugin, name: delivery.handler.handler },
    project: delivery.project,
    action: delivery.action,
    status: delivery.status,
    test: delivery.test,
    created_at: wireTime(delivery.createdAt),
    finished_at: wireTimeOrNull(delivery.finishedAt),
    next_attempt_at: wireTimeOrNull(delivery.nextAttemptAt),
    attempt_count: delivery.attempts,
    last_status: delivery.lastStatus,
    last_code: delivery.lastCode,
  };
}

/** One delivery with its request and its attempts. `url` is the webhook's as it is now, without a password; `null` when it was deleted. */
export function deliveryDetailJson(
  detail: DeliveryDetail,
  url: string | null,
): Json & { readonly attempts: readonly Json[] } {
  const { delivery, message, attempts } = detail;
  return {
    ...deliveryJson(delivery),
    request: {
      method: delivery.handler === null ? "POST" : null,
      url: url === null ? null : shownUrl(url),
      headers: attempts.at(-1)?.headers ?? {},
      body: new TextDecoder().decode(bodyOf({ lease: delivery, message })),
    },
    attempts: attempts.map(attemptJson),
  };
}

function attemptJson(attempt: Attempt): Json {
  return {
    number: attempt.number,
    started_at: wireTime(attempt.startedAt),
    duration: Math.round(attempt.duration * 1_000) / 1_000,
    status: attempt.status,
    code: attempt.code,
    error: attempt.error,
    excerpt: attempt.excerpt,
    middleware: attempt.middleware,
    changed_by: attempt.changedBy,
    slowed_by: attempt.slowedBy,
    headers: attempt.headers,
  };
}
