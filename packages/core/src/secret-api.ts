import { type Resolve, tokens } from "./container.js";
import type { WebhookId } from "./foundation/ids.js";
import { type OrganizationOptions, organizationOf } from "./foundation/organization-scope.js";
import type { IssuedSecret } from "./subscribe/manage-secrets.js";

/** Which secret a webhook is to have. */
export interface SecretOptions extends OrganizationOptions {
  /** One that the receiver knows already; a new one is made when it is absent. */
  readonly secret?: string;
}

/** How a webhook's secret is replaced. */
export interface RotateSecretOptions extends SecretOptions {
  /** Milliseconds for which the secrets before it sign as well; 24 hours. */
  readonly overlap?: number;
}

/** Signing secrets of webhooks. A secret is told once, by the call that sets it, and by no other. */
export interface SecretApi {
  /**
   * Signs what the webhook gets with this secret alone, from the next attempt on.
   *
   * @throws HookwrightError `not_found`, `webhook_invalid` naming `secret`, `secret_scheme_missing` without a plugin that signs.
   */
  set(id: number, options?: SecretOptions): Promise<IssuedSecret>;
  /**
   * Signs with a new secret and, until the overlap ends, with those before it: newest first, at most five.
   *
   * @throws HookwrightError as `set`, and `webhook_invalid` naming `overlap`.
   */
  rotate(id: number, options?: RotateSecretOptions): Promise<IssuedSecret>;
  /** What the webhook gets is no longer signed. @throws HookwrightError `not_found`. */
  remove(id: number, options?: OrganizationOptions): Promise<void>;
}

const day = 86_400_000;

/** The facade's part about signing secrets. */
export function secretApi(get: Resolve): SecretApi {
  return {
    set: async (id, { secret, ...options } = {}) =>
      get(tokens.secrets).set(organizationOf(options), id as WebhookId, secret),
    rotate: async (id, { secret, overlap = day, ...options } = {}) =>
      get(tokens.secrets).rotate(organizationOf(options), id as WebhookId, { secret, overlap }),
    remove: async (id, options = {}) => get(tokens.secrets).remove(organizationOf(options), id as WebhookId),
  };
}
