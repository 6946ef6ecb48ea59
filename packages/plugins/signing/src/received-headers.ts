import { HookwrightError } from "@hookwright/core";

/** A request's headers, as `fetch`, Node and the frameworks have them; the case of names does not matter. */
export type ReceivedHeaders =
  | {
      /** The value of a header, `null` where there is none. */
      get(name: string): string | null;
    }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a signature is checked with, as it came. */
export interface SignatureHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

const parts = ["id", "timestamp", "signature"] as const;

/**
 * Takes all three from one family of names, never some from each: `webhook-…`, or `svix-…` where the sender sets none of those.
 *
 * @throws HookwrightError `signature_missing` naming the header.
 */
export function signatureHeaders(headers: ReceivedHeaders): SignatureHeaders {
  const read = readerOf(headers);
  const isSvix =
    parts.every((part) => read(`webhook-${part}`) === "") && parts.some((part) => read(`svix-${part}`) !== "");
  const family = isSvix ? "svix" : "webhook";
  const required = (part: (typeof parts)[number]): string => {
    const value = read(`${family}-${part}`);
    if (value !== "") return value;
    throw new HookwrightError(
      "signature_missing",
      `The request has no header ${family}-${part}: it is not signed, or a proxy has taken the header out.`,
    );
  };
  return { id: required("id"), timestamp: required("timestamp"), signature: required("signature") };
}

/** Gives the empty text for what is not there. */
function readerOf(headers: ReceivedHeaders): (name: string) => string {
  if (isReader(headers)) return (name) => headers.get(name) ?? "";
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    // One that is there twice comes as two: no form that is checked allows for it, but that of a list of signatures.
    values.set(key, [values.get(key) ?? [], value].flat().join(" "));
  }
  return (name) => values.get(name) ?? "";
}

function isReader(headers: ReceivedHeaders): headers is { get(name: string): string | null } {
  return typeof headers["get"] === "function";
}
