// Every limit of the control plane: its value, and why it is that value.

import { days, mebibytes, millis, minutes, seconds } from "../shared/core/units.ts";

export const LIMITS = {
  /** Octets of a request's body: a thousand long URLs fit. */
  body: mebibytes(1),
  /** Selectors of one invalidation: each costs Redis and every edge an index entry. */
  selectors: 1000,
  /** Characters of a tag, as many as a policy may give. */
  tag: 1024,
  /** Characters of a URL; clients and servers rarely take more. */
  url: 8192,
  /** Characters of a reason: it is kept with the audit record. */
  reason: 500,
  /** Selectors shown with a receipt in a list; the receipt itself shows all. */
  selectorsListed: 20,

  /** One Redis call. */
  redisDeadline: millis(1500),
  /** As an edge's: a database that is gone costs one deadline now and then, not one a request. */
  breaker: { failures: 3, pause: millis(500) },
  /** Told to clients when Redis is away, in seconds. */
  retryAfter: 1,

  /** One push to one edge: what is slower learns it by its next pull. */
  pushDeadline: seconds(1),
  /** An answer without `wait` waits this long for the pushes; those to edges that are away go on behind it. */
  pushGrace: millis(300),
  /** One status call to one edge; below the beat. */
  statusDeadline: millis(900),
  /** An edge not seen for this long is silent: several beats missed, not one. */
  liveFor: seconds(5),
  /** Added to a class's bound before an edge counts as fenced: one CPU turn, an undetectable clock step, transit. */
  fenceSlack: millis(250),
  /** Signed requests older or newer than this are refused. */
  signatureAge: seconds(30),

  waitDefault: seconds(10),
  waitMost: seconds(60),
  waitPoll: millis(100),
  /** Open receipts looked at in one beat. */
  receiptsFollowed: 100,
  page: 20,
  pageMost: 100,

  /** How late an invalidation may be repeated. */
  repeatMost: days(1),
  /** Repeats waiting at once. */
  repeatsScheduled: 1000,
  repeatsPerBeat: 20,

  beat: seconds(1),
  /** How often an isolate makes sure that the beat goes on. */
  pokeEvery: seconds(10),
  /** How often the configuration in the log is compared with the environment's, once it is there. */
  bootCheckEvery: seconds(10),
  /** Reading the metrics collects anew unless that began this shortly ago. */
  collectAgain: millis(200),

  warmupUrls: 10_000,
  warmupRate: 100,
  warmupRateMost: 10_000,
  warmupConcurrency: 8,
  /** What an edge accepts in one batch (edge/config.ts: warmupBatch) bounds the other factor. */
  warmupConcurrencyMost: 64,
  /** URLs in one batch: small enough that a cancel, a restart or a slow origin costs little. */
  warmupBatch: 100,
  /** One batch at one edge. */
  warmupDeadline: seconds(20),
  /** Work on warm-ups in one beat; what is left over goes on with the next. */
  warmupSlice: millis(900),
  /** Warm-ups that share a beat; others wait their turn. */
  warmupsAtOnce: 4,
  warmupErrors: 50,
  warmupKept: days(1),
  warmupsRemembered: 1000,
  warmupPoll: millis(250),
  warmupEventsFor: minutes(15),
} as const;
