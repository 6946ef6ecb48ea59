/** Writes items together; one result for each, in the items' order. */
export type WriteGroup<Item, Result extends NonNullable<unknown>> = (
  items: readonly Item[],
) => Promise<readonly Result[]>;

interface Waiting<Item, Result extends NonNullable<unknown>> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Groups that may be under way at once: one commits while the next one is on its way. */
const groupsUnderWay = 2;

/**
 * Gathers items while earlier groups are being written, so that what arrives together shares one transaction. Alone, an
 * item is written at once; under load the groups grow by themselves. No timer and no size to tune.
 */
export class GroupedWriter<Item, Result extends NonNullable<unknown>> {
  readonly #write: WriteGroup<Item, Result>;
  readonly #largest: number;
  #waiting: Waiting<Item, Result>[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(write: WriteGroup<Item, Result>, largest: number) {
    this.#write = write;
    this.#largest = largest;
  }

  /** Items that are not part of a group yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the item's group is written; rejects with the group's error. `isFirst` puts it before all that wait. */
  add(item: Item, isFirst = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (isFirst) this.#waiting.unshift({ item, resolve, reject });
      else this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= groupsUnderWay || this.#waiting.length === 0) return;
    this.#scheduled = true;
    // After the current turn: what the same burst of events brings in goes along.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    const group = this.#waiting.splice(0, this.#largest);
    if (group.length === 0) return;
    this.#underWay += 1;
    this.#schedule();
    try {
      const results = await this.#write(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result !== undefined) resolve(result);
        else reject(new TypeError(`A group of ${group.length} items got ${results.length} results.`));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.#underWay -= 1;
      this.#schedule();
    }
  }
}
