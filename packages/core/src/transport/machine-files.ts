import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { join } from "node:path";

/** Names of the hosts file, in lower case, with all their addresses in the file's order. */
export type HostsTable = ReadonlyMap<string, readonly LookupAddress[]>;

/** How names are completed before they are asked for: resolv.conf(5). */
export interface SearchRules {
  readonly domains: readonly string[];
  /** A name with so many dots is asked for as it is before it is completed. */
  readonly dots: number;
}

/** Where this machine keeps its hosts file. */
export function hostsPath(): string {
  if (process.platform !== "win32") return "/etc/hosts";
  return join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "drivers", "etc", "hosts");
}

/** Where machines other than Windows keep what their resolver is set to. */
export const resolverPath = "/etc/resolv.conf";

/** Reads a hosts file; a line that is none is passed over, as every resolver does. */
export function parseHosts(text: string): HostsTable {
  const table = new Map<string, LookupAddress[]>();
  for (const [address = "", ...names] of linesOf(text)) {
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = table.get(key) ?? [];
      if (!known.some((entry) => entry.address === address)) known.push({ address, family });
      table.set(key, known);
    }
  }
  return table;
}

/** Reads the `search`, `domain` and `ndots` of a resolv.conf. */
export function parseSearchRules(text: string): SearchRules {
  let domains: readonly string[] = [];
  let dots = 1;
  for (const [word, ...values] of linesOf(text)) {
    // The last of these lines counts.
    if (word === "search") domains = values;
    else if (word === "domain") domains = values.slice(0, 1);
    else if (word === "options") dots = dotsOf(values) ?? dots;
  }
  const clean = domains.map((domain) => domain.replace(/^\.+|\.+$/g, "")).filter((domain) => domain !== "");
  return { domains: clean, dots };
}

/** The names to ask for, in order, until one has an address. */
export function candidates(name: string, { domains, dots }: SearchRules): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const completed = domains.map((domain) => `${name}.${domain}`);
  return name.split(".").length > dots ? [name, ...completed] : [...completed, name];
}

function dotsOf(options: readonly string[]): number | undefined {
  const value = options.map((option) => /^ndots:(\d{1,2})$/.exec(option)?.[1]).findLast((found) => found !== undefined);
  return value === undefined ? undefined : Number(value);
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .map((line) => line.replace(/[#;].*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}
