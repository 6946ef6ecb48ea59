/**
 * The bytes of a base64 text (RFC 4648, section 4, with padding); `undefined` unless it is the one text that encodes them.
 * Node's own decoder leaves out what it does not know, so a damaged text would be another, weaker secret.
 */
export function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : undefined;
}
