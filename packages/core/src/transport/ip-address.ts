import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What an address is, as far as it matters for sending to it. Only `public` ones are open to everybody. */
export type AddressKind =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "multicast"
  | "unspecified"
  | "translated"
  | "reserved";

type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** One address, read once. */
export interface IpAddress {
  readonly text: string;
  readonly kind: AddressKind;
  readonly parsed: ParsedAddress;
  /** The IPv4 address that a translated address leads to, once a gateway has unwrapped it. */
  readonly embedded: IpAddress | undefined;
}

/** All addresses that share their first `prefix` bits with `first`. */
export interface AddressBlock {
  readonly first: ParsedAddress;
  readonly prefix: number;
}

/**
 * Reads an address in its usual spelling, with or without brackets and zone. An IPv4-mapped address is read as the IPv4 address
 * that the operating system dials for it. `undefined` for anything else, names included.
 */
export function readAddress(text: string): IpAddress | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (isIP(bare) === 0) return undefined;
  return describe(ipaddr.process(bare));
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or a single address as the block of it alone. `undefined` for anything else: also for bits
 * behind the prefix, because `10.1.2.3/8` opens more than its author may think.
 */
export function readBlock(text: string): AddressBlock | undefined {
  const [address = "", length, ...rest] = text.split("/");
  if (rest.length > 0 || isIP(address) === 0) return undefined;
  const first = ipaddr.parse(address);
  const width = first.kind() === "ipv4" ? 32 : 128;
  if (length === undefined) return { first, prefix: width };
  const prefix = Number(length);
  if (!/^\d{1,3}$/.test(length) || prefix > width) return undefined;
  return networkAddress(address, prefix) === first.toNormalizedString() ? { first, prefix } : undefined;
}

/** Whether an address lies in a block of its own family. */
export function blockHolds(block: AddressBlock, address: IpAddress): boolean {
  return block.first.kind() === address.parsed.kind() && address.parsed.match(block.first, block.prefix);
}

function describe(parsed: ParsedAddress): IpAddress {
  const text = parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString();
  const embedded = parsed instanceof ipaddr.IPv6 ? embeddedAddress(parsed) : undefined;
  return { text, kind: kindOf(parsed, text, embedded), parsed, embedded };
}

// Where clouds answer with credentials to whoever asks from the machine itself: AWS, Google, Azure and most others on
// 169.254.169.254, Amazon's containers and clusters, Tencent, Alibaba, Oracle; Azure's agent has an address that looks public.
const metadata: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.0.23",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

const kinds: Readonly<Record<string, AddressKind>> = {
  unicast: "public",
  loopback: "loopback",
  private: "private",
  uniqueLocal: "private",
  linkLocal: "link-local",
  multicast: "multicast",
  unspecified: "unspecified",
};

function kindOf(parsed: ParsedAddress, text: string, embedded: IpAddress | undefined): AddressKind {
  if (metadata.has(text)) return "metadata";
  // A range that is not in the table is one that nobody can have a receiver in.
  const kind = kinds[parsed.range()] ?? "reserved";
  if (parsed instanceof ipaddr.IPv4) return kind;
  // ISATAP puts an IPv4 address behind any prefix, a link-local one too, which then stays what it is.
  if (embedded !== undefined && (kind === "public" || kind === "reserved")) return "translated";
  return kind === "public" && !parsed.match(globalUnicast) ? "reserved" : kind;
}

// Outside of it IPv6 has no address that is routed on the Internet (IANA, IPv6 address space).
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

function embeddedAddress(address: ipaddr.IPv6): IpAddress | undefined {
  const halves = embeddedHalves(address);
  if (halves === undefined) return undefined;
  const [high, low] = halves;
  return describe(new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]));
}

// The two 16-bit halves of the IPv4 address inside of an IPv6 address of one of the translation schemes.
function embeddedHalves(address: ipaddr.IPv6): readonly [number, number] | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = address.parts;
  switch (address.range() as string) {
    case "6to4":
      return [b, c];
    case "teredo":
      return [g ^ 0xffff, h ^ 0xffff];
    case "rfc6145":
    case "rfc6052":
      return [g, h];
    default:
  }
  const isatap = (e & ~0x0200) === 0 && f === 0x5efe;
  const compatible = a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0 && (g !== 0 || h > 1);
  return isatap || compatible ? [g, h] : undefined;
}

function networkAddress(address: string, prefix: number): string {
  const family = isIP(address) === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return family.networkAddressFromCIDR(`${address}/${prefix}`).toNormalizedString();
}
