import type { Message } from "../delivery/delivery.js";
import type { DeliveryId, MessageId, OrganizationId } from "../foundation/ids.js";
import type { DeliveryRow } from "./memory-delivery-row.js";

interface MessageRow {
  readonly message: Message;
  /** How many stored deliveries carry it. */
  deliveries: number;
}

/** One organization's deliveries by rising id: the order of lists, backwards. */
interface DeliveryLine {
  rows: DeliveryRow[];
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

  addMessage(message: Message): void {
    this.#messages.set(message.id, { message, deliveries: 0 });
  }

  hasMessage(id: MessageId): boolean {
    return this.#messages.has(id);
  }

  findMessage(organization: OrganizationId, id: MessageId): Message | undefined {
    const message = this.#messages.get(id)?.message;
    return message?.organization === organization ? message : undefined;
  }

  /** Adds a delivery; its message must have been added. */
  add(row: DeliveryRow): void {
    this.#deliveries.set(row.id, row);
    this.#countOn(row, 1);
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

  /** A step's worth of the deliveries that `isOver` tells of. */
  someDeliveries(isOver: (row: DeliveryRow) => boolean): readonly DeliveryRow[] {
    return firstOf(this.#deliveries.values(), isOver);
  }

  remove(row: DeliveryRow): void {
    if (!this.#deliveries.delete(row.id)) return;
    this.#countOn(row, -1);
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
      ({ message, deliveries }) => deliveries === 0 && message.createdAt < before,
    );
    for (const { message } of over) this.#messages.delete(message.id);
    return over.length === purgeStep;
  }

  #countOn(row: DeliveryRow, change: number): void {
    const message = this.#messages.get(row.message.id);
    if (message !== undefined) message.deliveries += change;
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
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && row.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
