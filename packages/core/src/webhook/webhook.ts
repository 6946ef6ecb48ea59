import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { SigningSecret } from "./signing-secret.js";

/** Why a webhook is not active: too many failures in a row, a 410 answer, or its user. */
export type DisabledReason = "failures" | "gone" | "user";

/** What a user says of a webhook; everything that can be written. */
export interface WebhookSettings {
  /** Absolute http or https URL, at most 2,048 characters. */
  readonly url: string;
  /** Whether messages carry their payload, or only `{"action":"…"}`. */
  readonly sendPayload: boolean;
  /**
   * Whether it gets every action of its scope; `actions` is kept but ignored then, except for those that tell of Hookwright's
   * own work (`WEBHOOK_DISABLED`, `DELIVERY_EXHAUSTED`, `DELIVERY_RECOVERED`): these are sent only to who lists them.
   */
  readonly sendForAllActions: boolean;
  /** Action names as they were given, aliases included; no duplicates. */
  readonly actions: readonly string[];
  /** At most ten; names as given. Values are secrets: never logged, masked in records. */
  readonly headers: Readonly<Record<string, string>>;
  readonly isActive: boolean;
  /** `standard` or a list such as `5s,1m,10m`; `null` takes the setting WEBHOOK_RETRY_SCHEDULE. */
  readonly retrySchedule: string | null;
  /** Deliveries of this webhook under way at once; `null` takes the default. */
  readonly maxConcurrency: number | null;
  /** Deliveries a second; `null` is no limit. */
  readonly rateLimit: number | null;
  /** Whether messages arrive in the order in which they were accepted. */
  readonly ordered: boolean;
  /**
   * Whether its receiver is asked for consent before it is saved, as the CloudEvents webhook specification 1.0.2 has it
   * (section 4, abuse protection); its deliveries say then who sends them.
   */
  readonly handshake: boolean;
}

/** One webhook as it is stored. Times are milliseconds since the Unix epoch. */
export interface Webhook extends WebhookSettings {
  readonly id: WebhookId;
  readonly organization: OrganizationId;
  /** `null` is an organization webhook: it gets every project's messages and the organization-only ones. */
  readonly project: ProjectId | null;
  /** Failed attempts in a row; a success, a new URL, new headers or a reactivation sets it to 0. */
  readonly consecutiveFailures: number;
  readonly disabledAt: number | null;
  readonly disabledReason: DisabledReason | null;
  /** Deliveries a minute that its receiver allowed when it consented; `null`: it named no limit, or was never asked. */
  readonly allowedRate: number | null;
  /** Whether what it gets is signed. */
  readonly secretSet: boolean;
  /** Names of headers whose values cannot be read any more, and which are not in `headers`; absent when there are none. */
  readonly unreadableHeaders?: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The organization's change number at this webhook's last change. */
  readonly version: number;
}

/** What one attempt needs to know of a webhook, read again for each attempt. */
export interface WebhookTarget
  extends Pick<
    Webhook,
    "id" | "organization" | "project" | "url" | "headers" | "retrySchedule" | "ordered" | "handshake" | "version"
  > {
  /** What a message is signed with: newest first, and only those that are valid still; empty without a secret. */
  readonly signingSecrets: readonly SigningSecret[];
}

/** What matching needs to know of a webhook, and all that the index holds in memory. */
export type WebhookSubscription = Pick<
  Webhook,
  "id" | "organization" | "project" | "sendPayload" | "sendForAllActions" | "actions" | "isActive"
>;
