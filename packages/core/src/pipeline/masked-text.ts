import { maskedValue } from "../foundation/masked-value.js";
import { credentialsOf } from "../transport/target.js";
import type { WebhookTarget } from "../webhook/webhook.js";

/** Shorter values are words that stand anywhere, and no secret that holds. */
const shortestSecret = 8;

const known = new WeakMap<WebhookTarget, readonly string[]>();
const none: readonly string[] = [];

/**
 * A text of strangers as a record may show it: receivers echo what they got, and middlewares put it into errors. Header values
 * of the webhook, its signing secrets and the credentials of its URL are replaced, also as they stand in JSON, and also where the text was cut off in one.
 */
export function maskedText(text: string, target: WebhookTarget): string {
  if (text.length < shortestSecret) return text;
  return secretsOf(target).reduce(without, text);
}

/** Whether the webhook has anything that a text could hold. */
export function hasSecrets(target: WebhookTarget): boolean {
  return secretsOf(target).length > 0;
}

/** Whether the text holds a header value of the webhook or one of its secrets. */
export function holdsSecret(text: string, target: WebhookTarget): boolean {
  return secretsOf(target).some((secret) => text.includes(secret));
}

/** Found out once for all deliveries that share the target. Longest first: one may stand in another. */
function secretsOf(target: WebhookTarget): readonly string[] {
  const found = known.get(target);
  if (found !== undefined) return found;
  const values = [
    ...Object.values(target.headers),
    ...target.signingSecrets.map((secret) => secret.reveal()),
    ...urlSecrets(target.url),
  ];
  const secrets =
    values.length === 0 ? none : [...new Set(values.flatMap(formsOf))].sort((one, two) => two.length - one.length);
  known.set(target, secrets);
  return secrets;
}

/** As they stand in the URL, as they are meant, and as they are sent. */
function urlSecrets(text: string): readonly string[] {
  // Most URLs have none, and need no parsing.
  const url = text.includes("@") ? URL.parse(text) : null;
  const credentials = url === null ? undefined : credentialsOf(url);
  if (url === null || credentials === undefined) return none;
  return [url.username, url.password, credentials.user, credentials.password, credentials.authorization];
}

/** The value, the credential behind its scheme (`Bearer …`), and both as JSON writes them. */
function formsOf(value: string): readonly string[] {
  const credential = value.slice(value.lastIndexOf(" ") + 1);
  return [value, credential]
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])
    .filter((text) => text.length >= shortestSecret);
}

function without(text: string, secret: string): string {
  const masked = text.replaceAll(secret, maskedValue);
  const start = masked.lastIndexOf(secret.slice(0, shortestSecret));
  return start >= 0 && secret.startsWith(masked.slice(start)) ? `${masked.slice(0, start)}${maskedValue}` : masked;
}
