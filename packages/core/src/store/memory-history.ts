import type { Message } from "../delivery/delivery.js";
import type { DeliveryId, MessageId, OrganizationId, TargetId } from "../foundation/ids.js";
import type { DeliveryRow } from "./memory-delivery-row.js";

interface MessageRow {
  message: Message;
  /** Its place in the order of acceptance. */
  readonly place: number;
  /** The stored deliveries that carry it. */
  readonly deliveries: Set<DeliveryRow>;
  /** Whether it is no replay's: it was made for a test, or retention has begun to remove it. */
  isSettled: boolean;
}

/** A message as a replay meets it. */
export interface StoredMessage {
  readonly message: Message;
  readonly place: number;
}

/** One organization's deliveries by rising id: the order of lists, backwards. */
interface DeliveryLine {
  rows: DeliveryRow[];
  /** How many of them are removed and only not cut out yet. */
  gone: number;
}

/** One organization's messages in the order in which they were accepted. */
interface MessageLine {
  rows: MessageRow[];
  /** How many of them are removed and only not cut out yet. */
  gone: number;
}

/** What one step of a purge removes at most. */
const purgeStep = 500;

/** Owns all that the memory store remembers of messages and deliveries, finished or not, and finds it again. */
export class MemoryHistory {
  readonly #messages = new Map<MessageId, MessageRow>();
  readonly #deliveries = new Map<DeliveryId, DeliveryRow>();
  readonly #lines = new Map<OrganizationId, DeliveryLine>();
  readonly #messageLines = new Map<OrganizationId, MessageLine>();
  #lastPlace = 0;

  addMessage(message: Message): void {
    this.#lastPlace += 1;
    const { id, organization } = message;
    const row = { message, place: this.#lastPlace, deliveries: new Set<DeliveryRow>(), isSettled: false };
    this.#messages.set(id, row);
    const line = this.#messageLines.get(organization) ?? { rows: [], gone: 0 };
    line.rows.push(row);
    this.#messageLines.set(organization, line);
  }

  hasMessage(id: MessageId): boolean {
    return this.#messages.has(id);
  }

  findMessage(organization: OrganizationId, id: MessageId): Message | undefined {
    const message = this.#messages.get(id)?.message;
    return message?.organization === organization ? message : undefined;
  }

  /** Gives a message the variants that it has not; answers it as it is now. */
  addVariants(id: MessageId, variants: ReadonlyMap<string, Uint8Array>): Message | undefined {
    const row = this.#messages.get(id);
    if (row === undefined) return undefined;
    row.message = { ...row.message, variants: new Map([...variants, ...row.message.variants]) };
    for (const delivery of row.deliveries) delivery.message = row.message;
    return row.message;
  }

  /** An organization's messages in the order in which they were accepted, from behind a place on. */
  *messagesAfter(organization: OrganizationId, place: number): Iterable<StoredMessage> {
    const { rows } = this.#messageLines.get(organization) ?? { rows: [] };
    for (let at = firstPlace(rows, (row) => row.place > place); at < rows.length; at += 1) {
      const row = rows[at];
      if (row !== undefined && this.#messages.get(row.message.id) === row) yield row;
    }
  }

  /** Whether a replay may give the target the message: it has had none of it, as far as is known. */
  isMissing(id: MessageId, target: TargetId): boolean {
    const row = this.#messages.get(id);
    if (row === undefined || row.isSettled) return false;
    return ![...row.deliveries].some(({ webhook }) => webhook === target);
  }

  /** Adds a delivery; its message must have been added. */
  add(row: DeliveryRow): void {
    this.#deliveries.set(row.id, row);
    const message = this.#messages.get(row.message.id);
    message?.deliveries.add(row);
    if (message !== undefined && row.test) message.isSettled = true;
    const line = this.#lines.get(row.organization) ?? { rows: [], gone: 0 };
    line.rows.splice(placeOf(line.rows, row.id), 0, row);
    this.#lines.set(row.organization, line);
  }

  find(id: DeliveryId): DeliveryRow | undefined {
    return this.#deliveries.get(id);
  }

  /** An organization's deliveries, newest first; only those older than `before`, if given. */
  *newestFirst(organization: OrganizationId, before: DeliveryId | undefined): Iterable<DeliveryRow> {
    const { rows } = this.#lines.get(organization) ?? { rows: [] };
    const end = before === undefined ? rows.length : placeOf(rows, before);
    for (let place = end - 1; place >= 0; place -= 1) {
      const row = rows[place];
      if (row !== undefined && this.#deliveries.has(row.id)) yield row;
    }
  }

  /** An organization's deliveries by rising id, from behind one on. */
  *deliveriesAfter(organization: OrganizationId, after: string): Iterable<DeliveryRow> {
    const { rows } = this.#lines.get(organization) ?? { rows: [] };
    for (let at = firstPlace(rows, ({ id }) => id > after); at < rows.length; at += 1) {
      const row = rows[at];
      if (row !== undefined && this.#deliveries.has(row.id)) yield row;
    }
  }

  /** A step's worth of the deliveries that `isOver` tells of. */
  someDeliveries(isOver: (row: DeliveryRow) => boolean): readonly DeliveryRow[] {
    return firstOf(this.#deliveries.values(), isOver);
  }

  remove(row: DeliveryRow): void {
    if (!this.#deliveries.delete(row.id)) return;
    const message = this.#messages.get(row.message.id);
    message?.deliveries.delete(row);
    if (message !== undefined) message.isSettled = true;
    const line = this.#lines.get(row.organization);
    if (line === undefined) return;
    line.gone += 1;
    // Cut out when half of them are gone, so that removing all costs no more than keeping them did.
    if (line.gone * 2 > line.rows.length) {
      line.rows = line.rows.filter((kept) => this.#deliveries.has(kept.id));
      line.gone = 0;
    }
  }

  /** Removes a step's worth of the messages made before `before` that no delivery carries; whether it was a full step. */
  removeMessages(before: number): boolean {
    const over = firstOf(
      this.#messages.values(),
      ({ message, deliveries }) => deliveries.size === 0 && message.createdAt < before,
    );
    for (const row of over) this.#removeMessage(row);
    return over.length === purgeStep;
  }

  #removeMessage({ message }: MessageRow): void {
    this.#messages.delete(message.id);
    const line = this.#messageLines.get(message.organization);
    if (line === undefined) return;
    line.gone += 1;
    if (line.gone * 2 > line.rows.length) {
      line.rows = line.rows.filter((kept) => this.#messages.get(kept.message.id) === kept);
      line.gone = 0;
    }
  }
}

function firstOf<Row>(rows: Iterable<Row>, wanted: (row: Row) => boolean): readonly Row[] {
  const found: Row[] = [];
  for (const row of rows) {
    if (found.length === purgeStep) break;
    if (wanted(row)) found.push(row);
  }
  return found;
}

/** Where the first row with this id or a greater one stands. */
function placeOf(rows: readonly DeliveryRow[], id: DeliveryId): number {
  return firstPlace(rows, (row) => row.id >= id);
}

/** Where the first row stands from which on a condition holds. */
function firstPlace<Row>(rows: readonly Row[], holds: (row: Row) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && !holds(row)) low = middle + 1;
    else high = middle;
  }
  return low;
}
