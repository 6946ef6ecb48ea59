import { type LookupAddress, Resolver } from "node:dns";
import type { Clock, Timer } from "../foundation/clock.js";
import type { Lookup } from "./lookup.js";

/** For so long the family that answers second is waited for once the other has addresses (RFC 8305, section 3). */
const resolutionDelay = 50;

/**
 * A server is asked again after 1, 2 and 4 seconds, sooner where it is known to be quick, so that a lost packet does not cost the attempt. c-ares
 * alone would go on for 26 seconds, when nobody waits any more.
 */
const patience = { timeout: 1_000, tries: 3 };

export interface DnsClientOptions {
  /** `10.0.0.2`, `10.0.0.2:5353` or `[::1]:53`; the machine's own when empty. */
  readonly nameServers: readonly string[];
  readonly clock: Clock;
  /** Differs whenever the machine's name servers may have changed. */
  readonly version: () => string;
}

/**
 * Asks name servers for a name's IPv4 and IPv6 addresses, through c-ares: on the event loop, without a thread and without a
 * cache, as many questions at once as there are.
 */
export class DnsClient {
  readonly #options: DnsClientOptions;
  #resolver: Resolver | undefined;
  #version = "";

  constructor(options: DnsClientOptions) {
    this.#options = options;
  }

  /** IPv4 first: where both families are to be had, that one works on every network. */
  readonly ask: Lookup = (name, callback) => {
    const resolver = this.#current();
    const question = new Question(this.#options.clock, (error, addresses) => {
      // Whoever was asked may not be this network's name server any more.
      if (error !== null && isSilence(error) && this.#resolver === resolver) this.#resolver = undefined;
      callback(error, addresses);
    });
    resolver.resolve4(name, (error, addresses) => question.answer(0, error, addresses));
    resolver.resolve6(name, (error, addresses) => question.answer(1, error, addresses));
  };

  // c-ares reads the machine's name servers when it is made, and never again: a laptop changes its network, a container its stack.
  #current(): Resolver {
    const version = this.#options.version();
    if (this.#resolver === undefined || this.#version !== version) {
      this.#resolver = new Resolver(patience);
      if (this.#options.nameServers.length > 0) this.#resolver.setServers(this.#options.nameServers);
      this.#version = version;
    }
    return this.#resolver;
  }
}

/** The two halves of one question. */
class Question {
  readonly #clock: Clock;
  #callback: Parameters<Lookup>[1] | undefined;
  readonly #found: [readonly LookupAddress[], readonly LookupAddress[]] = [[], []];
  readonly #errors: Error[] = [];
  #answers = 0;
  #delay: Timer | undefined;

  constructor(clock: Clock, callback: Parameters<Lookup>[1]) {
    this.#clock = clock;
    this.#callback = callback;
  }

  answer(half: 0 | 1, error: Error | null, addresses: readonly string[] | undefined): void {
    this.#answers += 1;
    if (error !== null) this.#errors.push(error);
    const family = half === 0 ? 4 : 6;
    this.#found[half] = (addresses ?? []).map((address) => ({ address, family }));
    if (this.#answers === 2) this.#end();
    else if (this.#found[half].length > 0) this.#delay = this.#clock.setTimer(resolutionDelay, () => this.#end());
  }

  #end(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    this.#delay?.cancel();
    const addresses = this.#found.flat();
    callback?.(addresses.length > 0 ? null : this.#telling(), addresses);
  }

  // That there is no address of one family says less than what befell the question for the other.
  #telling(): Error | null {
    return this.#errors.find((error) => !("code" in error) || error.code !== "ENODATA") ?? this.#errors[0] ?? null;
  }
}

function isSilence(error: Error): boolean {
  return "code" in error && (error.code === "ETIMEOUT" || error.code === "ECONNREFUSED");
}
