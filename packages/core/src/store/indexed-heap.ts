/** An item and where it stands. Moving one writes a field; a map from items to places would be written at each step. */
interface Node<Item> {
  readonly item: Item;
  place: number;
}

/**
 * A binary heap that knows where each item stands, so that an item whose key changed moves and a deleted one leaves in
 * logarithmic time. `before` reads the key from the item; call `put` whenever an item's key has changed.
 */
export class IndexedHeap<Item> {
  readonly #before: (left: Item, right: Item) => boolean;
  readonly #heap: Node<Item>[] = [];
  readonly #nodes = new Map<Item, Node<Item>>();

  constructor(before: (left: Item, right: Item) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#heap.length;
  }

  get first(): Item | undefined {
    return this.#heap[0]?.item;
  }

  has(item: Item): boolean {
    return this.#nodes.has(item);
  }

  /** Adds an item, or moves one that is in already to where its key belongs now. */
  put(item: Item): void {
    const node = this.#nodes.get(item) ?? { item, place: this.#heap.length };
    this.#nodes.set(item, node);
    this.#settle(node);
  }

  /** `false` when it was not in. */
  delete(item: Item): boolean {
    const node = this.#nodes.get(item);
    if (node === undefined) return false;
    this.#nodes.delete(item);
    const last = this.#heap.pop();
    if (last === undefined || last === node) return true;
    last.place = node.place;
    this.#settle(last);
    return true;
  }

  /** Every item, in no order. */
  values(): IterableIterator<Item> {
    return this.#nodes.keys();
  }

  #settle(node: Node<Item>): void {
    this.#rise(node);
    this.#sink(node);
  }

  #rise(node: Node<Item>): void {
    while (node.place > 0) {
      const above = this.#heap[(node.place - 1) >> 1];
      if (above === undefined || !this.#before(node.item, above.item)) break;
      this.#swapDown(above, node);
    }
    this.#heap[node.place] = node;
  }

  #sink(node: Node<Item>): void {
    for (;;) {
      const below = this.#smallerChild(node.place);
      if (below === undefined || !this.#before(below.item, node.item)) break;
      this.#swapDown(node, below);
    }
  }

  /** Lets a node and the child below it change places. */
  #swapDown(upper: Node<Item>, lower: Node<Item>): void {
    const place = upper.place;
    upper.place = lower.place;
    lower.place = place;
    this.#heap[upper.place] = upper;
    this.#heap[lower.place] = lower;
  }

  #smallerChild(place: number): Node<Item> | undefined {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    return left !== undefined && right !== undefined && this.#before(right.item, left.item) ? right : left;
  }
}
