// The keys of the embedded store: typed values, lazy expiry against a clock that stands still during a command.
import { CommandError, WRONG_TYPE } from "./answers.ts";
import type { SortedSet } from "./sorted-set.ts";

export type Stored =
  | { readonly kind: "string"; readonly data: string }
  | { readonly kind: "hash"; readonly fields: Map<string, string> }
  | { readonly kind: "list"; readonly items: string[] }
  | { readonly kind: "set"; readonly members: Set<string>; onlyIntegers: boolean }
  | { readonly kind: "zset"; readonly sorted: SortedSet }
  | { readonly kind: "hyperloglog"; readonly registers: Uint8Array };

export type StoredOf<Kind extends Stored["kind"]> = Extract<Stored, { kind: Kind }>;

type Entry = { value: Stored; expiresAt: number | null; readonly order: number };

/** Entries looked at for expiry a command, so that what nobody reads is freed too. */
const SWEPT_PER_COMMAND = 2;

export class Keyspace {
  /** Milliseconds, whole, as `mstime()`. */
  millis = 0;
  /** Microseconds, whole, as `ustime()`. */
  micros = 0;
  /** Changes made so far; a command that leaves it alone changed nothing. */
  changes = 0;
  private readonly entries = new Map<string, Entry>();
  private sweeper = this.entries.entries();
  private created = 0;

  setTime(now: number): void {
    this.micros = Math.floor(now * 1000);
    this.millis = Math.floor(now);
  }

  get(key: string): Stored | undefined {
    return this.live(key)?.value;
  }

  /** The value if it is of that kind, nothing if there is none, WRONGTYPE otherwise. */
  find<Kind extends Stored["kind"]>(kind: Kind, key: string): StoredOf<Kind> | undefined {
    const value = this.live(key)?.value;
    if (value === undefined) return undefined;
    if (value.kind !== kind) throw new CommandError(WRONG_TYPE);
    return value as StoredOf<Kind>;
  }

  findOrAdd<Kind extends Stored["kind"]>(
    kind: Kind,
    key: string,
    make: () => StoredOf<Kind>,
  ): StoredOf<Kind> {
    const found = this.find(kind, key);
    if (found !== undefined) return found;
    const value = make();
    this.put(key, value, null);
    return value;
  }

  put(key: string, value: Stored, expiresAt: number | null): void {
    this.changes++;
    const entry = this.live(key);
    if (entry === undefined) {
      this.entries.set(key, { value, expiresAt, order: ++this.created });
      return;
    }
    entry.value = value;
    entry.expiresAt = expiresAt;
  }

  delete(key: string): boolean {
    if (this.live(key) === undefined) return false;
    this.changes++;
    return this.entries.delete(key);
  }

  /** `undefined`: no such key. `null`: it does not expire. */
  expiryOf(key: string): number | null | undefined {
    return this.live(key)?.expiresAt;
  }

  setExpiry(key: string, expiresAt: number | null): void {
    const entry = this.live(key);
    if (entry === undefined) return;
    this.changes++;
    entry.expiresAt = expiresAt;
  }

  clear(): void {
    this.changes++;
    this.entries.clear();
  }

  /** Live keys, oldest first, that came after the one of that order. */
  *keysAfter(order: number): Generator<{ key: string; order: number }> {
    for (const [key, entry] of this.entries) {
      if (entry.order > order && !this.isExpired(entry)) yield { key, order: entry.order };
    }
  }

  *all(): Generator<{ key: string; value: Stored; expiresAt: number | null }> {
    for (const [key, entry] of this.entries) {
      if (!this.isExpired(entry)) yield { key, value: entry.value, expiresAt: entry.expiresAt };
    }
  }

  sweep(): void {
    for (let i = 0; i < SWEPT_PER_COMMAND; i++) {
      const next = this.sweeper.next();
      if (next.done === true) {
        this.sweeper = this.entries.entries();
        return;
      }
      const [key, entry] = next.value;
      if (this.isExpired(entry)) this.entries.delete(key);
    }
  }

  private live(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || !this.isExpired(entry)) return entry;
    this.entries.delete(key);
    return undefined;
  }

  private isExpired(entry: Entry): boolean {
    return entry.expiresAt !== null && this.millis > entry.expiresAt;
  }
}
