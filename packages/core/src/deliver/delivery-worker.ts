import type { Settlement } from "../delivery/attempt.js";
import {
  type ClaimedDelivery,
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
import type { StoreHealth } from "../observe/store-health.js";
import type { ClaimedBatch, DeliveryQueue } from "../store/delivery-queue.js";
import { type AttemptPorts, type DeliveredOnce, deliverOnce } from "./deliver-once.js";
import { deliveryFact, type NoteDesk, withNote } from "./delivery-fact.js";
import { HandlerRunner, type Recorded, type RunnerPorts, releaseOf } from "./handler-runner.js";
import { HeldLeases } from "./held-leases.js";
import type { ReadyTarget, TargetCache } from "./target-cache.js";
import { tellDeactivated, tellLost, tellRecorded } from "./tell-deliveries.js";

/** The collaborators of {@link DeliveryWorker}. */
export interface WorkerPorts extends AttemptPorts, RunnerPorts {
  readonly queue: DeliveryQueue;
  readonly targets: TargetCache;
  readonly notes: NoteDesk;
  readonly hub: Hub;
  readonly health: StoreHealth;
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

/** What a claim that failed came to: the pause that follows ends with another. */
const nothingClaimed: ClaimedBatch = { leases: [], messages: new Map(), nextDue: undefined };

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
  readonly #leases = new HeldLeases();
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
  /** Nothing is claimed while it runs. A timer and not a moment, which would be a day away once the clock is set back by a day. */
  #pause: Timer | undefined;
  /** Claims again by itself after one that came to nothing; whoever wakes the worker does so sooner. */
  #again: Timer | undefined;
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
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#again?.cancel();
    this.#again = undefined;
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
    if (!this.#running || this.#claiming || this.#pause !== undefined || this.#nextDue === undefined) return;
    // With less than a quarter of the window free, claims would be small and many; every record made here comes by again.
    if (this.#room() < this.#settings.window / 4) return;
    const wait = this.#nextDue - this.#ports.clock.now();
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
    const { nextDue, leases, messages } = batch ?? nothingClaimed;
    if (nextDue !== undefined) {
      if (leases.length === 0 && nextDue < now + idlePause) this.#wakeSoon();
      else this.#nextDue = Math.min(this.#nextDue ?? nextDue, nextDue);
    }
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
    const now = this.#ports.clock.now();
    const held: HeldDelivery[] = [];
    for (const lease of leases) {
      const message = messages.get(lease.message);
      if (isWebhookLease(lease)) {
        if (this.#leases.take(lease, now)) held.push({ lease, message, ready: this.#ports.targets.find(lease) });
      } else if (isHandlerLease(lease)) void this.#handle(lease, message);
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

  async #deliver(held: HeldDelivery): Promise<void> {
    const fence = await this.#deliverHeld(held);
    const { lease, message } = held;
    const newer = this.#leases.end(lease, fence);
    this.#held -= 1;
    if (newer !== undefined) this.#take([newer], new Map(message === undefined ? [] : [[message.id, message]]));
    if (this.#timer === undefined) this.#schedule();
    this.#noteDrained();
  }

  /** The fence under which it was written down. */
  async #deliverHeld({ lease, message, ready }: HeldDelivery): Promise<number> {
    if (this.#running && message !== undefined && ready !== undefined) {
      const claimed = { lease, message, target: ready.target, unreadable: ready.unreadable, test: false };
      return this.#record(await deliverOnce(claimed, ready.schedule, this.#ports), claimed);
    }
    const current = this.#leases.current(lease);
    await this.#giveBack(current);
    return current.attempt;
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
    this.#pauseClaims(idlePause);
    await this.#settlements.add(releaseOf(lease));
  }

  async #record(done: DeliveredOnce, { message, target: scope }: ClaimedDelivery): Promise<number> {
    const fact = deliveryFact(done.lease, message, done.settlement);
    const settlement = withNote(done.settlement, { fact, message, scope }, this.#ports.notes);
    const { recorded, fence } = await this.#recordHeld(done.lease, settlement);
    if (recorded === "recorded") tellRecorded(done, fact, this.#ports);
    if (recorded === "lease_lost" || recorded === "perhaps_recorded") tellLost(done.lease, this.#ports);
    return fence;
  }

  /**
   * A lease that was given anew while this one was being recorded takes its place: unless the record may be stored and have led
   * to it, since it would be stored twice then.
   */
  async #recordHeld(
    lease: WebhookLease,
    settlement: Settlement,
  ): Promise<{ readonly recorded: Recorded; readonly fence: number }> {
    for (;;) {
      const { attempt: fence, due } = this.#leases.current(lease);
      const recorded = await this.#settlements.add(
        fence === settlement.fence ? settlement : { ...settlement, fence, due },
      );
      const isLost = recorded === "lease_lost" || (recorded === "perhaps_recorded" && !this.#leases.isRenewed(lease));
      if (!isLost || fence === this.#leases.current(lease).attempt) return { recorded, fence };
    }
  }

  /** Keeps on trying: what is held fills the window, so nothing new is claimed meanwhile, and the lease's end repeats what cannot be written. */
  async #settle(items: readonly Settlement[]): Promise<readonly Recorded[]> {
    const since = this.#ports.clock.now();
    for (let isFirst = true; ; isFirst = false) {
      try {
        const settling = this.#ports.queue.settle(items, this.#ports.clock.now());
        // Each record makes room in its webhook's lane: the claim that fills it travels along and shares the transaction.
        if (this.#backlog) this.wake();
        const batch = await settling;
        this.#ports.health.worked();
        for (const deactivation of batch.deactivated) tellDeactivated(deactivation, this.#ports);
        // What was stored by a call whose answer was lost does not say so again.
        if (batch.noted || !isFirst) this.#ports.notes.written();
        this.#expect(batch.nextDue);
        const refused = isFirst ? "lease_lost" : "perhaps_recorded";
        return items.map((_, index) => (batch.settled[index] === true ? "recorded" : refused));
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
    await this.#passStorePause();
    return true;
  }

  /** Long enough for a webhook's attempt, and for every handler of this process. */
  get #leaseTime(): number {
    return Math.max(this.#settings.leaseTime, this.#ports.handlers.leaseTime);
  }

  #passStorePause(): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.setTimer(storePause, resolve);
    });
  }

  #noteDrained(): void {
    if (this.#running || this.#held + this.#handling + this.#reserved > 0) return;
    for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  #storeFailed(operation: string, error: unknown): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#pauseClaims(storePause);
    this.#ports.health.failed(operation, error);
  }

  #wakeSoon(): void {
    if (!this.#running || this.#again !== undefined) return;
    this.#again = this.#ports.clock.setTimer(idlePause, () => {
      this.#again = undefined;
      this.wake();
    });
  }

  /** A pause that runs already goes on. */
  #pauseClaims(duration: number): void {
    if (!this.#running || this.#pause !== undefined) return;
    this.#pause = this.#ports.clock.setTimer(duration, () => {
      this.#pause = undefined;
      this.wake();
    });
  }
}
