import type { Command } from "commander";
import { UsageError } from "./command-io.js";
import { collect, positive } from "./options.js";

/** What `add` and `edit` say of a webhook. */
export interface WebhookOptions {
  readonly action?: readonly string[];
  /** `false`: --no-header. */
  readonly header?: readonly string[] | false;
  readonly payload?: boolean;
  readonly inactive?: true;
  readonly retrySchedule?: string;
  readonly maxConcurrency?: string;
  readonly rateLimit?: string;
  readonly ordered?: boolean;
  readonly handshake?: boolean;
}

/** Whose webhooks, or whose events. */
export interface ScopeOptions {
  readonly project?: string;
  readonly organizationWide?: true;
}

export function addWebhookOptions(command: Command): Command {
  return command
    .option("--action <action>", "an action that it gets; may be repeated", collect)
    .option("--header <line>", "a header of every request, as 'Name: value'; may be repeated", collect)
    .option("--no-payload", 'send only {"action": …}')
    .option("--inactive", "switch it off")
    .option("--retry-schedule <list>", "such as 5s,1m,10m or standard; empty takes WEBHOOK_RETRY_SCHEDULE")
    .option("--max-concurrency <number>", "requests under way at once")
    .option("--rate-limit <number>", "requests a second")
    .option("--ordered", "in the order in which events were accepted")
    .option("--handshake", "ask the receiver for its consent before saving");
}

/** The fields that the API takes, of the options that were given. @throws UsageError */
export function webhookFields(options: WebhookOptions): Readonly<Record<string, unknown>> {
  const { action, header, payload, inactive, retrySchedule, maxConcurrency, rateLimit, ordered, handshake } = options;
  return {
    ...(action === undefined ? {} : { actions: action, send_for_all_actions: false }),
    ...(header === undefined ? {} : { headers: headersOf(header || []) }),
    ...(payload === undefined ? {} : { send_payload: payload }),
    ...(inactive === undefined ? {} : { is_active: false }),
    ...(retrySchedule === undefined ? {} : { retry_schedule: retrySchedule || null }),
    ...(maxConcurrency === undefined ? {} : { max_concurrency: positive(maxConcurrency, "--max-concurrency") }),
    ...(rateLimit === undefined ? {} : { rate_limit: positive(rateLimit, "--rate-limit") }),
    ...(ordered === undefined ? {} : { ordered }),
    ...(handshake === undefined ? {} : { handshake }),
  };
}

/** `null` is the organization as a whole. @throws UsageError when both are named. */
export function scopeOf({ project, organizationWide }: ScopeOptions): number | null | undefined {
  if (project !== undefined && organizationWide)
    throw new UsageError("--project and --organization-wide exclude each other.");
  if (organizationWide) return null;
  return project === undefined ? undefined : positive(project, "--project");
}

/** Never repeats the line in its message: it holds a secret. */
function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1) throw new UsageError("--header must be written as 'Name: value'.");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
