// What a cache counts: plain numbers that only grow.

/** Where a value came from. `near`: this process. `shared`: the mid-tier. `loader`: this call's load, or one that it joined. */
export type ValueSource = "near" | "shared" | "loader";

export interface CacheStats {
  /** Reads by where their value came from. */
  readonly near: number;
  readonly shared: number;
  readonly loaded: number;
  /** Of the loaded ones, those that joined the load of another call. */
  readonly coalesced: number;
  /** Of all, those whose value was past its time. */
  readonly stale: number;
  /** Reads that ended without a value, by the reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Reads by `get` that found nothing. */
  readonly absent: number;
  /** Loaders run, second tries included, and those of them that failed. */
  readonly loads: number;
  readonly loadFailures: number;
  readonly retries: number;
  readonly loadMs: number;
  /** Turned away before the loader, by the reason. */
  readonly shed: Readonly<Record<string, number>>;
  /** Loads that the own share of a source's budget allowed: Redis could not be asked, or the rate is this process's alone. */
  readonly byShare: number;
  /** Waits for another process's load. */
  readonly leaseWaits: number;
  /** Values that the mid-tier took, and did not. */
  readonly filled: number;
  readonly notFilled: number;
  /** Calls of the mid-tier, and reads of the log, that failed. */
  readonly sharedErrors: number;
  readonly invalidations: number;
  readonly unacknowledged: number;
  /** Values compared with their source because of `shadow`, and those that differed. */
  readonly compared: number;
  readonly differed: number;
  /** Times that a listener, the logger or the tracer has failed; the first of them is told on the console. */
  readonly listenerErrors: number;
  readonly nearValues: number;
  readonly nearBytes: number;
  readonly nearEvictions: number;
  /** Milliseconds since the head of the log was known; null while it never was. */
  readonly knownAgeMs: number | null;
}

type Counted = Omit<
  CacheStats,
  "nearValues" | "nearBytes" | "nearEvictions" | "knownAgeMs" | "failures" | "shed"
>;

export type Counters = { -readonly [Name in keyof Counted]: number } & {
  readonly failures: Map<string, number>;
  readonly shed: Map<string, number>;
  pulls: number;
  pushes: number;
  gossipRounds: number;
  gossipHeard: number;
  gossipTold: number;
};

export const newCounters = (): Counters => ({
  ...{ near: 0, shared: 0, loaded: 0, coalesced: 0, stale: 0, absent: 0 },
  ...{ loads: 0, loadFailures: 0, retries: 0, loadMs: 0, byShare: 0, leaseWaits: 0, filled: 0, notFilled: 0 },
  ...{ sharedErrors: 0, invalidations: 0, unacknowledged: 0, compared: 0, differed: 0, listenerErrors: 0 },
  ...{ pulls: 0, pushes: 0, gossipRounds: 0, gossipHeard: 0, gossipTold: 0 },
  failures: new Map(),
  shed: new Map(),
});

export const countIn = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);
