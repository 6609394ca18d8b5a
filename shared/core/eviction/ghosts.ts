// Keys that left lately, each with a small note: four octets a key, and no list to keep.

import { HASHES } from "./hash.ts";

/**
 * Keys that share a bucket push one another out, the oldest first. Buckets of 32 miss within half a point of one queue
 * of all keys on every trace tried; smaller ones forget too unevenly, larger ones only take longer to search.
 */
const BUCKET = 32;

/** Numbers of residents waver: only so much more is worth forgetting all who left. */
const SLACK = 1.125;

const NOTE_BITS = 4;
export const LARGEST_NOTE = 2 ** NOTE_BITS - 1;

export class Ghosts {
  /** By bucket: a print of the key above its note; 0 = nobody. */
  private prints = new Uint32Array(0);
  /** Where in each bucket the oldest is. */
  private hands = new Uint8Array(0);
  private bucket = 0;

  /** Makes room for so many who left, if there is not nearly; that forgets all of them. */
  fit(capacity: number): void {
    if (capacity <= this.prints.length * SLACK) return;
    const buckets = Math.max(1, Math.floor(capacity / BUCKET));
    this.bucket = Math.max(1, Math.floor(capacity / buckets));
    this.prints = new Uint32Array(buckets * this.bucket);
    this.hands = new Uint8Array(buckets);
  }

  /** The note of a key that comes in, which is then forgotten; 0 where it had not left lately. */
  arrive(hash: number): number {
    const print = printOf(hash);
    const start = this.bucketOf(hash) * this.bucket;
    for (let at = start; at < start + this.bucket; at++) {
      const found = this.prints[at] ?? 0;
      const note = found & LARGEST_NOTE;
      if (note === 0 || found - note !== print) continue;
      this.prints[at] = 0;
      return note;
    }
    return 0;
  }

  /** `note` is 1 to `LARGEST_NOTE`. */
  leave(hash: number, note: number): void {
    const bucket = this.bucketOf(hash);
    const hand = this.hands[bucket] ?? 0;
    this.prints[bucket * this.bucket + hand] = printOf(hash) | note;
    this.hands[bucket] = hand + 1 === this.bucket ? 0 : hand + 1;
  }

  clear(): void {
    this.prints.fill(0);
  }

  /** By the higher bits of a hash: the lower ones make the print. */
  private bucketOf(hash: number): number {
    return Math.floor((hash / HASHES) * this.hands.length);
  }
}

const printOf = (hash: number): number => (hash << NOTE_BITS) >>> 0;
