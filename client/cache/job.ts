// One read as the rest of the cache knows it: the key, what governs it, and how its value is loaded.

import type { Admission } from "../../shared/core/admission.ts";
import type { Instant, Millis, Selector } from "../../shared/core/units.ts";
import type { Verdict } from "./held.ts";
import { type Namespace, selectorsOfValue } from "./keys.ts";
import type { Ran, RunFailed } from "./ran.ts";
import type { ValueRules } from "./rules.ts";
import type { Shed } from "./source.ts";

/** What a loader is given. */
export interface LoadContext<T = unknown> {
  readonly key: string;
  /**
   * Aborted when the load's time is up (`deadlines.load`): pass it on to whatever the loader calls. Callers who give up
   * don't abort it: the load goes on for others, and for whoever comes next.
   */
  readonly signal: AbortSignal;
  /** The value that is past its time, where this process or the mid-tier has one. */
  readonly previous: T | undefined;
  /** More names by which the value can be invalidated. */
  tag(...tags: readonly string[]): void;
  /** Another time to live than the call's or the class's. Milliseconds, or a text such as `30s`. */
  ttl(ttl: number | string): void;
  /** Whoever waits for it gets it, and nobody else. */
  noStore(): void;
}

/**
 * `Previous` is a type of its own: were it the result's, a loader that looks at its context would fix that before it has
 * returned anything, as `unknown`.
 */
export type Loader<T, Previous = T> = (context: LoadContext<Previous>) => T | Promise<T>;

/** Several keys that one call loads. */
export interface Batch {
  /** Never rejects. */
  load(job: Job): Promise<Ran<unknown> | RunFailed | Shed>;
}

export interface Job {
  readonly key: string;
  readonly rules: ValueRules;
  readonly tags: readonly string[];
  readonly ttl: Millis | null;
  /** Null where a value is only looked for. */
  readonly loader: Loader<unknown> | Batch | null;
  readonly source: string;
  readonly arrivedAt: Instant;
  /** Order among arrivals and pulls, for windows of nought. */
  readonly ticket: number;
  /** Behind a reader who has his value. */
  readonly background: boolean;
  /** As `Untold` counts, when it began, or its flight did: what a later one names is not kept near. */
  drops: number;
  /** As `Policies` counts: what was judged by other rules is not kept near. */
  readonly governedAt: number;
  /** Its caller has been given his answer: what has not begun by then need not begin for him. */
  over: boolean;
  /** What its caller, who waits, is owed: nothing that is invalidated later. Null where nobody waits, or no view is young enough. */
  admittedBy: Admission | null;
  /** Not good enough as it is; what of it may stand in is decided when it is needed. */
  candidate: Verdict | null;
}

/** All that can hit the value, as far as it is known before it is loaded. */
export const selectorsOfJob = (namespace: Namespace, { key, rules, tags }: Job): readonly Selector[] =>
  selectorsOfValue(namespace, { key, class: rules.class, tags });
