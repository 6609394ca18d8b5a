// L1 memory: answers ready to send, a byte budget a class, and markers of what is known not to be storable.

import { type KeyedRequest, variantKey } from "../../shared/core/cache-key.ts";
import { BoundedCache } from "../../shared/core/eviction/bounded-cache.ts";
import { Sieve } from "../../shared/core/eviction/sieve.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { SearchVariance } from "../../shared/core/no-vary-search.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import type { ClassSettings, Rules } from "../../shared/core/rules.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey, Instant } from "../../shared/core/units.ts";
import { NOTHING_VARIES, type VaryMark, variesFor } from "../../shared/core/vary.ts";
import type { Body } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";
import { ClassMemory } from "./class-memory.ts";
import { type Doubts, type GivenUp, NEVER, NO_DOUBTS } from "./doubts.ts";

/** An answer in memory, with the verdicts that a hit reuses. */
export interface MemoryAnswer {
  held: HeldAnswer;
  readonly rules: Rules;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The view's generation under which it was last found current; a hit compares this one number. */
  currentAt: number;
  /** By what of its own query it was last found to answer another URL; null where it never was. */
  saysOfQuery: SearchVariance | null;
  /** Fresh before this instant, under that generation. */
  freshUntil: Instant;
  /** A hit before this instant asks for nothing more: it is fresh, and not to be renewed yet. */
  quietUntil: Instant;
  /** From when on it is renewed behind whoever asks for it: drawn once, when it came here. */
  readonly renewFrom: Instant;
  /** What a client gets of it, made at its first hit. */
  sent: Sent | null;
  /** What a runtime made of it once, for every hit to reuse. */
  prepared: unknown;
  /** The fields that it varies on. */
  readonly names: readonly string[];
  /** What requests said in them, where it was found to answer them. */
  answers: Set<string> | null;
  /** The auditor's note: whether it takes a closer look at it. */
  watch: number;
}

export interface Sent {
  readonly headers: HeaderList;
  readonly body: Body;
  /** As the last one was given it: within a second everybody is told the same. */
  cacheStatus: string;
  /** The seconds of life that it tells of. */
  ttl: number;
  /** The `Cache-Status` of caches nearer to the origin, to stand before ours. */
  readonly upstream: string;
  /** The rules by which it was made. */
  readonly rules: Rules;
}

export type Marker =
  | {
      readonly kind: "varies";
      readonly mark: VaryMark;
      readonly variants: readonly CacheKey[];
      /** Keys of variants by what requests said, so that it is normalised once. */
      readonly keys: Map<string, CacheKey>;
    }
  | Doubts;

export class MemoryTier {
  private readonly classes = new Map<string, ClassMemory<MemoryAnswer>>();
  private hot: ReadonlySet<string> = new Set();
  private readonly markers: BoundedCache<Marker>;
  private readonly seed: number;

  /** `seed`: as in `CacheOptions`. */
  constructor(seed: number) {
    this.seed = seed;
    this.markers = new BoundedCache({ budget: LIMITS.markerBudget, replacement: () => new Sieve(), seed });
  }

  find(rules: ClassSettings, key: CacheKey): MemoryAnswer | undefined {
    return this.classes.get(rules.name)?.get(key);
  }

  /** As `find`, for whoever only looks: it counts as no use of it. */
  peek(rules: ClassSettings, key: CacheKey): MemoryAnswer | undefined {
    return this.classes.get(rules.name)?.peek(key);
  }

  store(key: CacheKey, entry: MemoryAnswer): void {
    const { rules } = entry;
    if (rules.memoryBudget === 0) return;
    this.classOf(rules).set(rules.eviction, key, { value: entry, size: sizeOf(key, entry) });
  }

  /** What is hot by now, hottest first: it stays for as long as it is. */
  hold(keys: ReadonlySet<CacheKey>): void {
    this.hot = keys;
    for (const held of this.classes.values()) held.hold(keys);
  }

  /** Removes the entry if it is still this one. */
  drop(key: CacheKey, entry: MemoryAnswer): void {
    const held = this.classes.get(entry.rules.name);
    if (held?.peek(key) === entry) held.delete(key);
  }

  /** Removes the answer of a key, unless it is as of a later position. */
  dropOlder(key: CacheKey, rules: ClassSettings, asOf: Position): void {
    const entry = this.classes.get(rules.name)?.peek(key);
    if (entry !== undefined && comparePositions(entry.held.answer.asOf, asOf) <= 0) this.drop(key, entry);
  }

  /** What was found of a key a moment ago, because of which it is left alone. */
  givenUp(key: CacheKey, now: Instant): GivenUp | null {
    const { givenUp } = this.doubtsOf(key);
    return givenUp !== null && now < givenUp.until ? givenUp : null;
  }

  isUncacheable(key: CacheKey, now: Instant): boolean {
    return this.givenUp(key, now)?.kind === "uncacheable";
  }

  giveUp(key: CacheKey, givenUp: GivenUp): void {
    this.noteDoubts(key, { ...this.doubtsOf(key), givenUp });
  }

  /** Whether the last answer for a key was not storable either, for one that was asked for at `sentAt`. */
  isDoubtful(key: CacheKey, sentAt: Instant): boolean {
    return sentAt >= this.doubtsOf(key).from;
  }

  /** One answer was not storable: whether others are is known by what is asked for from then on. */
  doubt(key: CacheKey, from: Instant): void {
    const there = this.doubtsOf(key);
    if (from < there.from) this.noteDoubts(key, { ...there, from });
  }

  /** Whether one has stopped coming before, for one that was asked for at `sentAt`. */
  hasStopped(key: CacheKey, sentAt: Instant): boolean {
    return sentAt >= this.doubtsOf(key).stopped;
  }

  noteStopped(key: CacheKey, at: Instant): void {
    const there = this.doubtsOf(key);
    if (at < there.stopped) this.noteDoubts(key, { ...there, stopped: at });
  }

  /** By its header one is storable: whether it comes is not known. */
  forgive(key: CacheKey): void {
    const { stopped } = this.doubtsOf(key);
    if (stopped === NEVER) this.forgetDoubts(key);
    else this.noteDoubts(key, { ...NO_DOUBTS, stopped });
  }

  /** One was storable, and has come. */
  forgetDoubts(key: CacheKey): void {
    if (this.markers.peek(key)?.kind === "doubtful") this.markers.delete(key);
  }

  private noteDoubts(key: CacheKey, doubts: Doubts): void {
    this.markers.set(key, doubts, 2 * key.length + 256);
  }

  private doubtsOf(key: CacheKey): Doubts {
    const marker = this.markers.get(key);
    return marker?.kind === "doubtful" ? marker : NO_DOUBTS;
  }

  /** How the answers of a resource are known to vary. */
  markOf(key: CacheKey): VaryMark {
    const marker = this.markers.get(key);
    return marker?.kind === "varies" ? marker.mark : NOTHING_VARIES;
  }

  /** The key of the request's own variant; the resource's own where its answers are not known to vary. */
  variantKey(primary: CacheKey, request: KeyedRequest): CacheKey {
    const marker = this.markers.get(primary);
    if (marker?.kind !== "varies") return primary;
    const said = saidIn(marker.mark.names, request);
    let key = marker.keys.get(said);
    if (key === undefined) {
      key = variantKey(primary, marker.mark, request);
      if (said.length <= LIMITS.rememberedLength) remember(marker.keys, said, key);
    }
    return key;
  }

  /** Whether an entry was selected by a request like this: worked out once for all that say the same. */
  answers(entry: MemoryAnswer, request: KeyedRequest): boolean {
    const { vary } = entry.held.answer;
    if (vary.length === 0) return true;
    const said = saidIn(entry.names, request);
    if (entry.answers?.has(said) === true) return true;
    if (!variesFor(vary, (name) => request.header(name))) return false;
    entry.answers ??= new Set();
    if (said.length <= LIMITS.rememberedLength && entry.answers.size < LIMITS.rememberedSelecting)
      entry.answers.add(said);
    return true;
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
    const listed = variants.reduce((sum, variant) => sum + 2 * variant.length, 0);
    const remembered = LIMITS.rememberedSelecting * 2 * (LIMITS.rememberedLength + key.length);
    const size = 2 * key.length + 256 + listed + remembered;
    this.markers.set(key, { kind: "varies", mark, variants, keys: new Map() }, size);
  }

  get bytesUsed(): number {
    let sum: number = this.markers.bytesUsed;
    for (const held of this.classes.values()) sum += held.bytesUsed;
    return sum;
  }

  get evictions(): number {
    let sum = 0;
    for (const held of this.classes.values()) sum += held.evictions;
    return sum;
  }

  get entries(): number {
    let sum = 0;
    for (const held of this.classes.values()) sum += held.size;
    return sum;
  }

  /** All answers, in no order that matters. */
  *all(): IterableIterator<MemoryAnswer> {
    for (const held of this.classes.values()) yield* held.values();
  }

  private classOf(rules: ClassSettings): ClassMemory<MemoryAnswer> {
    let held = this.classes.get(rules.name);
    if (held === undefined) {
      held = new ClassMemory({ budget: rules.memoryBudget, expiryOf, seed: this.seed });
      held.hold(this.hot);
      this.classes.set(rules.name, held);
    }
    return held;
  }
}

/** Fresh until then by what it was stored with, on this host's time line. */
const expiryOf = ({ held }: MemoryAnswer): number => held.bornAt + held.answer.fresh;

/** What a request says in these fields, as received. */
function saidIn(names: readonly string[], request: KeyedRequest): string {
  let said = "";
  for (const name of names) {
    const value = request.header(name);
    // No field's value has a line's end in it.
    said += value === null ? "\n" : `${value}\r\n`;
  }
  return said;
}

function remember(keys: Map<string, CacheKey>, said: string, key: CacheKey): void {
  if (keys.size >= LIMITS.rememberedSelecting) keys.clear();
  keys.set(said, key);
}

/** Strings are charged two octets a character: that is the most that they take. */
function sizeOf(key: CacheKey, entry: MemoryAnswer): number {
  const { answer } = entry.held;
  let characters = 2 * key.length;
  for (const [name, value] of answer.headers) characters += name.length + value.length;
  for (const selector of answer.selectors) characters += selector.length;
  const copies = entry.body.length < LIMITS.blobFrom ? 1 : 2;
  const fields = Math.max(0, answer.headers.length - LIMITS.entryFields) * LIMITS.fieldOverhead;
  return copies * entry.body.length + 2 * characters + fields + LIMITS.entryOverhead;
}
