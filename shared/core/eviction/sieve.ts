// SIEVE with a byte budget (Zhang et al., NSDI 2024): one queue, one hand, one bit an entry; a hit moves nothing.

import type { Bytes } from "../units.ts";

/** One resident. Callers hold nodes only through the cache. */
interface Node<V> {
  readonly key: string;
  value: V;
  size: number;
  visited: boolean;
  /** Towards the head: inserted later. */
  newer: Node<V> | null;
  /** Towards the tail: inserted earlier. */
  older: Node<V> | null;
}

export type Evicted<V> = (key: string, value: V) => void;

/** A single object may take at most this part of the budget: one huge answer must not empty the cache. */
const LARGEST_SHARE = 4;

export class SieveCache<V> {
  readonly budget: Bytes;
  private readonly map = new Map<string, Node<V>>();
  private readonly onEvict: Evicted<V> | null;
  private head: Node<V> | null = null;
  private tail: Node<V> | null = null;
  private hand: Node<V> | null = null;
  private used = 0;
  private evicted = 0;

  constructor(budget: Bytes, onEvict: Evicted<V> | null = null) {
    this.budget = budget;
    this.onEvict = onEvict;
  }

  get(key: string): V | undefined {
    const node = this.map.get(key);
    if (node === undefined) return undefined;
    node.visited = true;
    return node.value;
  }

  /** Looks without counting as a use. */
  peek(key: string): V | undefined {
    return this.map.get(key)?.value;
  }

  /** Inserts or replaces; false where the object is too large to be taken (an older value is then removed). */
  set(key: string, value: V, size: number): boolean {
    const present = this.map.get(key);
    if (size * LARGEST_SHARE > this.budget) {
      if (present !== undefined) this.remove(present);
      return false;
    }
    if (present !== undefined) {
      this.used += size - present.size;
      present.value = value;
      present.size = size;
      present.visited = true;
      this.shrink(present);
      return true;
    }
    while (this.used + size > this.budget && this.evictOne(null)) {}
    this.insert({ key, value, size, visited: false, newer: null, older: this.head });
    return true;
  }

  delete(key: string): boolean {
    const node = this.map.get(key);
    if (node === undefined) return false;
    this.remove(node);
    return true;
  }

  clear(): void {
    this.map.clear();
    this.head = this.tail = this.hand = null;
    this.used = 0;
  }

  get size(): number {
    return this.map.size;
  }

  get bytesUsed(): Bytes {
    return this.used as Bytes;
  }

  get evictions(): number {
    return this.evicted;
  }

  *entries(): IterableIterator<[string, V]> {
    for (let node = this.head; node !== null; node = node.older) yield [node.key, node.value];
  }

  private insert(node: Node<V>): void {
    if (this.head !== null) this.head.newer = node;
    this.head = node;
    if (this.tail === null) this.tail = node;
    this.map.set(node.key, node);
    this.used += node.size;
  }

  private shrink(spared: Node<V>): void {
    while (this.used > this.budget && this.evictOne(spared)) {}
  }

  /** Moves the hand towards the head, clearing bits, to the first resident that was not used since the last pass. */
  private evictOne(spared: Node<V> | null): boolean {
    let node = this.hand ?? this.tail;
    for (let steps = 2 * this.map.size; node !== null && steps > 0; steps--) {
      if (!node.visited && node !== spared) break;
      if (node !== spared) node.visited = false;
      node = node.newer ?? this.tail;
    }
    if (node === null || node === spared) return false;
    this.hand = node;
    this.remove(node);
    this.evicted += 1;
    this.onEvict?.(node.key, node.value);
    return true;
  }

  private remove(node: Node<V>): void {
    if (this.hand === node) this.hand = node.newer;
    if (node.newer === null) this.head = node.older;
    else node.newer.older = node.older;
    if (node.older === null) this.tail = node.newer;
    else node.older.newer = node.newer;
    this.map.delete(node.key);
    this.used -= node.size;
  }
}
