import { type Checked, mayNotBeNull } from "./field-problems.js";

/** Says why the target guard would refuse this URL at every attempt; `undefined` when its host is no such address. */
export type LiteralCheck = (url: string) => string | undefined;

const longestUrl = 2_048;
/** RFC 1034, section 3.1, as text. */
const longestHost = 253;
const invalid = "Enter a valid URL.";

/**
 * Takes what Label Studio takes, but for `ftp`, and besides it hosts of one label, which is how containers name each other.
 * Nothing is looked up: where a name leads is decided at each attempt.
 */
export function checkUrl(value: unknown, checkLiteral: LiteralCheck): Checked<string> {
  if (value === null) return mayNotBeNull;
  if (typeof value !== "string" && typeof value !== "number") return { problem: ["Not a valid string."] };
  const url = String(value).trim();
  if (url === "") return { problem: ["This field may not be blank."] };
  if (url.length > longestUrl)
    return { problem: [`Ensure this field has no more than ${longestUrl} characters.`, invalid] };
  if (!isHttpUrl(url)) return { problem: [invalid] };
  const refusal = checkLiteral(url);
  return refusal === undefined ? { value: url } : { problem: [`Deliveries may not go there: ${refusal}.`] };
}

/** User and password, host, port, and the rest. A backslash before the path would be read as its beginning by some, and not by others. */
const form =
  /^https?:\/\/(?:[^\s:@/?#\\]+(?::[^\s:@/?#\\]*)?@)?(\[[^\s\]]+\]|[^\s:@/?#%\\[\]]+)(?::\d{1,5})?(?:[/?#]\S*)?$/i;

function isHttpUrl(url: string): boolean {
  const host = form.exec(url)?.[1];
  // The form alone lets through what only a parser can judge: port 0 and those beyond 65535, addresses, names in other scripts.
  const parsed = host === undefined ? null : URL.parse(url);
  return parsed !== null && parsed.port !== "0" && isText(url) && isHost(parsed.hostname, String(host));
}

/** Whether every store can keep it: no control characters, no half of a surrogate pair. */
function isText(url: string): boolean {
  return url.isWellFormed() && ![...url].some((character) => character < " " || character === "\u007f");
}

function isHost(hostname: string, written: string): boolean {
  if (hostname.startsWith("[")) return true;
  // An IPv4 address in any other spelling, `127.1` or `0x7f000001`, is more likely a trap than a wish.
  if (/^[\d.]+$/.test(hostname)) return hostname === written;
  if (hostname.length > longestHost) return false;
  const labels = hostname.replace(/\.$/, "").split(".");
  const [first = ""] = labels;
  // A host of one label is a name in a private network, and some of those have underscores.
  if (labels.length === 1) return /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(first);
  return labels.every(isLabel) && isTopLevel(labels.at(-1) ?? "");
}

function isLabel(label: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label);
}

function isTopLevel(label: string): boolean {
  return /^(?:[a-z-]{2,63}|xn--[a-z0-9-]{1,59})$/.test(label);
}
