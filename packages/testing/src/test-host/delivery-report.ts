import type { Attempt, DeliveryDetail } from "@hookwright/core";
import type { LogLine } from "./recorded-log.js";

/** An event that was accepted. */
export interface AcceptedEvent {
  /** `msg_…` */
  readonly id: string;
  readonly action: string;
  /** To webhooks. */
  readonly deliveries: number;
}

/** What a host has seen, for the message of a wait that came to nothing. */
export interface SeenSoFar {
  readonly accepted: readonly AcceptedEvent[];
  readonly deliveries: readonly DeliveryDetail[];
  readonly lines: readonly LogLine[];
}

/** More would hide what matters. */
const mostRows = 20;

/** What happened instead of what was waited for. */
export function reportOf(awaited: string, seen: SeenSoFar): string {
  return [
    `Waited for ${awaited}, and it does not come.`,
    ...section("Accepted events", seen.accepted.map(acceptedRow)),
    ...section("Deliveries", seen.deliveries.map(deliveryRow)),
    ...section("Warnings and errors in the log", seen.lines.filter(isTrouble).map(lineRow)),
  ].join("\n");
}

function section(title: string, rows: readonly string[]): readonly string[] {
  if (rows.length === 0) return [`${title}: none.`];
  const left = rows.length - mostRows;
  return [`${title}:`, ...rows.slice(0, mostRows), ...(left > 0 ? [`  … and ${left} more`] : [])];
}

function acceptedRow({ id, action, deliveries }: AcceptedEvent): string {
  const wanted =
    deliveries === 0 ? "no webhook wants it" : `${deliveries} ${deliveries === 1 ? "webhook" : "webhooks"}`;
  return `  ${action} ${id}: ${wanted}`;
}

function deliveryRow({ delivery, attempts }: DeliveryDetail): string {
  const { action, status, nextAttemptAt } = delivery;
  const next = nextAttemptAt === null ? "" : `, due again at ${new Date(nextAttemptAt).toISOString()}`;
  return `  ${action} to ${targetOf(delivery)}: ${status}${next}${runsOf(attempts).map(runText).join("")}`;
}

interface Run {
  readonly first: Attempt;
  last: Attempt;
}

/** Attempts one after the other that ended alike. */
function runsOf(attempts: readonly Attempt[]): readonly Run[] {
  const runs: Run[] = [];
  for (const attempt of attempts) {
    const run = runs.at(-1);
    if (run !== undefined && endOf(run.last) === endOf(attempt)) run.last = attempt;
    else runs.push({ first: attempt, last: attempt });
  }
  return runs.length > mostRows ? runs.slice(-mostRows) : runs;
}

function targetOf({ webhook, handler }: DeliveryDetail["delivery"]): string {
  return handler === null ? `webhook ${webhook}` : `handler ${handler.plugin}/${handler.handler}`;
}

function runText({ first, last }: Run): string {
  const which = first === last ? `attempt ${first.number}` : `attempts ${first.number} to ${last.number}`;
  return `; ${which}: ${endOf(first)}`;
}

function endOf({ status, code, error }: Attempt): string {
  if (code === null) return String(status ?? "done");
  return error === null ? code : `${code} (${error})`;
}

function isTrouble({ level }: LogLine): boolean {
  return level === "warn" || level === "error";
}

function lineRow({ level, message }: LogLine): string {
  return `  ${level}: ${message}`;
}
