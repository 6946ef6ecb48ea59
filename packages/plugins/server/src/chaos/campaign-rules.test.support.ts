import { type LedgerEntry, replayed } from "./chaos-load.test.support.js";
import type { Arrival } from "./chaos-receiver.test.support.js";
import { type DatabaseState, type DeliveryState, deliveryKey } from "./database-state.test.support.js";

/** One life of a child: what its receiver saw, and the database before and after it. */
export interface Life {
  readonly arrivals: readonly Arrival[];
  readonly before: DatabaseState | undefined;
  readonly after: DatabaseState;
  /** It ended itself, in its own time: then nothing was in flight. */
  readonly isClean: boolean;
  readonly retried: ReadonlySet<string>;
}

/** What is wrong with what the receiver saw in one life, and how many requests came a second time because of its end. */
export function judgeLife(life: Life): { readonly faults: readonly string[]; readonly unrecorded: number } {
  const faults: string[] = [];
  let unrecorded = 0;
  const counts = countBy(life.arrivals.filter(isComparable));
  for (const [key, requests] of counts) {
    const [before, after] = [life.before?.deliveries.get(key), life.after.deliveries.get(key)];
    if (after === undefined) {
      faults.push(`${key} was sent, and is not in the database`);
      continue;
    }
    const isWanted = life.retried.has(after.id) || after.path === replayed;
    if (before !== undefined && before.status !== "pending" && !isWanted)
      faults.push(`${key} was sent though it was recorded as ${before.status}`);
    const beyond = requests - (after.attempts - (before?.attempts ?? 0));
    if (beyond > (life.isClean ? 0 : 1)) faults.push(`${key} came ${beyond} times more often than it was recorded`);
    if (beyond === 1) unrecorded += 1;
  }
  for (const [key, after] of life.after.deliveries) {
    const isNew = after.status === "delivered" && life.before?.deliveries.get(key)?.status !== "delivered";
    if (isNew && isComparable(after) && !counts.has(key))
      faults.push(`${key} is recorded as delivered, and never came`);
  }
  return { faults, unrecorded };
}

/** A deleted webhook has no name in the database any more. */
function isComparable({ path }: { readonly path: string }): boolean {
  return !/^(temporary|deleted)-/.test(path);
}

function countBy(arrivals: readonly Arrival[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { path, webhookId } of arrivals) {
    const key = deliveryKey(path, webhookId);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/**
 * What came to an ordered webhook out of the order in which it was accepted; repetitions aside. Of two events whose calls
 * overlapped, either may be the first: the one that got its id first, or the one that was stored first.
 */
export function disorderOf(arrivals: readonly Arrival[], state: DatabaseState): readonly string[] {
  const faults: string[] = [];
  const last = new Map<string, DeliveryState>();
  for (const { path, webhookId } of arrivals.filter((one) => /^ordered(-\d+)?$/.test(one.path))) {
    const delivery = state.deliveries.get(deliveryKey(path, webhookId));
    const before = last.get(path);
    if (delivery === undefined) continue;
    if (before !== undefined && delivery.number < before.number && delivery.id < before.id)
      faults.push(`${webhookId} came to ${path} after ${before.message}, which is later`);
    last.set(path, delivery);
  }
  return faults;
}

export interface Ending {
  readonly entries: readonly LedgerEntry[];
  readonly retried: ReadonlySet<string>;
  readonly state: DatabaseState;
  readonly organizations: readonly number[];
}

/** What must hold when everything had the time to come to its end. */
export function judgeEnding(ending: Ending): readonly string[] {
  return [
    ...waitingStill(ending),
    ...lostEvents(ending),
    ...wrongStates(ending),
    ...wrongCounters(ending),
    ...wrongNotices(ending),
    ...unreplayed(ending),
  ];
}

function waitingStill({ state }: Ending): readonly string[] {
  const waiting = [...state.deliveries].filter(([, { status }]) => status === "pending");
  return waiting.map(([key]) => `${key} waits still`);
}

function lostEvents({ entries, state }: Ending): readonly string[] {
  const faults: string[] = [];
  const stored = Map.groupBy(
    state.messages.filter(({ action }) => action === "TASKS_CREATED"),
    ({ event }) => event,
  );
  for (const { number, isBad, receipt } of entries) {
    const messages = stored.get(number) ?? [];
    const [message] = messages;
    if (isBad && message !== undefined) faults.push(`event ${number} was refused, and is stored`);
    if (messages.length > 1) faults.push(`event ${number} is stored ${messages.length} times`);
    if (receipt === undefined) continue;
    if (message === undefined) faults.push(`event ${number} was answered with ${receipt.id}, and is lost`);
    else if (message.id !== receipt.id)
      faults.push(`event ${number} is ${message.id}, and was answered as ${receipt.id}`);
    else if (message.deliveries !== receipt.deliveries)
      faults.push(`event ${number} has ${message.deliveries} deliveries, and was answered with ${receipt.deliveries}`);
  }
  return faults;
}

/** Attempts that end a delivery, by what the webhook's schedule says; the others have one. */
const scheduled: Readonly<Record<string, number>> = {
  steady: 11,
  ordered: 11,
  limited: 11,
  slow: 11,
  emitted: 11,
  shaky: 4,
};

function wrongStates({ state, retried }: Ending): readonly string[] {
  return [...state.deliveries.values()]
    .filter((one) => !isRightful(one, retried))
    .map((one) => `${one.path} ${one.message} is ${one.status} after ${one.attempts} attempts`);
}

function isRightful({ path, status, attempts, id }: DeliveryState, retried: ReadonlySet<string>): boolean {
  if (status === "cancelled") return path.startsWith("deleted-");
  if (status !== "failed" || path.startsWith("deleted-")) return true;
  return retried.has(id) || path === replayed || attempts === (scheduled[path.replace(/-\d+$/, "")] ?? 1);
}

function wrongCounters({ state, organizations }: Ending): readonly string[] {
  return organizations.flatMap((organization) => {
    const of = state.messages.filter((message) => message.organization === organization);
    const created = of.filter(({ action }) => action === "TASKS_CREATED").map(({ event }) => event);
    const emitted = of.filter(({ action }) => action === "TASKS_DELETED").map(({ event }) => event);
    const counted = (key: string): number => state.counters.get(`${organization} ${key}`) ?? 0;
    const found = {
      handled: counted("handled"),
      emitted: counted("emitted"),
      twins: emitted.length - new Set(emitted).size,
    };
    const due = { handled: created.length, emitted: created.length, twins: 0 };
    const isExact = JSON.stringify(found) === JSON.stringify(due) && emitted.length === created.length;
    return isExact
      ? []
      : [`organization ${organization}: handlers did ${JSON.stringify(found)}, due was ${JSON.stringify(due)}`];
  });
}

/** Each delivery that failed for good was told once, and each deactivation. */
function wrongNotices({ state, retried }: Ending): readonly string[] {
  const faults: string[] = [];
  const told = countsOf(state.notices.filter(({ kind }) => kind === "DELIVERY_EXHAUSTED").map(({ about }) => about));
  for (const { id, path, status } of state.deliveries.values()) {
    if (retried.has(id) || path === replayed || path.startsWith("deleted-")) continue;
    const due = status === "failed" ? 1 : 0;
    if ((told.get(id) ?? 0) !== due)
      faults.push(`${path} ${id} is ${status}, and was told ${told.get(id) ?? 0} times to have failed`);
  }
  const disabled = countsOf(state.notices.filter(({ kind }) => kind === "WEBHOOK_DISABLED").map(({ about }) => about));
  for (const [webhook, times] of state.deactivations) {
    if ((disabled.get(webhook) ?? 0) !== times)
      faults.push(
        `webhook ${webhook} was deactivated ${times} times, and ${disabled.get(webhook) ?? 0} times were told`,
      );
  }
  return faults;
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The replay at the end has given the webhook that went away every event that it had missed. */
function unreplayed({ state }: Ending): readonly string[] {
  const events = state.messages.filter(({ action, organization }) => action === "TASKS_CREATED" && organization === 1);
  return events
    .filter(({ id }) => !state.deliveries.has(deliveryKey("gone", id)))
    .map(({ id }) => `${id} is missing at the webhook that a replay was made for`);
}
