import { HookwrightError } from "./hookwright-error.js";
import type { OrganizationId } from "./ids.js";

export interface CallShares {
  /** Calls at once in all. */
  readonly overall: number;
  readonly perOrganization: number;
}

/** Owns how many calls may be under way at once, in all and of one organization. Nobody waits: what is too much is refused. */
export class CallLimits {
  readonly #shares: CallShares;
  readonly #running = new Map<OrganizationId, number>();
  #all = 0;

  constructor(shares: CallShares) {
    this.#shares = shares;
  }

  /** @throws HookwrightError `overloaded`, and what the call throws. */
  async run<Result>(organization: OrganizationId, call: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(organization) ?? 0;
    const { overall, perOrganization } = this.#shares;
    if (running >= perOrganization) throw tooMany(`of organization ${organization}`, running);
    if (this.#all >= overall) throw tooMany("of all organizations", this.#all);
    this.#count(organization, 1);
    try {
      return await call();
    } finally {
      this.#count(organization, -1);
    }
  }

  #count(organization: OrganizationId, change: number): void {
    this.#all += change;
    const running = (this.#running.get(organization) ?? 0) + change;
    if (running === 0) this.#running.delete(organization);
    else this.#running.set(organization, running);
  }
}

function tooMany(whose: string, count: number): HookwrightError {
  return new HookwrightError(
    "overloaded",
    `${count} test deliveries and handshakes ${whose} wait for their receivers, and more are not made at once: try again in a second.`,
  );
}
