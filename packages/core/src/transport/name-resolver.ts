import { type LookupAddress, lookup } from "node:dns";
import { type Clock, systemClock } from "../foundation/clock.js";
import { DnsClient } from "./dns-client.js";
import type { Lookup } from "./lookup.js";
import {
  candidates,
  type HostsTable,
  hostsPath,
  parseHosts,
  parseSearchRules,
  resolverPath,
  type SearchRules,
} from "./machine-files.js";
import { WatchedFile } from "./watched-file.js";

type Callback = Parameters<Lookup>[1];

export interface NameResolverOptions {
  /** Asked in place of the machine's name servers; as {@link parseNameServers} reads them. */
  readonly nameServers?: readonly string[];
  readonly clock?: Clock;
  /** The machine's own unless given, as the next. */
  readonly hostsFile?: string;
  readonly resolverFile?: string;
  /** Asked for names that only this machine may know; `getaddrinfo` unless given. */
  readonly machine?: Lookup;
}

/**
 * Resolves names as the other programs of the machine see them: hosts file, search domains, name servers. It does so without
 * `getaddrinfo`, which waits for a silent server in one of the two threads that a process has for it: four such names hold up
 * every other for 20 seconds. Answers are not kept: what was checked is what is dialled, at each attempt.
 */
export class NameResolver {
  readonly #hosts: WatchedFile<HostsTable>;
  readonly #search: WatchedFile<SearchRules>;
  readonly #dns: DnsClient;
  readonly #machine: Lookup;

  constructor(options: NameResolverOptions = {}) {
    this.#hosts = new WatchedFile(options.hostsFile ?? hostsPath(), parseHosts);
    this.#search = new WatchedFile(options.resolverFile ?? resolverPath, parseSearchRules);
    this.#machine = options.machine ?? machineLookup;
    this.#dns = new DnsClient({
      nameServers: options.nameServers ?? [],
      clock: options.clock ?? systemClock,
      version: () => this.#search.version,
    });
  }

  readonly lookup: Lookup = (host, callback) => {
    try {
      const name = host.toLowerCase();
      const known = this.#hosts.content.get(name.replace(/\.$/, "")) ?? loopbackOf(name);
      if (known !== undefined) callback(null, known);
      else this.#ask(name, { names: candidates(name, this.#search.content), callback, failure: undefined });
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), []);
    }
  };

  #ask(host: string, asking: Asking): void {
    const [name, ...names] = asking.names;
    if (name === undefined) return this.#askMachine(host, asking);
    this.#dns.ask(name, (error, addresses) => {
      if (error === null) return asking.callback(null, addresses);
      // A name that does not exist, or whose server fails, may exist in the next domain; silence is not asked for again.
      if (!isAbsent(error) && codeOf(error) !== "ESERVFAIL") return asking.callback(error, []);
      const failure = asking.failure === undefined || isAbsent(asking.failure) ? error : asking.failure;
      this.#ask(host, { ...asking, names, failure });
    });
  }

  // Only for names that nobody can have in the public DNS: another's server could answer that there is none, and then be silent.
  #askMachine(host: string, { failure, callback }: Asking): void {
    const isOwn = /^[^.]+\.?$|\.local\.?$/.test(host);
    if (isOwn && failure !== undefined && isAbsent(failure)) this.#machine(host, callback);
    else callback(failure ?? null, []);
  }
}

interface Asking {
  /** Still to be asked for. */
  readonly names: readonly string[];
  readonly callback: Callback;
  /** The most telling one so far. */
  readonly failure: Error | undefined;
}

/** mDNS, NetBIOS, or whatever else the machine asks besides name servers. */
const machineLookup: Lookup = (host, callback) => {
  lookup(host, { all: true }, (error, addresses) => callback(error, addresses ?? []));
};

const loopback: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** No name server is asked for these (RFC 6761, section 6.3). */
function loopbackOf(name: string): readonly LookupAddress[] | undefined {
  return /(^|\.)localhost\.?$/.test(name) ? loopback : undefined;
}

function isAbsent(error: Error): boolean {
  return ["ENOTFOUND", "ENODATA"].includes(codeOf(error));
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
