// What an isolate knows of hot keys: what it has counted itself, and what it was told.

import { mix } from "../../shared/core/mix.ts";
import { SpaceSaving } from "../../shared/core/space-saving.ts";
import { encodeHotKey, type HotBatch, type HotCount, type HotKey } from "../../shared/wire/hot.ts";
import type { Renewal } from "../../shared/wire/renewal.ts";

export interface HeatLimits {
  readonly hotEvery: number;
  readonly hotCounted: number;
  readonly hotTold: number;
  readonly hotBatch: number;
}

/** When what is held for it is due; null where nothing is, or nothing that is to be renewed. */
type RenewalOf = (key: HotKey) => Renewal | null;

export class Heat {
  private readonly limits: HeatLimits;
  private left = 1;
  private strides = 0;
  /** Null stands for what is too long, or too private, to be told. */
  private readonly counts: SpaceSaving<HotKey | null>;
  private sent: HotBatch | null = null;
  private numbers = 0;
  /** By the hot keys, and the resources whose variants they are. */
  private digests: ReadonlyMap<string, string> = new Map();
  private hot: ReadonlySet<string> = new Set();

  constructor(limits: HeatLimits) {
    this.limits = limits;
    this.counts = new SpaceSaving(limits.hotCounted);
  }

  /** On the path of every hit in memory: one countdown. */
  isDue(): boolean {
    this.left -= 1;
    return this.left <= 0;
  }

  /** From one request to the next: scattered about the mean, so that traffic that repeats itself can't fall in step. */
  next(): void {
    this.strides += 1;
    this.left = 1 + (mix("heat", this.strides) % (2 * this.limits.hotEvery - 1));
  }

  add(key: string, describe: () => HotKey | null): void {
    this.counts.add(key, this.limits.hotEvery, describe);
  }

  /** What has not been acknowledged comes again, under the same number; what has is followed by the next. */
  report(counted: number | null, renewalOf: RenewalOf): HotBatch | null {
    if (this.sent !== null && counted !== null && counted >= this.sent.number) this.sent = null;
    if (this.sent === null && this.counts.total > 0) {
      this.numbers += 1;
      this.sent = { number: this.numbers, total: this.counts.total, keys: this.told(renewalOf) };
      this.counts.clear();
    }
    return this.sent;
  }

  /** Only what was surely counted: a key that has displaced another must not inherit what that had. */
  private told(renewalOf: RenewalOf): HotCount[] {
    const told: HotCount[] = [];
    let room = this.limits.hotBatch;
    for (const { value, count, error } of this.counts.heaviest()) {
      if (told.length >= this.limits.hotTold) break;
      const size = value === null ? 0 : encodeHotKey(value).length;
      if (value === null || count === error || size > room) continue;
      room -= size;
      told.push({ ...value, requests: count - error, renewal: renewalOf(value) });
    }
    return told;
  }

  /** Whether a key of L2 is hot. It is advice: nothing that has to be true may depend on it. */
  isHot(digest: string): boolean {
    return this.hot.has(digest);
  }

  /** Of a key that was hot before. */
  digestOf(key: string): string | null {
    return this.digests.get(key) ?? null;
  }

  learn(digests: ReadonlyMap<string, string>): void {
    this.digests = digests;
    this.hot = new Set(digests.values());
  }
}
