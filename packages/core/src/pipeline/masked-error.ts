import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { WebhookTarget } from "../webhook/webhook.js";
import { hasSecrets, maskedText } from "./masked-text.js";

/** A cause may name itself. */
const longestChain = 8;

/**
 * What code of strangers threw, as a log may show it: with the messages and stacks of all its causes, but without the webhook's
 * secrets. What else hangs on an error is left out: libraries attach requests. Of a webhook without secrets it is the very error.
 */
export function maskedError(error: unknown, target: WebhookTarget): unknown {
  if (!hasSecrets(target)) return error;
  try {
    return maskedLink(error, target, longestChain);
  } catch {
    return maskedText(messageOf(error), target);
  }
}

function maskedLink(error: unknown, target: WebhookTarget, left: number): unknown {
  if (!(error instanceof Error)) return typeof error === "object" ? undefined : maskedText(String(error), target);
  if (left === 0) return undefined;
  const message = maskedText(error.message, target);
  const cause = maskedLink(error.cause, target, left - 1);
  const shown = shownLike(error, message, cause === undefined ? {} : { cause });
  if (shown instanceof AggregateError && error instanceof AggregateError)
    shown.errors = error.errors.slice(0, longestChain).map((each) => maskedLink(each, target, left - 1));
  const told = { name: maskedText(error.name, target), stack: maskedText(error.stack ?? message, target) };
  return Object.assign(shown, told, codeOf(error, target));
}

function shownLike(error: Error, message: string, options: ErrorOptions): Error {
  if (error instanceof HookwrightError) return new HookwrightError(error.code, message, options);
  if (error instanceof AggregateError) return new AggregateError([], message, options);
  return new Error(message, options);
}

function codeOf(error: Error, target: WebhookTarget): { readonly code?: string } {
  if (error instanceof HookwrightError) return {};
  return "code" in error && typeof error.code === "string" ? { code: maskedText(error.code, target) } : {};
}
