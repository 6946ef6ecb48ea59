import { expect, test } from "vitest";
import { IndexedHeap } from "./indexed-heap.js";

interface Item {
  key: number;
}

function heapOf(...keys: readonly number[]): { readonly heap: IndexedHeap<Item>; readonly items: readonly Item[] } {
  const heap = new IndexedHeap<Item>((left, right) => left.key < right.key);
  const items = keys.map((key) => ({ key }));
  for (const item of items) heap.put(item);
  return { heap, items };
}

function drain(heap: IndexedHeap<Item>): readonly number[] {
  const keys: number[] = [];
  for (let first = heap.first; first !== undefined; first = heap.first) {
    keys.push(first.key);
    heap.delete(first);
  }
  return keys;
}

test("gives the smallest first", () => {
  const { heap } = heapOf(5, 3, 8, 1, 9, 2, 7, 3);
  expect(heap.size).toBe(8);
  expect(drain(heap)).toEqual([1, 2, 3, 3, 5, 7, 8, 9]);
  expect(heap.first).toBeUndefined();
});

test("moves an item whose key changed, up and down", () => {
  const { heap, items } = heapOf(1, 2, 3, 4, 5, 6, 7);
  const [first, , , , , , last] = items;
  if (first === undefined || last === undefined) throw new Error("Seven items were expected.");
  first.key = 10;
  heap.put(first);
  last.key = 0;
  heap.put(last);
  expect(heap.size).toBe(7);
  expect(drain(heap)).toEqual([0, 2, 3, 4, 5, 6, 10]);
});

test("lets any item leave, once", () => {
  const { heap, items } = heapOf(4, 1, 6, 2, 9, 5, 3, 8, 7);
  const left = items.filter((item) => item.key % 3 === 0);
  for (const item of left) expect(heap.delete(item)).toBe(true);
  for (const item of left) expect([heap.delete(item), heap.has(item)]).toEqual([false, false]);
  expect([...heap.values()].map((item) => item.key).sort()).toEqual([1, 2, 4, 5, 7, 8]);
  expect(drain(heap)).toEqual([1, 2, 4, 5, 7, 8]);
});
