import { type AllowRules, canonicalHost, nothingAllowed } from "./allow-rules.js";
import { type AddressKind, blockHolds, type IpAddress, readAddress } from "./ip-address.js";

const phrases: Readonly<Record<Exclude<AddressKind, "public">, string>> = {
  loopback: "a loopback address",
  private: "a private address",
  "link-local": "a link-local address",
  metadata: "an address of cloud metadata",
  multicast: "a multicast address",
  unspecified: "an unspecified address",
  translated: "an address that is translated to IPv4",
  reserved: "a reserved address",
};

/**
 * Decides where deliveries may go. Public addresses are open; any other only if a rule opens it: `loopback` and `private`
 * their ranges, a block its addresses, a host name whatever it resolves to. Link-local addresses open only by a block inside their range,
 * and those of cloud metadata only by their own address, because a broad rule is not meant to hand out the machine's credentials.
 *
 * @example
 * ```ts
 * import { parseAllowTargets, TargetGuard } from "@hookwright/core";
 *
 * const guard = new TargetGuard(parseAllowTargets("loopback, 10.2.0.0/16, *.internal.example"));
 * console.log(guard.refusal("10.3.0.1", "receiver.example"));
 * ```
 */
export class TargetGuard {
  readonly #rules: AllowRules;

  constructor(rules: AllowRules = nothingAllowed) {
    this.#rules = rules;
  }

  /**
   * The one decision about an address: `undefined` when it may be dialled for `host`, else one line that says why not, and
   * not what a name resolved to. `host` is the name or literal of the URL.
   */
  refusal(address: string, host: string): string | undefined {
    const read = readAddress(address);
    if (read === undefined) return `${address} is not an IP address`;
    // A translated address needs both: to be named itself, and to lead to an address that is open.
    for (let layer: IpAddress | undefined = read; layer !== undefined; layer = layer.embedded) {
      if (layer.kind !== "public" && !this.#opens(layer, host)) return describe(layer.kind, { read, layer, host });
    }
    return undefined;
  }

  /**
   * Checks a URL when it is saved: one line that says why its host, written as an address, may not be reached. A name passes, because
   * what it resolves to is decided at each attempt.
   */
  checkUrlLiteral(url: string): string | undefined {
    const host = URL.parse(url)?.hostname;
    if (host === undefined) return "the URL cannot be read";
    return readAddress(host) === undefined ? undefined : this.refusal(host, host);
  }

  #opens(address: IpAddress, host: string): boolean {
    switch (address.kind) {
      case "metadata":
        return this.#blockOpens(address, address.parsed.kind() === "ipv4" ? 32 : 128);
      case "link-local":
        // The lengths of 169.254.0.0/16 and fe80::/10.
        return this.#blockOpens(address, address.parsed.kind() === "ipv4" ? 16 : 10);
      case "loopback":
        return this.#rules.loopback || this.#opensOther(address, host);
      case "private":
        return this.#rules.private || this.#opensOther(address, host);
      default:
        return this.#opensOther(address, host);
    }
  }

  #opensOther(address: IpAddress, host: string): boolean {
    return this.#hostOpens(canonicalHost(host)) || this.#blockOpens(address, 0);
  }

  #hostOpens(host: string): boolean {
    return this.#rules.hosts.has(host) || this.#rules.suffixes.some((suffix) => host.endsWith(suffix));
  }

  #blockOpens(address: IpAddress, leastPrefix: number): boolean {
    return this.#rules.blocks.some((block) => block.prefix >= leastPrefix && blockHolds(block, address));
  }
}

function describe(
  kind: Exclude<AddressKind, "public">,
  { read, layer, host }: { readonly read: IpAddress; readonly layer: IpAddress; readonly host: string },
): string {
  const what = `${phrases[kind]} that HOOKWRIGHT_ALLOW_TARGETS does not open`;
  // Who may save a webhook must not learn from it what the names inside of the network resolve to.
  if (readAddress(host) === undefined) return `${host} resolves to ${what}`;
  const leads = layer === read ? "" : `, which leads to ${layer.text}`;
  return `${read.text}${leads}, ${what}`;
}
