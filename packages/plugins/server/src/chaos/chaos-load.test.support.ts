import { setTimeout as pause } from "node:timers/promises";
import {
  ChildGone,
  type Door,
  type KnownJob,
  type KnownWebhook,
  type Receipt,
  Refused,
  type WebhookWish,
} from "./chaos-door.test.support.js";
import { between } from "./seeded-random.test.support.js";

/** One event, and all that its caller was told of it. */
export interface LedgerEntry {
  readonly number: number;
  readonly key: string;
  readonly organization: number;
  /** One that has to be refused. */
  readonly isBad: boolean;
  receipt?: Receipt;
}

/** What one campaign asked for, and was told. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  /** Deliveries that were told to go out again, one by one. */
  readonly retried = new Set<string>();
  /** Before the first event. */
  readonly begun = Date.now() - 1_000;
  readonly problems: string[] = [];

  next(organization: number, isBad: boolean): LedgerEntry {
    const number = this.entries.length + 1;
    const entry = { number, key: `key-${number}`, organization, isBad };
    this.entries.push(entry);
    return entry;
  }
}

export interface LoadScene {
  readonly door: Door;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly url: (path: string) => string;
  readonly organizations: readonly number[];
  /** Deliveries that failed for good; where none has yet, those that arrived. */
  readonly finished: readonly string[];
}

const often = Array.from({ length: 10 }, () => "20ms").join();
const created = ["TASKS_CREATED"];

/** A receiver of each kind that there is, by the last part of its URL. */
const webhooks: Readonly<Record<string, WebhookWish>> = {
  steady: { actions: created, retrySchedule: often },
  ordered: { actions: created, retrySchedule: often, ordered: true },
  limited: { actions: created, retrySchedule: often, rateLimit: 200 },
  slow: { actions: created, retrySchedule: often },
  shaky: { actions: created, retrySchedule: "5ms,20ms,50ms" },
  // No retries: they fail, and are deactivated after some.
  hanging: { actions: created },
  dead: { actions: created, maxConcurrency: 1 },
  gone: { actions: created },
  emitted: { actions: ["TASKS_DELETED"], retrySchedule: often },
  notices: { actions: ["WEBHOOK_DISABLED", "DELIVERY_EXHAUSTED", "DELIVERY_RECOVERED"], retrySchedule: often },
};

/** Where an event is on its way to be sent for the first time; the others may be told that nobody listens any more. */
const mayRest: readonly string[] = ["hanging", "dead", "gone"];

/** Events that each caller emits as fast as it is answered; then one now and then, so that named points are reached. */
const burst = 15;

/** What several callers do to one child at once, until it is gone. */
export class ChaosLoad {
  readonly #scene: LoadScene;

  constructor(scene: LoadScene) {
    this.#scene = scene;
  }

  /** Makes the webhooks that are missing, and most of those that were deactivated active again. */
  async setUp(everyOne = false): Promise<void> {
    const { door, organizations, url, random } = this.#scene;
    for (const organization of organizations) {
      const known = (await door.call("list", { organization })) as readonly KnownWebhook[];
      for (const [path, wish] of Object.entries(webhooks)) {
        const webhook = known.find((one) => one.url === url(pathOf(path, organization)));
        const given = { organization, change: { url: url(pathOf(path, organization)), ...wish } };
        if (webhook === undefined) await door.call("create", given);
        else if (!webhook.isActive && (everyOne || !mayRest.includes(path) || random() < 0.7))
          await door.call("update", { organization, number: webhook.id, change: { isActive: true } });
      }
    }
  }

  /** Resolves when the child is gone. */
  async run(): Promise<void> {
    const callers = [1, 2, 3, 4].map(() => this.#emit());
    await Promise.all(
      [...callers, this.#changeWebhooks(), this.#retry(), this.#replay()].map((work) => work.catch(onlyGone)),
    );
  }

  async #emit(): Promise<void> {
    const { random } = this.#scene;
    for (let count = 0; ; count += 1) {
      await this.#emitOne();
      await pause(count < burst ? between(random, 0, 2) : 25);
    }
  }

  async #emitOne(): Promise<void> {
    const { door, ledger, organizations, random } = this.#scene;
    const organization = organizations[between(random, 0, organizations.length - 1)] ?? 1;
    const again = random() < 0.12 ? ledger.entries[between(random, 0, ledger.entries.length - 1)] : undefined;
    const entry = again ?? ledger.next(organization, random() < 0.05);
    const known = entry.receipt;
    try {
      // What the child answers is what the interface says.
      const receipt = (await door.call("emit", { organization: entry.organization, event: entry })) as Receipt;
      if (entry.isBad) ledger.problems.push(`event ${entry.number} was to be refused, and was accepted`);
      if (known !== undefined && (!receipt.duplicate || receipt.id !== known.id))
        ledger.problems.push(`event ${entry.number} was ${known.id}, and ${receipt.id} when it came again`);
      entry.receipt ??= receipt;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!entry.isBad) ledger.problems.push(`event ${entry.number} was refused: ${error.message}`);
    }
  }

  /** One webhook comes, is changed and goes again. */
  async #changeWebhooks(): Promise<void> {
    const { door, random, url } = this.#scene;
    const organization = 1;
    for (let count = 0; ; count += 1) {
      const change = { url: url(`temporary-${count}`), actions: created, retrySchedule: often };
      const { id: number } = (await door.call("create", { organization, change })) as KnownWebhook;
      await pause(between(random, 0, 20));
      await door.call("update", { organization, number, change: { ordered: random() < 0.5, rateLimit: 50 } });
      await pause(between(random, 0, 20));
      await door.call("delete", { organization, number });
      await pause(between(random, 5, 40));
    }
  }

  /** Sends everything to a webhook once more that failed, and whatever it has no delivery of. Answers the job. */
  async replay(path: string, status?: "failed"): Promise<KnownJob | undefined> {
    const { door, ledger, url } = this.#scene;
    const organization = 1;
    const known = (await door.call("list", { organization })) as readonly KnownWebhook[];
    const number = known.find((one) => one.url === url(path))?.id;
    if (number === undefined) return undefined;
    const replay = { since: ledger.begun, missing: true, ...(status === undefined ? {} : { status }) };
    return (await door.call("replay", { organization, number, replay })) as KnownJob;
  }

  async #replay(): Promise<void> {
    await pause(between(this.#scene.random, 0, 40));
    await this.replay(replayed, "failed").catch(onlyRefused);
  }

  async #retry(): Promise<void> {
    const { door, ledger, finished, random } = this.#scene;
    while (finished.length > 0) {
      await pause(between(random, 5, 30));
      const delivery = finished[between(random, 0, finished.length - 1)];
      if (delivery === undefined) continue;
      ledger.retried.add(delivery);
      await door.call("retry", { organization: 1, delivery }).catch(onlyRefused);
    }
  }
}

/** The one whose failures are replayed, again and again: what goes to it may go out any number of times. */
export const replayed = "dead";

/** Each organization's webhooks are told apart by their URLs. */
function pathOf(path: string, organization: number): string {
  return organization === 1 ? path : `${path}-${organization}`;
}

/** A webhook that was deleted meanwhile. */
function onlyRefused(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}

function onlyGone(error: unknown): void {
  if (!(error instanceof ChildGone)) throw error;
}
