// The cache's limits: what is not said when one is made.

import { kibibytes, mebibytes, millis, minutes, seconds } from "../../shared/core/units.ts";

export const CACHE_LIMITS = {
  /** A call in all: whoever waits for a page will not wait longer. */
  deadline: seconds(10),
  /** One run of a loader; its signal is aborted then. */
  loadDeadline: seconds(5),
  /** Past this a stale value is given, where there is one, and the load goes on behind it. */
  softDeadline: seconds(1),
  /** One read of the mid-tier: above the slowest honest reply of a busy program, and its breaker opens after three. */
  readDeadline: seconds(1),
  /** One write of it; nobody waits for it but the next reader. */
  fillDeadline: millis(1500),
  /** A shard that takes longer, while there is another one to ask. */
  failoverAfter: millis(400),
  /** Shards asked for one key until one answers. */
  failoverTries: 3,
  /** One read of the log. */
  logDeadline: seconds(1),
  /** A dead database costs one deadline now and then, not one a call. What has less time than a read tells nothing of it. */
  breaker: { failures: 3, pause: millis(500), tells: millis(400) },
  /** As an edge's: after a change of the shard map what a key's home lacks is looked for beside it. */
  mapSettlesIn: minutes(1),
  /** A clock of a shard that was read so long ago is not reckoned with any more. */
  clockRemembered: minutes(1),
  /** A shard that was silent so lately may lack what was filled meanwhile. */
  silenceRemembered: minutes(1),
  /** Copies remembered that a shard could not be given. */
  copiesMissed: 1000,
  /** A process that died holds its key up for so long at most, half of what a call may take; a living one renews its lease. */
  leaseDuration: seconds(5),
  /** Three times within a lease, so that one lost reply costs none. */
  leaseRenewal: millis(1500),
  /** Beyond the longest load, for its fill: until then a lease is renewed. */
  leaseMargin: seconds(1),
  /** A lease that was taken over is not again for so long: a key that is invalidated faster than it is loaded is kept all the same. */
  overtakerPatience: seconds(10),
  /** Whoever waits for another process's load asks again so often at first, and more slowly after ten times. */
  poll: { first: millis(20), later: millis(200), quick: 10 },
  /** How often a value that turns out to be unusable is sought anew. */
  attempts: 4,
  /** A key whose loader has failed is left alone so long, twice as long after each failure in a row, up to the second. */
  failing: { first: millis(250), most: seconds(10) },
  /** As an edge's: for how long others are told that it has failed, at most. They go without a lease meanwhile. */
  failingFor: seconds(1),
  /** Keys remembered whose loader has failed. */
  failingKept: 10_000,
  /** What is not there is remembered no longer than this, whatever its class says. */
  negative: minutes(1),
  /** Characters of a key. */
  key: 1024,
  /** Tags of one value, and characters of one. */
  tags: 128,
  /** As an edge's. */
  tag: 1024,
  /** Selectors of one invalidation. */
  selectors: 1000,
  /** Characters of them all, which are ASCII: as many octets as the control plane takes. The log has each of them twice. */
  selectorCharacters: mebibytes(1),
  /** Keys of which it is remembered which policy governs them. */
  governed: 20_000,
  /** Octets of a value in the near cache that is charged beside its own: entry, key and selectors. */
  overhead: 512,
  /** Invalidations kept that the log has not taken yet. */
  unsent: 10_000,
  /** Names that they name: with more of them, everything from before then. */
  untold: 100_000,
  /** Until they are offered to it again by themselves: twice as long each time, up to the second. */
  offerPause: { first: seconds(1), most: seconds(10) },
  /** An offer that has not gone on for so long, more than an append may take, does not go on any more. */
  offerLost: seconds(15),
  /** How often an invalidation is offered to the log before its caller is told. */
  appendTries: 2,
  /** A source's loads at once, unless it is told otherwise. */
  concurrency: 64,
  /** Who waits for a turn, by priority. */
  line: { user: 1000, background: 64 },
  /** How long for. */
  patience: { user: seconds(2), background: millis(250) },
  /** A token that is due within this is waited for, turn in hand. */
  tokenPatience: seconds(1),
  /** Of a bucket's burst, what renewals behind calls leave to users. */
  reserve: 0.25,
  /** Tokens are asked for on the way of a load: without an answer by then the own share decides. */
  takeDeadline: millis(300),
  /** Of a rate that all processes share, what each takes for its own while Redis is away: programs run in a handful of them. */
  share: 0.1,
  /** Second tries, as a share of loads. */
  retryShare: 0.1,
  /** What counts as lately: between once and twice this. */
  retrySpan: seconds(10),
  /** Before a second try, at most; the half of it at least. */
  retryPause: millis(200),
  /** A load that goes on for so long, or for twenty times its deadline, will never end. */
  endless: minutes(5),
  /** A source that fails so often in a row is left alone for a while; then one call tries it, and another one where that hangs. */
  sourceBreaker: { failures: 20, lasting: millis(500), pause: seconds(1), probeLost: seconds(2) },
  /** The near cache of a class that does not say. */
  memory: mebibytes(16),
  /** A value above this is kept near only. */
  shared: kibibytes(1024),
  /** Keys of one call that reads many: what a source can be asked for at once. */
  many: 1000,
} as const;
