// Which slot a key has: chains over slots, 16 to 20 octets a key, the key's own place included.

import { grown, NONE } from "./columns.ts";
import { hashOf } from "./hash.ts";

export class KeyIndex {
  private readonly seed: number;
  /** By slot; `undefined` where nobody is in. */
  private keys: (string | undefined)[] = [];
  private hashes: Int32Array = new Int32Array(0);
  /** The first of each chain, by hash: as many chains as slots, up to twice as many, a power of two. */
  private firsts: Int32Array = new Int32Array(1).fill(NONE);
  /** By slot: the next in its chain. */
  private nexts: Int32Array = new Int32Array(0);
  /** Who was looked for and not found is put in next, as a rule: no need to hash it twice. */
  private lastKey = "";
  private lastHash: number;

  constructor(seed: number) {
    this.seed = seed;
    this.lastHash = hashOf("", seed);
  }

  /** There are so many slots from now on. */
  grow(capacity: number): void {
    this.keys = this.keys.concat(new Array<undefined>(capacity - this.keys.length).fill(undefined));
    this.hashes = grown(this.hashes, capacity);
    this.nexts = grown(this.nexts, capacity);
    if (capacity > this.firsts.length) this.spread(2 ** Math.ceil(Math.log2(capacity)));
  }

  slotOf(key: string): number {
    const hash = this.hash(key);
    let slot = this.firstOf(hash);
    while (slot !== NONE && (this.hashes[slot] !== hash || this.keys[slot] !== key))
      slot = this.nextAfter(slot);
    return slot;
  }

  keyAt(slot: number): string | undefined {
    return this.keys[slot];
  }

  hashAt(slot: number): number {
    return this.hashes[slot] ?? 0;
  }

  add(slot: number, key: string): void {
    this.keys[slot] = key;
    this.hashes[slot] = this.hash(key);
    this.chain(slot);
  }

  remove(slot: number): void {
    const hash = this.hashAt(slot);
    let before = this.firstOf(hash);
    if (before === slot) this.firsts[this.chainOf(hash)] = this.nextAfter(slot);
    else {
      while (this.nextAfter(before) !== slot) before = this.nextAfter(before);
      this.nexts[before] = this.nextAfter(slot);
    }
    this.keys[slot] = undefined;
  }

  clear(): void {
    this.keys.fill(undefined);
    this.firsts.fill(NONE);
  }

  private hash(key: string): number {
    if (key !== this.lastKey) {
      this.lastHash = hashOf(key, this.seed);
      this.lastKey = key;
    }
    return this.lastHash;
  }

  private chainOf(hash: number): number {
    return hash & (this.firsts.length - 1);
  }

  private firstOf(hash: number): number {
    return this.firsts[this.chainOf(hash)] ?? NONE;
  }

  private nextAfter(slot: number): number {
    return this.nexts[slot] ?? NONE;
  }

  private chain(slot: number): void {
    const hash = this.hashAt(slot);
    this.nexts[slot] = this.firstOf(hash);
    this.firsts[this.chainOf(hash)] = slot;
  }

  private spread(chains: number): void {
    this.firsts = new Int32Array(chains).fill(NONE);
    for (let slot = 0; slot < this.keys.length; slot++) if (this.keys[slot] !== undefined) this.chain(slot);
  }
}
