import { reformatJson } from "./json-text.js";
import { fields, printable, table, time } from "./table.js";

/** A delivery as the API lists it, as far as the command shows it. */
export interface DeliveryRow {
  readonly id: string;
  readonly message: string;
  readonly webhook: number | null;
  /** In place of a webhook. */
  readonly handler: { readonly plugin: string; readonly name: string } | null;
  readonly project: number | null;
  readonly action: string;
  readonly status: string;
  readonly test: boolean;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly next_attempt_at: string | null;
  readonly attempt_count: number;
  readonly last_status: number | null;
  readonly last_code: string | null;
}

/** One delivery with its request and its attempts. */
export interface DeliveryView extends DeliveryRow {
  readonly request: {
    readonly url: string | null;
    /** Values that are secrets are masked. */
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly attempts: readonly AttemptView[];
}

interface AttemptView {
  readonly number: number;
  readonly started_at: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly status: number | null;
  readonly code: string | null;
  readonly error: string | null;
  readonly excerpt: string;
  /** The middleware that stopped it, or failed in it. */
  readonly middleware: string | null;
  readonly changed_by: readonly string[];
  readonly slowed_by: readonly string[];
}

/** As far as it decides whether what waits for it goes out. */
interface HoldingWebhook {
  readonly is_active: boolean;
}

/** Whether it waits until somebody switches its webhook on. */
export function isHeld({ status }: DeliveryRow, webhook: HoldingWebhook | undefined): boolean {
  return status === "pending" && webhook !== undefined && !webhook.is_active;
}

export function deliveriesText(deliveries: readonly DeliveryRow[]): string {
  return table(
    deliveries,
    [
      { title: "ID", show: (delivery) => delivery.id },
      { title: "CREATED", show: (delivery) => time(delivery.created_at) },
      { title: "WEBHOOK", show: targetOf },
      { title: "ACTION", show: (delivery) => delivery.action },
      { title: "STATUS", show: (delivery) => `${delivery.status}${delivery.test ? " (test)" : ""}` },
      { title: "ATTEMPTS", show: (delivery) => delivery.attempt_count },
      { title: "LAST", show: lastOf },
    ],
    "There are no deliveries.",
  );
}

/** Of an answer that is a failure by its status, the status says it all. */
function lastOf({ last_code: code, last_status: status }: DeliveryRow): string | number | null {
  return code === null || code === "http_status" ? status : code;
}

function targetOf({ webhook, handler }: DeliveryRow): string | number | null {
  return handler === null ? webhook : handler.plugin;
}

/** @param webhook - where it goes; `undefined` where nobody looked, as for a delivery that is over */
export function deliveryText(delivery: DeliveryView, webhook?: HoldingWebhook): string {
  const facts = fields({
    id: delivery.id,
    message: delivery.message,
    ...(delivery.handler === null
      ? { webhook: delivery.webhook, url: delivery.request.url ?? "(the webhook was removed)" }
      : { handler: `${delivery.handler.name} of plugin ${delivery.handler.plugin}` }),
    project: delivery.project,
    action: delivery.action,
    status: `${delivery.status}${delivery.test ? " (test)" : ""}`,
    created: time(delivery.created_at),
    finished: time(delivery.finished_at),
    "next attempt": isHeld(delivery, webhook)
      ? `held: webhook ${delivery.webhook} is switched off`
      : time(delivery.next_attempt_at),
  });
  return [facts, attemptsText(delivery.attempts), `request\n${requestText(delivery.request)}`].join("\n\n");
}

function attemptsText(attempts: readonly AttemptView[]): string {
  const rows = table(
    attempts,
    [
      { title: "ATTEMPT", show: (attempt) => attempt.number },
      { title: "STARTED", show: (attempt) => time(attempt.started_at) },
      { title: "MS", show: (attempt) => Math.round(attempt.duration) },
      { title: "STATUS", show: (attempt) => attempt.status },
      { title: "CODE", show: (attempt) => attempt.code },
      { title: "CHANGED BY", show: (attempt) => attempt.changed_by.join(", ") },
    ],
    "There was no attempt yet.",
  );
  const faults = attempts.flatMap(({ number, error, excerpt, middleware, slowed_by: slowedBy }) => [
    ...(error === null ? [] : [`attempt ${number}: ${printable(error)}`]),
    // Else the error's text names it.
    ...(error === null && middleware !== null
      ? [printable(`attempt ${number}: middleware ${middleware} failed in it`)]
      : []),
    ...(slowedBy.length === 0 ? [] : [printable(`attempt ${number} was slowed by ${slowedBy.join(", ")}`)]),
    ...(excerpt === "" ? [] : [`attempt ${number} was answered: ${printable(excerpt)}`]),
  ]);
  return [rows, ...faults].join("\n");
}

function requestText({ headers, body }: DeliveryView["request"]): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${printable(value)}`);
  return [...lines, ...(lines.length === 0 ? [] : [""]), reformatJson(body, 2)].join("\n");
}
