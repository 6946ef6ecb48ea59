import type { Strain } from "../delivery/attempt.js";
import type { OrganizationId, TargetId } from "../foundation/ids.js";
import type { Webhook } from "../webhook/webhook.js";
import { Circuit } from "./circuit.js";
import { IndexedHeap } from "./indexed-heap.js";
import { RateWindow } from "./rate-window.js";
import { type Turn, TurnQueue } from "./turn-queue.js";

/** Deliveries of one webhook under way at once, where the webhook does not say. */
const defaultMaxConcurrency = 32;

/** A clock that steps back by more was set; by less it was corrected, and rates go on as they were. In milliseconds. */
const greatestCorrection = 1_000;

/** What a lane takes from its webhook. */
export interface LaneSettings
  extends Pick<Webhook, "organization" | "isActive" | "maxConcurrency" | "rateLimit" | "allowedRate" | "ordered"> {
  /** A webhook, or a durable handler that stands in a webhook's place. */
  readonly id: TargetId;
  /** A pause that was written down; absent: none. */
  readonly pausedUntil?: number;
}

/** Whether a change of a webhook ends what its receiver asked for and what it did: it was reactivated, or has another receiver. */
export function isWellAgain(before: Webhook, after: Webhook): boolean {
  return (after.isActive && !before.isActive) || after.url !== before.url;
}

/** What a store did with a lane's turn. */
export interface TakenTurn {
  /** How many due deliveries it leased, at most what was offered. */
  readonly count: number;
  /** When the next of those that still wait is due; `undefined`: none waits. */
  readonly nextDue: number | undefined;
}

/** Leases up to `offer` due deliveries of a webhook, those first that are to go first. */
export type TakeTurn = (webhook: TargetId, offer: number) => TakenTurn;

interface Lane {
  readonly webhook: TargetId;
  readonly organization: OrganizationId;
  isActive: boolean;
  ordered: boolean;
  capacity: number;
  rateLimit: number | null;
  rate: RateWindow | undefined;
  /** Whether it was made in this life of the database. */
  isNew: boolean;
  /** May be too early (a turn then learns the truth), never too late. */
  nextDue: number | undefined;
  inFlight: number;
  pausedUntil: number;
  /** Made with the first failure that strains it. */
  circuit: Circuit | undefined;
  /** Its key among the sleeping. */
  wakeAt: number;
  /** Whether it stands in its organization's line; a lane in line is not among the sleeping. */
  inLine: boolean;
}

/**
 * Decides which webhooks may lease how many deliveries, for a store that one process has for itself. Knows of each webhook
 * only its lane: when the earliest that waits is due, how many are under way, and what holds it back. The deliveries
 * themselves stay with the store.
 *
 * A lane sleeps until it has something due and room for it, then stands in its organization's line; organizations take
 * turns, and inside one its webhooks do. So a call costs the lanes that it looks at, however many there are, and a webhook
 * or an organization with a long backlog delays nobody.
 */
export class LaneTable {
  readonly #lanes = new Map<TargetId, Lane>();
  readonly #sleeping = new IndexedHeap<Lane>((left, right) => left.wakeAt < right.wakeAt);
  readonly #lines = new Map<OrganizationId, TurnQueue<Lane>>();
  readonly #organizations = new TurnQueue<OrganizationId>();
  readonly #isResumed: boolean;
  /** The first moment that it was told. */
  #began: number | undefined;
  #latest = Number.NEGATIVE_INFINITY;

  /**
   * `isResumed`: deliveries may have left before it was made, in another life of the database. A webhook with a rate waits
   * for one window then, so that a restart brings nobody more than the rate.
   */
  constructor({ isResumed = false }: { readonly isResumed?: boolean } = {}) {
    this.#isResumed = isResumed;
  }

  /** Opens a webhook's lane, or gives it new settings; what waits and what is under way stays counted. */
  configure(settings: LaneSettings): void {
    const known = this.#lanes.get(settings.id);
    const lane = known ?? openLane(settings);
    this.#lanes.set(settings.id, lane);
    applySettings(lane, settings);
    if (known === undefined && this.#isResumed && this.#began !== undefined) lane.rate?.fill(this.#began);
    this.#place(lane);
  }

  /** The webhook is new: nothing has left for it in another life. */
  welcome(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.isNew = true;
    if (lane.rateLimit !== null) lane.rate = new RateWindow(lane.rateLimit);
    this.#place(lane);
  }

  /** Closes the lane of a deleted webhook. Every other call about a webhook without a lane has no effect. */
  remove(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    this.#lanes.delete(webhook);
    lane.isActive = false;
    this.#place(lane);
  }

  /**
   * Whether a new delivery may leave at once; it counts as under way then. It never overtakes: not what is due already,
   * and in an ordered lane nothing at all.
   */
  admit(webhook: TargetId, now: number): boolean {
    if (this.#began === undefined) this.#begin(now);
    const lane = this.#lanes.get(webhook);
    if (lane === undefined || roomOf(lane, now) < 1) return false;
    if (lane.nextDue !== undefined && (lane.ordered || lane.nextDue <= now)) return false;
    this.#count(lane, 1, now);
    this.#place(lane);
    return true;
  }

  /** One more delivery waits until `due`; in an ordered lane it stands behind those that wait already. */
  wait(webhook: TargetId, due: number): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined || (lane.nextDue !== undefined && (lane.ordered || lane.nextDue <= due))) return;
    lane.nextDue = due;
    this.#place(lane);
  }

  /** Says exactly when the next of those that wait is due: the earliest, or in an ordered lane the first in order. */
  setNextDue(webhook: TargetId, due: number | undefined): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.nextDue = due;
    this.#place(lane);
  }

  /** One lease ended: its place is free. */
  leave(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.inFlight = Math.max(0, lane.inFlight - 1);
    this.#place(lane);
  }

  /** Nothing leaves before `until`; a shorter pause does not end a longer one. */
  pause(webhook: TargetId, until: number): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.pausedUntil = Math.max(lane.pausedUntil, until);
    this.#place(lane);
  }

  /** An attempt ended that says the receiver is down: see {@link Circuit}. */
  strain(webhook: TargetId, strain: Strain, now: number): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.circuit ??= new Circuit();
    lane.circuit.strain({ strain, capacity: lane.capacity, now });
    this.#place(lane);
  }

  /** Whether {@link ease} would change anything. */
  isStrained(webhook: TargetId): boolean {
    return this.#lanes.get(webhook)?.circuit !== undefined;
  }

  /** An attempt ended that says the receiver is there. */
  ease(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane?.circuit === undefined) return;
    lane.circuit.ease();
    if (lane.circuit.isWhole) lane.circuit = undefined;
    this.#place(lane);
  }

  /** Ends a rest: somebody wants an attempt now. What else holds the lane back goes on to do so. */
  rouse(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane?.circuit === undefined) return;
    lane.circuit.wake();
    this.#place(lane);
  }

  /** Forgets what the receiver did: it is another one now, or its user says that it is well. */
  renew(webhook: TargetId): void {
    const lane = this.#lanes.get(webhook);
    if (lane === undefined) return;
    lane.circuit = undefined;
    lane.pausedUntil = Number.NEGATIVE_INFINITY;
    this.#place(lane);
  }

  /**
   * Shares out up to `limit` leases in turns; `take` is asked for each lane whose turn it is. Returns how many were taken.
   * When `take` throws, the lane keeps its turn, and what was taken before stays counted.
   */
  takeTurns(now: number, limit: number, take: TakeTurn): number {
    this.#wake(now);
    const laneTurn = (lane: Lane, offer: number): Turn =>
      this.#laneTurn(lane, Math.min(offer, dueRoomOf(lane, now)), { now, take });
    return this.#organizations.shareOut(limit, (organization, offer) =>
      this.#organizationTurn(organization, offer, laneTurn),
    );
  }

  /** The earliest moment, not before `now`, at which `takeTurns` can find something. Leases that may end are not among what it knows. */
  nextDue(now: number): number | undefined {
    if (this.#organizations.size > 0) return now;
    const first = this.#sleeping.first;
    return first === undefined ? undefined : Math.max(now, first.wakeAt);
  }

  #organizationTurn(organization: OrganizationId, offer: number, laneTurn: (lane: Lane, offer: number) => Turn): Turn {
    const line = this.#lines.get(organization);
    const used = line?.shareOut(offer, laneTurn) ?? 0;
    // A line ends its share only when the offer is used up or nobody is left, so one that stands again has used something.
    const again = line !== undefined && line.size > 0;
    if (!again) this.#lines.delete(organization);
    return { used, again };
  }

  #laneTurn(lane: Lane, offer: number, { now, take }: { readonly now: number; readonly take: TakeTurn }): Turn {
    const taken: TakenTurn = offer < 1 ? { count: 0, nextDue: lane.nextDue } : take(lane.webhook, offer);
    lane.nextDue = taken.nextDue;
    this.#count(lane, taken.count, now);
    const again = taken.count > 0 && dueRoomOf(lane, now) > 0;
    lane.inLine = again;
    this.#place(lane);
    return { used: taken.count, again };
  }

  #count(lane: Lane, leases: number, now: number): void {
    if (leases === 0) return;
    lane.inFlight += leases;
    lane.rate?.take(now, leases);
  }

  /** Puts every lane whose time has come into its line. Each pays for itself: it sleeps again only after a turn. */
  #wake(now: number): void {
    if (this.#began === undefined) this.#begin(now);
    if (now < this.#latest - greatestCorrection) this.#startOver();
    this.#latest = now;
    for (let lane = this.#sleeping.first; lane !== undefined && lane.wakeAt <= now; lane = this.#sleeping.first) {
      this.#sleeping.delete(lane);
      lane.inLine = true;
      this.#lineOf(lane.organization).push(lane);
    }
  }

  #begin(now: number): void {
    this.#began = now;
    if (!this.#isResumed) return;
    for (const lane of this.#lanes.values()) {
      if (lane.isNew) continue;
      lane.rate?.fill(now);
      this.#place(lane);
    }
  }

  /** The clock was set back: what rests or waits for its rate would do so for as long as it was. */
  #startOver(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.circuit === undefined && lane.rate === undefined) continue;
      lane.circuit?.wake();
      if (lane.rateLimit !== null) lane.rate = new RateWindow(lane.rateLimit);
      this.#place(lane);
    }
  }

  #lineOf(organization: OrganizationId): TurnQueue<Lane> {
    const known = this.#lines.get(organization);
    if (known !== undefined) return known;
    const line = new TurnQueue<Lane>();
    this.#lines.set(organization, line);
    this.#organizations.push(organization);
    return line;
  }

  /** Lets a lane sleep until something can leave, if it can. One in line is looked at again when its turn comes. */
  #place(lane: Lane): void {
    if (lane.inLine) return;
    const wakeAt = wakeTimeOf(lane);
    if (wakeAt === undefined) {
      this.#sleeping.delete(lane);
      return;
    }
    lane.wakeAt = wakeAt;
    this.#sleeping.put(lane);
  }
}

function openLane({ id, organization }: LaneSettings): Lane {
  return {
    webhook: id,
    organization,
    isActive: true,
    ordered: false,
    capacity: defaultMaxConcurrency,
    rateLimit: null,
    rate: undefined,
    isNew: false,
    nextDue: undefined,
    inFlight: 0,
    pausedUntil: Number.NEGATIVE_INFINITY,
    circuit: undefined,
    wakeAt: 0,
    inLine: false,
  };
}

function applySettings(lane: Lane, settings: LaneSettings): void {
  lane.isActive = settings.isActive;
  lane.ordered = settings.ordered;
  if (settings.pausedUntil !== undefined) lane.pausedUntil = Math.max(lane.pausedUntil, settings.pausedUntil);
  // One after the other is what keeps an order: the next leaves when the one before has ended.
  lane.capacity = settings.ordered ? 1 : (settings.maxConcurrency ?? defaultMaxConcurrency);
  const rateLimit = rateOf(settings);
  if (rateLimit === lane.rateLimit) return;
  lane.rateLimit = rateLimit;
  lane.rate = rateLimit === null ? undefined : new RateWindow(rateLimit, lane.rate);
}

/** What the webhook is limited to, or what its receiver allows, whichever is less; both a second. */
function rateOf({ rateLimit, allowedRate }: LaneSettings): number | null {
  if (allowedRate === null) return rateLimit;
  return Math.min(rateLimit ?? Number.POSITIVE_INFINITY, allowedRate / 60);
}

/** How many may leave at `now`, if they are due. */
function roomOf(lane: Lane, now: number): number {
  if (!lane.isActive || now < heldUntil(lane)) return 0;
  const free = capacityOf(lane) - lane.inFlight;
  return Math.max(0, lane.rate === undefined ? free : Math.min(free, lane.rate.room(now)));
}

/** The same, 0 when nothing is due. */
function dueRoomOf(lane: Lane, now: number): number {
  return lane.nextDue === undefined || lane.nextDue > now ? 0 : roomOf(lane, now);
}

/** When something can leave, as far as the lane itself knows; `undefined`: not before something happens to it. */
function wakeTimeOf(lane: Lane): number | undefined {
  if (!lane.isActive || lane.nextDue === undefined || lane.inFlight >= capacityOf(lane)) return undefined;
  return Math.max(lane.nextDue, heldUntil(lane), lane.rate?.freeAt ?? Number.NEGATIVE_INFINITY);
}

function capacityOf({ capacity, circuit }: Lane): number {
  return circuit === undefined ? capacity : circuit.narrowed(capacity);
}

function heldUntil({ pausedUntil, circuit }: Lane): number {
  return circuit === undefined ? pausedUntil : Math.max(pausedUntil, circuit.restUntil);
}
