/** Bytes of an answer's body that are kept for the record. */
export const excerptLength = 1_024;

/** The start of a body as text: UTF-8, where what is no UTF-8 becomes U+FFFD. */
export function excerptText(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  if (first === undefined) return "";
  const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
  const text = bytes.toString("utf8", 0, bytes.length > excerptLength ? characterEnd(bytes) : bytes.length);
  // No database of ours should have to refuse an attempt: Postgres keeps no U+0000 in a text.
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

// Where the last whole character ends within the excerpt.
function characterEnd(bytes: Buffer): number {
  let start = excerptLength;
  while (start > excerptLength - 4 && isContinuation(bytes[start])) start -= 1;
  return isContinuation(bytes[start]) ? excerptLength : start;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
