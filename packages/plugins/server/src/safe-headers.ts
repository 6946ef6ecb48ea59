/** What an answer of this API may do to a browser that shows it: nothing. Answers hold tokens and payloads, which no cache keeps. */
export const safeHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;
