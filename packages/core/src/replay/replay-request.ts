import { HookwrightError } from "../foundation/hookwright-error.js";
import type { ReplayRequest } from "../store/job-store.js";

/** What is to be sent again. Times are milliseconds since the Unix epoch. */
export interface ReplayOptions {
  /** Created at or after this. */
  readonly since: number;
  /** Created before this; now unless given. What comes later is not part of it. */
  readonly until?: number;
  /** Finished deliveries of this status go out again under their own id; `failed` unless `missing` is asked for alone. */
  readonly status?: "delivered" | "failed" | "cancelled";
  /** Whether messages that the webhook wants and has no delivery of get one, also those that came before the webhook did. */
  readonly missing?: boolean;
}

const statuses: readonly unknown[] = ["delivered", "failed", "cancelled"];

/**
 * Fills in what was left out.
 *
 * @throws HookwrightError `replay_invalid` with every faulty field.
 */
export function checkReplay({ since, until, status, missing = false }: ReplayOptions, now: number): ReplayRequest {
  const fields: Record<string, readonly string[]> = {};
  if (!Number.isFinite(since)) fields["since"] = ["Must be a time."];
  else if (since >= now) fields["since"] = ["Must be in the past."];
  if (until !== undefined && !Number.isFinite(until)) fields["until"] = ["Must be a time."];
  else if (until !== undefined && until <= since) fields["until"] = ["Must be after since."];
  if (status !== undefined && !statuses.includes(status))
    fields["status"] = [`Must be one of ${statuses.join(", ")}, found ${JSON.stringify(status)}.`];
  if (typeof missing !== "boolean") fields["missing"] = ["Must be true or false."];
  if (Object.keys(fields).length > 0) throw replayInvalid(fields);
  // Whole milliseconds, as times are kept; what has not happened yet is no part of it.
  const end = Math.min(Math.ceil(until ?? now), now);
  return { since: Math.ceil(since), until: end, status: status ?? (missing ? null : "failed"), missing };
}

function replayInvalid(fields: Readonly<Record<string, readonly string[]>>): HookwrightError {
  const texts = Object.entries(fields).map(([field, problem]) => `${field}: ${problem.join(" ")}`);
  return new HookwrightError("replay_invalid", `The replay cannot be started. ${texts.join(" ")}`, {
    details: { fields },
  });
}
