import { distance } from "fastest-levenshtein";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { type AddressBlock, readBlock } from "./ip-address.js";

/** What a target guard opens besides public addresses. */
export interface AllowRules {
  readonly loopback: boolean;
  readonly private: boolean;
  readonly blocks: readonly AddressBlock[];
  /** Host names, lower case, without a trailing dot. */
  readonly hosts: ReadonlySet<string>;
  /** From `*.suffix`: `.suffix`, lower case. */
  readonly suffixes: readonly string[];
}

/** The rules of a guard that opens nothing. */
export const nothingAllowed: AllowRules = {
  loopback: false,
  private: false,
  blocks: [],
  hosts: new Set(),
  suffixes: [],
};

/**
 * Reads the value of HOOKWRIGHT_ALLOW_TARGETS: `loopback`, `private`, CIDR blocks and single addresses, host names and
 * `*.suffix`, separated by commas or blanks.
 *
 * @throws HookwrightError `configuration_invalid` that names the first entry that is none of these.
 */
export function parseAllowTargets(text: string): AllowRules {
  const blocks: AddressBlock[] = [];
  const hosts = new Set<string>();
  const suffixes: string[] = [];
  const named = new Set<string>();
  for (const entry of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const word = entry.toLowerCase();
    const block = readBlock(word);
    if (word === "loopback" || word === "private") named.add(word);
    else if (block !== undefined) blocks.push(usable(block, entry));
    else if (word.startsWith("*.")) suffixes.push(`.${hostName(word.slice(2), entry)}`);
    else hosts.add(hostName(intended(word, entry), entry));
  }
  return { loopback: named.has("loopback"), private: named.has("private"), blocks, hosts, suffixes };
}

/** A host name as rules compare it: lower case, without a trailing dot. */
export function canonicalHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function usable(block: AddressBlock, entry: string): AddressBlock {
  // Mapped addresses are judged as IPv4, so that such a block would never match anything.
  if (block.first.range() === "ipv4Mapped") refuse(entry, "write the IPv4 block that it stands for");
  return block;
}

function hostName(name: string, entry: string): string {
  if (!/^[^\s/\\:@?#*%[\]]+$/.test(name)) refuse(entry);
  const host = URL.parse(`http://${name}/`)?.hostname;
  if (host === undefined || host === "") return refuse(entry);
  // A name that ends in a number is an address in disguise (127.1, 0x7f.1): such a rule says less than it opens.
  if (readBlock(host) !== undefined) refuse(entry, `write ${host} if that is the address that you mean`);
  return canonicalHost(host);
}

/** A mistyped word would be a host name that nothing has, and what it was to open would stay shut without a reason. */
function intended(name: string, entry: string): string {
  if (name.includes(".")) return name;
  const asHost = `or "${name}." for a host of that name`;
  if (name === "all" || name === "any")
    refuse(entry, `nothing opens everything: name what is to be open, such as private or 10.0.0.0/8, ${asHost}`);
  const meant = words.find((word) => distance(name, word) <= mostMistyped);
  if (meant !== undefined) refuse(entry, `write ${meant} if you mean that, ${asHost}`);
  return name;
}

/** The words that stand for ranges. */
const words = ["loopback", "private"] as const;

/** Letters. Real names of hosts are further off. */
const mostMistyped = 2;

function refuse(entry: string, hint?: string): never {
  const forms =
    "loopback, private, a CIDR block such as 10.0.0.0/8 without bits behind its prefix, a host name, or *.suffix";
  throw new HookwrightError(
    "configuration_invalid",
    `HOOKWRIGHT_ALLOW_TARGETS: ${JSON.stringify(entry)} is not an allow rule; ${hint ?? `expected ${forms}`}.`,
  );
}
