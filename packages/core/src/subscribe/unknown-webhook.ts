import { HookwrightError } from "../foundation/hookwright-error.js";
import type { WebhookId } from "../foundation/ids.js";

/** To a stranger, another organization's webhook is none. */
export function unknownWebhook(id: WebhookId): HookwrightError {
  return new HookwrightError("not_found", `There is no webhook ${id} in this organization.`);
}
