/** What the guard must take an address for; `open` ones are anybody's to send to. */
export type RangeKind =
  | "open"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "multicast"
  | "unspecified"
  | "translated"
  | "reserved";

export interface SpecialRange {
  readonly block: string;
  readonly name: string;
  readonly kind: RangeKind;
}

/** Every entry of IANA's registry of special-purpose IPv4 addresses, and the multicast space. The first that holds an address decides. */
export const specialRanges4: readonly SpecialRange[] = [
  { block: "192.0.0.0/29", name: "IPv4 service continuity prefix", kind: "reserved" },
  { block: "192.0.0.8/32", name: "IPv4 dummy address", kind: "reserved" },
  { block: "192.0.0.9/32", name: "port control protocol anycast", kind: "reserved" },
  { block: "192.0.0.10/32", name: "TURN anycast", kind: "reserved" },
  { block: "192.0.0.170/32", name: "NAT64 discovery", kind: "reserved" },
  { block: "192.0.0.171/32", name: "NAT64 discovery", kind: "reserved" },
  { block: "192.88.99.2/32", name: "6a44 relay anycast", kind: "reserved" },
  { block: "255.255.255.255/32", name: "limited broadcast", kind: "reserved" },
  { block: "0.0.0.0/32", name: "this host", kind: "unspecified" },
  { block: "0.0.0.0/8", name: "this network", kind: "unspecified" },
  { block: "10.0.0.0/8", name: "private use", kind: "private" },
  { block: "100.64.0.0/10", name: "shared address space", kind: "reserved" },
  { block: "127.0.0.0/8", name: "loopback", kind: "loopback" },
  { block: "169.254.0.0/16", name: "link local", kind: "link-local" },
  { block: "172.16.0.0/12", name: "private use", kind: "private" },
  { block: "192.0.0.0/24", name: "IETF protocol assignments", kind: "reserved" },
  { block: "192.0.2.0/24", name: "documentation (TEST-NET-1)", kind: "reserved" },
  { block: "192.31.196.0/24", name: "AS112", kind: "reserved" },
  { block: "192.52.193.0/24", name: "automatic multicast tunnels", kind: "reserved" },
  { block: "192.88.99.0/24", name: "6to4 relay anycast, deprecated", kind: "reserved" },
  { block: "192.168.0.0/16", name: "private use", kind: "private" },
  { block: "192.175.48.0/24", name: "direct delegation AS112", kind: "reserved" },
  { block: "198.18.0.0/15", name: "benchmarking", kind: "reserved" },
  { block: "198.51.100.0/24", name: "documentation (TEST-NET-2)", kind: "reserved" },
  { block: "203.0.113.0/24", name: "documentation (TEST-NET-3)", kind: "reserved" },
  { block: "224.0.0.0/4", name: "multicast", kind: "multicast" },
  { block: "240.0.0.0/4", name: "reserved", kind: "reserved" },
];

/** Every entry of IANA's registry of special-purpose IPv6 addresses, and what other documents take out of the space. */
export const specialRanges6: readonly SpecialRange[] = [
  { block: "::1/128", name: "loopback", kind: "loopback" },
  { block: "::/128", name: "unspecified", kind: "unspecified" },
  { block: "::/96", name: "IPv4-compatible, deprecated", kind: "translated" },
  { block: "::ffff:0:0:0/96", name: "IPv4-translated (SIIT)", kind: "translated" },
  { block: "64:ff9b::/96", name: "IPv4-IPv6 translation", kind: "translated" },
  { block: "64:ff9b:1::/48", name: "IPv4-IPv6 translation, local use", kind: "translated" },
  { block: "100::/64", name: "discard only", kind: "reserved" },
  { block: "100:0:0:1::/64", name: "dummy prefix", kind: "reserved" },
  { block: "2001::/32", name: "Teredo", kind: "translated" },
  { block: "2001:1::1/128", name: "port control protocol anycast", kind: "reserved" },
  { block: "2001:1::2/128", name: "TURN anycast", kind: "reserved" },
  { block: "2001:1::3/128", name: "DNS-SD registration anycast", kind: "reserved" },
  { block: "2001:2::/48", name: "benchmarking", kind: "reserved" },
  { block: "2001:3::/32", name: "automatic multicast tunnels", kind: "reserved" },
  { block: "2001:4:112::/48", name: "AS112", kind: "reserved" },
  { block: "2001:10::/28", name: "ORCHID, deprecated", kind: "reserved" },
  { block: "2001:20::/28", name: "ORCHIDv2", kind: "reserved" },
  { block: "2001:30::/28", name: "drone remote identification", kind: "reserved" },
  { block: "2001::/23", name: "IETF protocol assignments", kind: "reserved" },
  { block: "2001:db8::/32", name: "documentation", kind: "reserved" },
  { block: "2002::/16", name: "6to4", kind: "translated" },
  { block: "2620:4f:8000::/48", name: "direct delegation AS112", kind: "reserved" },
  { block: "3fff::/20", name: "documentation", kind: "reserved" },
  { block: "5f00::/16", name: "segment routing", kind: "reserved" },
  { block: "fc00::/7", name: "unique local", kind: "private" },
  { block: "fe80::/10", name: "link local", kind: "link-local" },
  { block: "fec0::/10", name: "site local, deprecated", kind: "reserved" },
  { block: "ff00::/8", name: "multicast", kind: "multicast" },
  // What is left: only 2000::/3 is given out (IANA, IPv6 address space).
  { block: "2000::/3", name: "global unicast", kind: "open" },
  { block: "::/0", name: "not given out", kind: "reserved" },
];

/** Where clouds answer with credentials; each stands before the range that it lies in. */
export const metadataAddresses: readonly string[] = [
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
];

/** All addresses from `first` to `last`, as numbers. */
export interface NumberedRange {
  readonly first: bigint;
  readonly last: bigint;
  /** 32 or 128. */
  readonly width: number;
}

/** A block as numbers, read without the library that the guard reads it with. */
export function rangeOf(block: string): NumberedRange {
  const [address = "", length = ""] = block.split("/");
  const width = address.includes(":") ? 128 : 32;
  const first = numberOf(address);
  return { first, last: first + (1n << BigInt(width - Number(length))) - 1n, width };
}

/** The number of an address: `10.0.0.1`, or IPv6 with one `::` or none, and without an IPv4 part. */
export function numberOf(address: string): bigint {
  if (!address.includes(":")) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [front = "", back] = address.split("::");
  const groups = (part: string): readonly string[] => (part === "" ? [] : part.split(":"));
  const last = back === undefined ? [] : groups(back);
  const zeroes = back === undefined ? [] : new Array<string>(8 - groups(front).length - last.length).fill("0");
  return [...groups(front), ...zeroes, ...last].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

/** The plainest spelling of a number as an address. */
export function textOf(value: bigint, width: number): string {
  const step = width === 32 ? 8n : 16n;
  const parts = Array.from(
    { length: width === 32 ? 4 : 8 },
    (_, index) => (value >> (BigInt(index) * step)) & ((1n << step) - 1n),
  );
  return width === 32
    ? parts.reverse().join(".")
    : parts
        .reverse()
        .map((part) => part.toString(16))
        .join(":");
}

/** What an address is, by the tables above. */
export function kindOfNumber(value: bigint, width: number): RangeKind {
  if (width === 32) return kind4(value);
  // Mapped addresses are what the operating system makes of them.
  if (value >> 32n === 0xffffn) return kind4(value & 0xffffffffn);
  if (isMetadata(value, 128)) return "metadata";
  const kind = kindIn(specialRanges6, value) ?? "reserved";
  // ISATAP hides an IPv4 address behind any prefix (RFC 5214, section 6.1).
  const isIsatap = ((value >> 32n) & 0xfdffffffn) === 0x5efen;
  return isIsatap && (kind === "open" || kind === "reserved") ? "translated" : kind;
}

function kind4(value: bigint): RangeKind {
  return isMetadata(value, 32) ? "metadata" : (kindIn(specialRanges4, value) ?? "open");
}

function isMetadata(value: bigint, width: number): boolean {
  return metadataAddresses.some((text) => text.includes(":") === (width === 128) && numberOf(text) === value);
}

function kindIn(ranges: readonly SpecialRange[], value: bigint): RangeKind | undefined {
  return ranges.find(({ block }) => {
    const { first, last } = rangeOf(block);
    return value >= first && value <= last;
  })?.kind;
}
