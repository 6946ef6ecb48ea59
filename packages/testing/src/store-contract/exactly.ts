export interface Tuples<Item> {
  readonly 1: readonly [Item];
  readonly 2: readonly [Item, Item];
  readonly 3: readonly [Item, Item, Item];
  readonly 4: readonly [Item, Item, Item, Item];
}

/** The items, when there are just so many; fails the test otherwise. */
export function exactly<Item, Count extends keyof Tuples<Item>>(
  count: Count,
  items: readonly Item[],
): Tuples<Item>[Count] {
  if (items.length !== count) throw new Error(`Expected ${count} of them, found ${items.length}.`);
  // The compiler cannot follow the length, which was just checked.
  return items as unknown as Tuples<Item>[Count];
}
