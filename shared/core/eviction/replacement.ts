// What decides who leaves a full cache: told of arrivals, uses and departures by slot, asked for a victim.

export interface Replacement {
  /** There are so many slots from now on. */
  grow(capacity: number): void;
  /** A resident is in; `again` where it was taken out only to be replaced: that counts as a use. */
  add(slot: number, again: boolean): void;
  use(slot: number): void;
  /** A resident leaves, its key and size still in place. */
  remove(slot: number): void;
  /** Who is to leave next; asked only while somebody is in. */
  victim(): number;
  clear(): void;
}
