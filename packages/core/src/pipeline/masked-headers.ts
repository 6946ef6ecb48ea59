import { OutgoingRequest } from "./outgoing-request.js";

/** Stands for a value that is not told. */
export const maskedValue = "***";

const secretName = /auth|token|secret|key|cookie|pass|pwd|session|credential/i;

/**
 * The headers of a request as a record may show them. Every value that the webhook's owner gave counts as a secret; of
 * those that middleware added, the ones whose name says so.
 */
export function maskedHeaders(request: OutgoingRequest): Readonly<Record<string, string>> {
  const own = Object.keys(OutgoingRequest.claimed(request).target.headers).map((name) => name.toLowerCase());
  // Entries, since a header may be named __proto__.
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => {
      const isSecret = own.includes(name.toLowerCase()) || secretName.test(name);
      return [name, isSecret ? maskedValue : value];
    }),
  );
}
