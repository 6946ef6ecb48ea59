import { hostname } from "node:os";

const longestName = 253;
const form = /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i;

/** RFC 1123, section 2.1. */
export function isDnsName(text: unknown): text is string {
  return typeof text === "string" && text.length <= longestName && form.test(text);
}

/** The name of this machine; `localhost` where it is none that DNS could have. */
export function machineName(): string {
  const name = hostname();
  return isDnsName(name) ? name : "localhost";
}
