import type { Settlement } from "../delivery/attempt.js";
import {
  type HandlerLease,
  isHandlerLease,
  isWebhookLease,
  type Lease,
  type Message,
  type WebhookLease,
} from "../delivery/delivery.js";
import type { Timer } from "../foundation/clock.js";
import { GroupedWriter } from "../foundation/grouped-writer.js";
import type { MessageId } from "../foundation/ids.js";
import { runAsNobody } from "../observe/blame.js";
import type { Hub } from "../observe/hub.js";
import type { Logger } from "../observe/logger.js";
import type { ClaimedBatch, Deactivation, DeliveryQueue } from "../store/delivery-queue.js";
import { type AttemptPorts, type DeliveredOnce, deliverOnce } from "./deliver-once.js";
import { HandlerRunner, type Recorded, type RunnerPorts, releaseOf } from "./handler-runner.js";
import type { ReadyTarget, TargetCache } from "./target-cache.js";

/** The collaborators of {@link DeliveryWorker}. */
export interface WorkerPorts extends AttemptPorts, RunnerPorts {
  readonly queue: DeliveryQueue;
  readonly targets: TargetCache;
  readonly hub: Hub;
  readonly logger: Logger;
}

export interface WorkerSettings {
  /** Deliveries in memory at once, from lease to record. */
  readonly window: number;
  /** Milliseconds of a lease. */
  readonly leaseTime: number;
}

/** Outcomes in one transaction. */
const largestGroup = 256;

/** Pause after the store failed, in milliseconds. */
const storePause = 1_000;

/** For how long records are tried again after the stop, in milliseconds: a stop must end, and what is not recorded is repeated. */
const patienceAfterStop = 2_000;

/** A claim that came to nothing, although something was due, is not repeated sooner, in milliseconds. */
const idlePause = 20;

/** A lease with what it needs to be delivered, as far as that is known. */
interface HeldDelivery {
  readonly lease: WebhookLease;
  readonly message: Message | undefined;
  readonly ready: ReadyTarget | undefined;
}

/**
 * Owns the deliveries that this process holds. Takes what was leased as it was stored, claims more from the store while
 * there is room, makes the attempts and records them. A backlog of any length costs no memory here: the window bounds it.
 */
export class DeliveryWorker {
  readonly #ports: WorkerPorts;
  readonly #settings: WorkerSettings;
  readonly #settlements: GroupedWriter<Settlement, Recorded>;
  /** Room that is used: by deliveries from lease to record, and by calls that may still bring some. */
  #held = 0;
  #reserved = 0;
  readonly #runner: HandlerRunner;
  /** Deliveries of handlers in memory. They take no room: their lanes bound them, and slow ones must not hold up what is sent. */
  #handling = 0;
  #running = false;
  #claiming = false;
  /** Whether more was due than there was room for, the last time that the store was asked. */
  #backlog = false;
  /** When a claim can find something; `undefined`: nothing is known to wait. */
  #nextDue: number | undefined;
  /** The store failed: it is left alone until then. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #whenDrained: (() => void)[] = [];

  constructor(ports: WorkerPorts, settings: WorkerSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#settlements = new GroupedWriter((items) => this.#settle(items), largestGroup);
    this.#runner = new HandlerRunner(ports, {
      reserve: (wanted) => this.reserve(wanted),
      accept: (reserved, leases, messages) => this.accept(reserved, leases, messages),
      expect: (due) => this.#expect(due),
      record: (item) => this.#settlements.add(item),
      storeFailed: (operation, error) => this.#storeFailed(operation, error),
      retryStore: (operation, error, since) => this.#retryStore(operation, error, since),
      leaseTime: () => this.#leaseTime,
    });
    ports.handlers.whenChanged(() => this.wake());
  }

  /** Begins with whatever waits in the store. */
  start(): void {
    this.#running = true;
    this.wake();
  }

  /** Takes nothing more; what comes too late goes back to the store. Resolves when everything that is held is recorded. */
  stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    return new Promise((resolve) => {
      this.#whenDrained.push(resolve);
      this.#noteDrained();
    });
  }

  /** Deliveries from lease to record, at this moment. */
  get inFlight(): number {
    return this.#held + this.#handling;
  }

  /** Sets aside room for at most `wanted` deliveries and says how much there was. */
  reserve(wanted: number): number {
    if (!this.#running) return 0;
    const room = Math.max(0, Math.min(wanted, this.#room()));
    this.#reserved += room;
    return room;
  }

  /** Takes what was leased for the room that {@link reserve} set aside. Called once for each reservation. */
  accept(reserved: number, leases: readonly Lease[], messages: ReadonlyMap<MessageId, Message>): void {
    this.#reserved -= reserved;
    this.#take(leases, messages);
    // The room that was set aside may have been all that kept a claim from being made.
    this.#schedule();
    this.#noteDrained();
  }

  /** Deliveries wait in the store. */
  wake(): void {
    // Whoever asks for it: what is claimed then is not done for him.
    runAsNobody(() => this.#expect(this.#ports.clock.now()));
  }

  #expect(due: number | undefined): void {
    if (due !== undefined && (this.#nextDue === undefined || due < this.#nextDue)) this.#nextDue = due;
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#running || this.#claiming || this.#nextDue === undefined) return;
    // With less than a quarter of the window free, claims would be small and many; every record made here comes by again.
    if (this.#room() < this.#settings.window / 4) return;
    const wait = Math.max(this.#nextDue, this.#pausedUntil) - this.#ports.clock.now();
    if (wait <= 0) void this.#claim();
    else this.#timer = this.#ports.clock.setTimer(wait, () => this.#schedule());
  }

  #room(): number {
    return this.#settings.window - this.#held - this.#reserved;
  }

  async #claim(): Promise<void> {
    const now = this.#ports.clock.now();
    // Half of the room: what is emitted while the claim is under way must find some too, or it would join the backlog.
    const limit = Math.ceil(this.#room() / 2);
    this.#claiming = true;
    this.#reserved += limit;
    this.#nextDue = undefined;
    const batch = await this.#claimUpTo(limit, now);
    this.#claiming = false;
    this.#backlog = batch !== undefined && batch.leases.length > 0;
    const { nextDue, leases, messages } = batch ?? { nextDue: now, leases: [], messages: new Map() };
    const earliest = leases.length === 0 ? now + idlePause : now;
    if (nextDue !== undefined) this.#nextDue = Math.min(this.#nextDue ?? nextDue, Math.max(nextDue, earliest));
    this.accept(limit, leases, messages);
  }

  async #claimUpTo(limit: number, now: number): Promise<ClaimedBatch | undefined> {
    try {
      const { ids: handlers } = this.#ports.handlers;
      return await this.#ports.queue.claim({ now, leaseUntil: now + this.#leaseTime, limit, handlers });
    } catch (error) {
      this.#storeFailed("claim", error);
      return undefined;
    }
  }

  #take(leases: readonly Lease[], messages: ReadonlyMap<MessageId, Message>): void {
    const held: HeldDelivery[] = [];
    for (const lease of leases) {
      const message = messages.get(lease.message);
      if (isWebhookLease(lease)) held.push({ lease, message, ready: this.#ports.targets.find(lease) });
      else if (isHandlerLease(lease)) void this.#handle(lease, message);
    }
    this.#held += held.length;
    if (held.every(({ ready }) => ready !== undefined)) this.#deliverAll(held);
    else void this.#loadAndDeliver(held);
  }

  async #loadAndDeliver(held: readonly HeldDelivery[]): Promise<void> {
    try {
      const targets = await this.#ports.targets.load(held.map(({ lease }) => lease));
      this.#deliverAll(held.map(({ lease, message }) => ({ lease, message, ready: targets.get(lease.webhook) })));
    } catch (error) {
      this.#storeFailed("targets", error);
      this.#deliverAll(held);
    }
  }

  #deliverAll(held: readonly HeldDelivery[]): void {
    for (const delivery of held) void this.#deliver(delivery);
  }

  async #deliver({ lease, message, ready }: HeldDelivery): Promise<void> {
    if (this.#running && message !== undefined && ready !== undefined) {
      const claimed = { lease, message, target: ready.target, test: false };
      await this.#record(await deliverOnce(claimed, ready.schedule, this.#ports));
    } else {
      await this.#giveBack(lease);
    }
    this.#held -= 1;
    if (this.#timer === undefined) this.#schedule();
    this.#noteDrained();
  }

  async #handle(lease: HandlerLease, message: Message | undefined): Promise<void> {
    this.#handling += 1;
    if (this.#running && message !== undefined) await this.#runner.run(lease, message);
    else await this.#giveBack(lease);
    this.#handling -= 1;
    if (this.#timer === undefined) this.#schedule();
    this.#noteDrained();
  }

  /** Too late, or the webhook was deleted or could not be read: the store cancels what it deleted, and gives out the rest again. */
  async #giveBack(lease: Lease): Promise<void> {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#ports.clock.now() + idlePause);
    await this.#settlements.add(releaseOf(lease));
  }

  async #record(done: DeliveredOnce): Promise<void> {
    const recorded = await this.#settlements.add(done.settlement);
    if (recorded === "recorded") this.#tell(done);
    if (recorded !== "lease_lost") return;
    const { id: delivery, webhook, attempt } = done.lease;
    this.#ports.logger.warn(`Delivery ${delivery} was no longer held when its attempt was to be recorded`, {
      code: "lease_lost",
      delivery,
      webhook,
      attempt,
    });
  }

  /** Keeps on trying: what is held fills the window, so nothing new is claimed meanwhile, and the lease's end repeats what cannot be written. */
  async #settle(items: readonly Settlement[]): Promise<readonly Recorded[]> {
    const since = this.#ports.clock.now();
    for (;;) {
      try {
        const settling = this.#ports.queue.settle(items, this.#ports.clock.now());
        // Each record makes room in its webhook's lane: the claim that fills it travels along and shares the transaction.
        if (this.#backlog) this.wake();
        const batch = await settling;
        for (const deactivation of batch.deactivated) this.#tellDeactivated(deactivation);
        this.#expect(batch.nextDue);
        return items.map((_, index) => (batch.settled[index] === true ? "recorded" : "lease_lost"));
      } catch (error) {
        if (!(await this.#retryStore("settle", error, since))) return items.map(() => "store_failed");
      }
    }
  }

  /** Whether what failed since `since` is worth another try; resolves when it is time for it. */
  async #retryStore(operation: string, error: unknown, since: number): Promise<boolean> {
    this.#storeFailed(operation, error);
    // Whoever gives up sooner leaves a delivery that nobody holds, and that nobody may claim before its lease ends.
    const patience = this.#running ? this.#leaseTime : patienceAfterStop;
    if (this.#ports.clock.now() - since >= patience) {
      this.wake();
      return false;
    }
    await this.#pause();
    return true;
  }

  /** Long enough for a webhook's attempt, and for every handler of this process. */
  get #leaseTime(): number {
    return Math.max(this.#settings.leaseTime, this.#ports.handlers.leaseTime);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.setTimer(storePause, resolve);
    });
  }

  #noteDrained(): void {
    if (this.#running || this.#held + this.#handling + this.#reserved > 0) return;
    for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  #tell({ lease, outcome, settlement }: DeliveredOnce): void {
    const { attempt, verdict } = settlement;
    if (attempt === null) return;
    const { id: delivery, message, webhook, organization, action } = lease;
    const { number, duration } = attempt;
    this.#ports.hub.notify("attempt.recorded", {
      delivery,
      message,
      webhook,
      organization,
      action,
      attempt: number,
      duration,
      outcome,
      verdict,
    });
  }

  #tellDeactivated({ webhook, organization, reason, consecutiveFailures }: Deactivation): void {
    this.#ports.hub.notify("webhook.disabled", { webhook, organization, reason, consecutiveFailures });
    const why =
      reason === "gone" ? "because its receiver answered 410" : `after ${consecutiveFailures} consecutive failures`;
    this.#ports.logger.warn(`Webhook ${webhook} auto-disabled ${why}`, { webhook, organization, reason });
  }

  #storeFailed(operation: string, error: unknown): void {
    this.#pausedUntil = this.#ports.clock.now() + storePause;
    this.#ports.logger.error(`The store failed during ${operation}; it is tried again`, { operation, error });
    this.#ports.hub.notify("store.failed", { operation, error });
  }
}
