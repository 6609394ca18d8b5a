// L1 memory: answers ready to send, a byte budget a class, and markers of what is known not to be storable.

import { SieveCache } from "../../shared/core/eviction/sieve.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { ClassSettings, Rules } from "../../shared/core/rules.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey, Instant } from "../../shared/core/units.ts";
import { NOTHING_VARIES, type VaryMark } from "../../shared/core/vary.ts";
import type { Body } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";

/** An answer in memory, with the verdicts that a hit reuses. */
export interface MemoryAnswer {
  held: HeldAnswer;
  readonly rules: Rules;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The view's generation under which it was last found current; a hit compares this one number. */
  currentAt: number;
  /** Fresh before this instant, under that generation. */
  freshUntil: Instant;
  /** What a client gets of it, made at its first hit. */
  sent: Sent | null;
  /** What a runtime made of it once, for every hit to reuse. */
  prepared: unknown;
}

export interface Sent {
  readonly headers: HeaderList;
  readonly body: Body;
  /** The `Cache-Status` of caches nearer to the origin, to stand before ours. */
  readonly upstream: string;
  /** The rules by which it was made. */
  readonly rules: Rules;
}

export type Marker =
  | { readonly kind: "varies"; readonly mark: VaryMark; readonly variants: readonly CacheKey[] }
  | { readonly kind: "uncacheable"; readonly until: Instant };

export class MemoryTier {
  private readonly classes = new Map<string, SieveCache<MemoryAnswer>>();
  private readonly markers = new SieveCache<Marker>(LIMITS.markerBudget);

  find(rules: ClassSettings, key: CacheKey): MemoryAnswer | undefined {
    return this.classes.get(rules.name)?.get(key);
  }

  store(key: CacheKey, entry: MemoryAnswer): void {
    const { rules } = entry;
    if (rules.memoryBudget === 0) return;
    this.cacheOf(rules).set(key, entry, sizeOf(key, entry));
  }

  /** Removes the entry if it is still this one. */
  drop(key: CacheKey, entry: MemoryAnswer): void {
    const cache = this.classes.get(entry.rules.name);
    if (cache?.peek(key) === entry) cache.delete(key);
  }

  marker(key: CacheKey): Marker | undefined {
    return this.markers.get(key);
  }

  markUncacheable(key: CacheKey, until: Instant): void {
    this.markers.set(key, { kind: "uncacheable", until }, 2 * key.length + 256);
  }

  unmarkUncacheable(key: CacheKey): void {
    if (this.markers.peek(key)?.kind === "uncacheable") this.markers.delete(key);
  }

  /** How the answers of a resource are known to vary. */
  markOf(key: CacheKey): VaryMark {
    const marker = this.markers.get(key);
    return marker?.kind === "varies" ? marker.mark : NOTHING_VARIES;
  }

  markVaries(key: CacheKey, mark: VaryMark): void {
    const there = this.markers.peek(key);
    this.setVaries(key, mark, there?.kind === "varies" ? there.variants : []);
  }

  /** Counts a variant among those of its resource; beyond their limit the oldest gives way. False where one did. */
  admitVariant(of: { primary: CacheKey; variant: CacheKey }, rules: ClassSettings): boolean {
    const there = this.markers.peek(of.primary);
    if (there?.kind !== "varies" || there.variants.includes(of.variant)) return true;
    const variants = [...there.variants, of.variant];
    const [oldest] = variants;
    const full = variants.length > LIMITS.variantsPerKey && oldest !== undefined;
    if (full) {
      this.classes.get(rules.name)?.delete(oldest);
      variants.shift();
    }
    this.setVaries(of.primary, there.mark, variants);
    return !full;
  }

  private setVaries(key: CacheKey, mark: VaryMark, variants: readonly CacheKey[]): void {
    const size = 2 * key.length + 256 + variants.reduce((sum, variant) => sum + 2 * variant.length, 0);
    this.markers.set(key, { kind: "varies", mark, variants }, size);
  }

  get bytesUsed(): number {
    let sum: number = this.markers.bytesUsed;
    for (const cache of this.classes.values()) sum += cache.bytesUsed;
    return sum;
  }

  get evictions(): number {
    let sum = 0;
    for (const cache of this.classes.values()) sum += cache.evictions;
    return sum;
  }

  get entries(): number {
    let sum = 0;
    for (const cache of this.classes.values()) sum += cache.size;
    return sum;
  }

  private cacheOf(rules: ClassSettings): SieveCache<MemoryAnswer> {
    let cache = this.classes.get(rules.name);
    if (cache === undefined) {
      cache = new SieveCache(rules.memoryBudget);
      this.classes.set(rules.name, cache);
    }
    return cache;
  }
}

/** Strings are charged two octets a character: that is the most that they take. */
function sizeOf(key: CacheKey, entry: MemoryAnswer): number {
  const { answer } = entry.held;
  let characters = 2 * key.length;
  for (const [name, value] of answer.headers) characters += name.length + value.length;
  for (const selector of answer.selectors) characters += selector.length;
  return entry.body.length + 2 * characters + LIMITS.entryOverhead;
}
