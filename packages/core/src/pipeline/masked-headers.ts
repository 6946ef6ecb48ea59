import { maskedValue } from "../foundation/masked-value.js";
import { holdsSecret } from "./masked-text.js";
import { OutgoingRequest } from "./outgoing-request.js";

const secretName = /auth|token|secret|key|cookie|pass|pwd|session|credential/i;

/**
 * The headers of a request as a record may show them. Every value that the webhook's owner gave counts as a secret; of
 * those that middleware added, the ones whose name says so, and those that hold such a value or a signing secret.
 */
export function maskedHeaders(request: OutgoingRequest): Readonly<Record<string, string>> {
  const { target } = OutgoingRequest.claimed(request);
  const own = Object.keys(target.headers).map((name) => name.toLowerCase());
  // Entries, since a header may be named __proto__.
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => {
      const isSecret = own.includes(name.toLowerCase()) || secretName.test(name) || holdsSecret(value, target);
      return [name, isSecret ? maskedValue : value];
    }),
  );
}
