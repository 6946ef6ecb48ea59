import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Layer } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

/**
 * Holds what would leave without what it needs: header values that cannot be read, or a signature that nobody makes. The
 * receiver is not blamed, and the delivery is repeated.
 *
 * @param hasScheme - whether a plugin that signs is started
 */
export function secretsLayer(hasScheme: () => boolean): Layer {
  return {
    name: "core/secrets",
    owner: "core",
    phase: "prepare",
    order: 0,
    run: (request, next) => {
      const { target, unreadable } = OutgoingRequest.claimed(request);
      if (unreadable !== undefined) throw unreadable;
      if (target.signingSecrets.length > 0 && !hasScheme()) throw unsigned(target.id);
      return next(request);
    },
  };
}

function unsigned(webhook: number): HookwrightError {
  return new HookwrightError(
    "secret_scheme_missing",
    `Webhook ${webhook} has a signing secret, and no started plugin signs: add the signing plugin, or remove the secret.`,
    { details: { webhook } },
  );
}
