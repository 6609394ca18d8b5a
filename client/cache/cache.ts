// The cache as a program has it: every call checks what it is told, and none of them fails because a tier does.

import { formatPosition, type Position } from "../../shared/core/position.ts";
import { elapsed, type Millis } from "../../shared/core/units.ts";
import { checkSignal } from "../caller-signal.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { Certificate, Invalidated, Nothing } from "./answers.ts";
import type { CacheCore } from "./core.ts";
import type { CacheStats } from "./counters.ts";
import { type Given, invalidate } from "./invalidate.ts";
import { type InvalidateOptions, readInvalidation } from "./invalidation.ts";
import type { Batch, Job, Loader } from "./job.ts";
import { selectorOfKey } from "./keys.ts";
import { Together } from "./many.ts";
import {
  checkFunction,
  checkKey,
  checkKeys,
  checkOptions,
  checkTags,
  OF_WRAP,
  type ReadOptions,
  type ValueOptions,
  wrong,
} from "./options.ts";
import type { GovernedBy } from "./policies.ts";
import { fromNear, readFurther } from "./read.ts";
import { durationOf, type ValueRules } from "./rules.ts";
import type { EventName, Listener } from "./telling.ts";
import type { Tiers } from "./tiers.ts";
import { handedOut } from "./values.ts";
import { writable, write } from "./write.ts";

/** What `get` finds. `unavailable`: nobody can say whether there is a value. */
export type Found<T> =
  | (Certificate<T> & { readonly found: true })
  | { readonly found: false; readonly because: "absent" | "unavailable" };

/** What `explain` answers. */
export interface Governance {
  readonly by: GovernedBy;
  /** The policy's id; null where none governs. */
  readonly policy: string | null;
  readonly class: string;
  /** The policy's. */
  readonly tags: readonly string[];
  /** Null: each call has to say one. */
  readonly ttlMs: number | null;
  readonly ttlMode: "respect" | "override";
  readonly windowMs: number;
}

export class Cache {
  /** Switches of a running program. */
  readonly tiers: Tiers;
  private readonly core: CacheCore;
  private readonly ownClass: string | null;
  private readonly idle: () => Promise<void>;
  private disposed = false;

  /** @internal */
  constructor(core: CacheCore, ownClass: string | null, idle: () => Promise<void>) {
    this.core = core;
    this.tiers = core.tiers;
    this.ownClass = ownClass;
    this.idle = idle;
  }

  /**
   * Learns the log, so that the first calls need not: whether that could be done. Nothing has to wait for it; what is
   * loaded before the log is known is kept by nobody.
   */
  async ready(): Promise<boolean> {
    await this.core.view.pull(this.core.background);
    return this.core.view.current() !== null;
  }

  /** The value of a key: from a cache where one has it, else from the loader, which is then asked once. */
  getOrFetch<T, Previous = T>(
    key: string,
    loader: Loader<T, Previous>,
    options: ReadOptions = {},
  ): Promise<T> {
    return this.fetch(key, loader as Loader<unknown>, options);
  }

  private fetch<T>(key: string, loader: Loader<unknown> | Batch, options: ReadOptions): Promise<T> {
    try {
      const rules = this.rulesFor(key, checkOptions(options).class);
      const arrivedAt = this.core.clock.now();
      const near = fromNear(this.core, { key, rules, arrivedAt });
      if (near !== null && !this.isWatched) return Promise.resolve(handedOut(near.value) as T);
      return this.further(key, loader, options).then(({ value }) => value as T);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `getOrFetch`, and what vouches for the value. */
  async read<T, Previous = T>(
    key: string,
    loader: Loader<T, Previous>,
    options: ReadOptions = {},
  ): Promise<Certificate<T>> {
    return (await this.further(key, loader as Loader<unknown>, options)) as Certificate<T>;
  }

  /** Only looks: what is being loaded is not there yet. */
  async get<T>(key: string, options: Omit<ReadOptions, "ttl" | "tags" | "source"> = {}): Promise<Found<T>> {
    const outcome = await this.readFurther(key, null, options);
    if ("kind" in outcome) return { found: false, because: outcome.because };
    return { found: true, ...(outcome as Certificate<T>) };
  }

  /** Several at once, a thousand at most; those that nobody has are loaded by one call, in one turn of its source. */
  async getMany<T>(
    keys: readonly string[],
    loadMany: (keys: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, T>>,
    options: ReadOptions = {},
  ): Promise<readonly T[]> {
    checkKeys(keys);
    checkFunction(loadMany, "loadMany");
    const batch = new Together(this.core, keys, loadMany);
    return Promise.all(
      keys.map((key) => this.fetch<T>(key, batch, options).finally(() => batch.settled(key))),
    );
  }

  /** A function whose results are cached, by the key that its arguments make. */
  wrap<Args extends readonly unknown[], T>(
    fn: (...args: Args) => T | Promise<T>,
    options: ReadOptions & {
      readonly key: (...args: Args) => string;
      readonly tagsOf?: (...args: Args) => readonly string[];
    },
  ): (...args: Args) => Promise<T> {
    checkFunction(fn, "fn");
    const { key: keyOf, tagsOf, ...rest } = checkOptions(options, OF_WRAP);
    checkFunction(keyOf, "key");
    if (tagsOf !== undefined) checkFunction(tagsOf, "tagsOf");
    return (...args) => {
      const tags = tagsOf === undefined ? {} : { tags: [...(rest.tags ?? []), ...tagsOf(...args)] };
      return this.getOrFetch(keyOf(...args), () => fn(...args), { ...rest, ...tags });
    };
  }

  /**
   * What the program knows to be the value now. Everybody's older value is invalidated first; of two programs that set
   * one key the one that the log has last is read. Rejects with `unacknowledged` where the log can't be told.
   */
  async set(key: string, value: unknown, options: ValueOptions = {}): Promise<Invalidated> {
    const job = this.jobFor(key, null, options);
    const packed = writable(this.core, job, value);
    const selectors = [selectorOfKey(this.core.namespace, key)];
    return this.invalidateNow({ selectors, mode: "hard", detail: `set ${key}` }, (position) =>
      write(this.core, job, { value: packed, position }),
    );
  }

  /** Of one key. As `invalidate`. */
  async delete(key: string): Promise<Invalidated> {
    const selectors = [selectorOfKey(this.core.namespace, checkKey(key))];
    return this.invalidateNow({ selectors, mode: "hard", detail: `delete ${key}` });
  }

  /**
   * Acknowledged when the log has it: no read of this process that begins later sees what it names, and nobody's
   * anywhere that begins later than its class's window. Rejects with `unacknowledged` where the log can't be told.
   */
  async invalidate(options: InvalidateOptions): Promise<Invalidated> {
    const { selectors, detail } = readInvalidation(this.core, options);
    return this.invalidateNow({ selectors, mode: options.mode ?? "hard", detail });
  }

  /** Answers how to stop it. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    return this.core.telling.on(name, listener);
  }

  /** What governs a key, and who says so: the control plane's table, the call, the program's own policies, or the cache. */
  explain(key: string, options: Pick<ValueOptions, "class"> = {}): Governance {
    const { class: call } = checkOptions(options);
    const rules = this.rulesFor(checkKey(key), call);
    const by = this.core.policies.saidBy(key, { call, cache: this.ownClass });
    const { class: of, policy, tags, ttl, ttlMode, window } = rules;
    return { by, policy, class: of, tags, ttlMs: ttl, ttlMode, windowMs: window };
  }

  stats(): CacheStats {
    const { counters, near, view, clock } = this.core;
    const {
      failures,
      shed,
      pulls: _p,
      pushes: _q,
      gossipRounds: _r,
      gossipHeard: _h,
      gossipTold: _t,
      ...counts
    } = counters;
    const current = view.current();
    return {
      ...counts,
      failures: Object.fromEntries(failures),
      shed: Object.fromEntries(shed),
      nearValues: near.size,
      nearBytes: near.bytes,
      nearEvictions: near.evictions,
      knownAgeMs: current === null ? null : elapsed(current.knownAt, clock.now()),
    };
  }

  /** Lets what is under way end, and takes nothing on any more. What the log could not be told until then it is not told. */
  async dispose(): Promise<void> {
    this.disposed = true;
    this.core.unsent.end();
    await this.idle();
    this.core.near.clear();
  }

  private get isWatched(): boolean {
    return this.core.tiers.near.shadow > 0 || this.core.telling.listens("read");
  }

  private async further(
    key: string,
    loader: Loader<unknown> | Batch,
    options: ReadOptions,
  ): Promise<Certificate> {
    if (!(loader instanceof Together)) checkFunction(loader, "loader");
    const outcome = await this.readFurther(key, loader, options);
    // A read with a loader ends with a value or throws.
    if ("kind" in outcome) throw new TidegateError("internal", "The loader was not asked.");
    return outcome;
  }

  private readFurther(
    key: string,
    loader: Loader<unknown> | Batch | null,
    options: ReadOptions,
  ): Promise<Certificate | Nothing> {
    const job = this.jobFor(key, loader, options);
    const { signal, deadline } = options;
    checkSignal(signal);
    const span: Millis = deadline === undefined ? this.core.deadlines.call : durationOf(deadline, "deadline");
    return readFurther(this.core, job, { signal, deadline: span });
  }

  private jobFor(key: string, loader: Loader<unknown> | Batch | null, options: ReadOptions): Job {
    if (this.disposed) throw new TidegateError("disposed", "The cache has been disposed of.");
    checkKey(key);
    const { tags = [], ttl, source = "default" } = checkOptions(options);
    const rules = this.rulesFor(key, options.class);
    const span = ttl === undefined ? null : durationOf(ttl, "ttl");
    if (span === null && rules.ttl === null && loader !== null)
      throw wrong("ttl", `class ${rules.class} has no ttl of its own: the call has to say one`);
    checkTags(tags, "tags");
    // Before anybody holds a lease for it.
    this.core.sources.named(source);
    const all = rules.tags.length === 0 ? tags : [...new Set([...rules.tags, ...tags])];
    return {
      ...{
        key,
        rules,
        tags: all,
        ttl: span,
        loader,
        source,
        background: false,
        candidate: null,
        admittedBy: null,
        over: false,
      },
      arrivedAt: this.core.clock.now(),
      ticket: this.core.view.ticket(),
      drops: this.core.untold.drops,
      governedAt: this.core.policies.generation,
    };
  }

  private rulesFor(key: string, call: string | undefined): ValueRules {
    const { policies } = this.core;
    const cache = this.ownClass;
    // The hit path: most caches have no policies.
    const found = policies.isEmpty
      ? policies.ofClass(call ?? cache)
      : policies.rulesFor(checkKey(key), { call, cache });
    if (found === null) throw wrong("class", "the call has to say one, or a policy, or the cache");
    if (found === undefined) throw wrong("class", `there is no class ${JSON.stringify(call ?? cache)}`);
    return found;
  }

  private async invalidateNow(
    given: Given,
    then?: (position: Position) => Promise<void>,
  ): Promise<Invalidated> {
    if (this.disposed) throw new TidegateError("disposed", "The cache has been disposed of.");
    return { position: formatPosition(await invalidate(this.core, given, then)) };
  }
}
