// The configurations of the model: each looks at one side of the protocol, and exhausts what it allows to happen.

import type { Scope } from "./scope.ts";

export interface Configuration {
  readonly what: string;
  /** What `npm test` enumerates, unless it is large. */
  readonly bounded: Scope;
  /** What `npm run verify` enumerates. */
  readonly long: readonly Scope[];
  /** So large that `npm run verify` alone enumerates what is bounded too: two thirds of all states are in three of them. */
  readonly large?: true;
}

const AMPLE = { selectors: 9, ahead: 9, recent: 9, gossipPage: 9 };

/** One warm edge, and nothing that could happen to it. */
const QUIET: Scope = {
  edges: 1,
  modes: ["hard"],
  purges: 2,
  purgesAtOnce: true,
  replicas: false,
  others: false,
  window: 1,
  stale: false,
  fence: "revalidate",
  delay: 0,
  log: { page: 9, entriesKept: 9, selectorsKept: 9 },
  limits: AMPLE,
  pulls: 0,
  pushes: false,
  gossip: false,
  losses: false,
  vouching: false,
  memory: false,
  blob: false,
  checks: false,
  filled: true,
  flights: 0,
  followers: false,
  calm: false,
  leaseFor: 1,
  crashes: 0,
  outages: [],
  mostOutages: 0,
};

const DELIVERY: Scope = {
  ...QUIET,
  modes: ["hard", "soft"],
  others: true,
  stale: true,
  purgesAtOnce: false,
  log: { page: 1, entriesKept: 9, selectorsKept: 9 },
  pulls: 1,
  pushes: true,
  losses: true,
  vouching: true,
  memory: true,
};

const FORGETTING: Scope = {
  ...QUIET,
  modes: ["hard", "soft"],
  others: true,
  log: { page: 1, entriesKept: 1, selectorsKept: 1 },
  limits: { ...AMPLE, selectors: 1, ahead: 1, recent: 1 },
  pulls: 1,
  pushes: true,
  losses: true,
  vouching: true,
  memory: true,
  checks: true,
};

const CRASH: Scope = {
  ...QUIET,
  others: true,
  delay: 1,
  log: { page: 1, entriesKept: 9, selectorsKept: 9 },
  pulls: 1,
  pushes: true,
  losses: true,
  memory: true,
  blob: true,
  checks: true,
  crashes: 1,
};

const SNAPSHOTS: Scope = {
  ...QUIET,
  log: { page: 1, entriesKept: 1, selectorsKept: 9 },
  pulls: 2,
  pushes: true,
  memory: true,
  crashes: 1,
};

const LEASES: Scope = {
  ...QUIET,
  edges: 2,
  purges: 1,
  pushes: true,
  flights: 1,
};

const FOLLOWERS: Scope = { ...QUIET, purges: 1, pushes: true, memory: true, flights: 2, followers: true };

const ONE_FETCH: Scope = {
  ...QUIET,
  edges: 2,
  purges: 1,
  pushes: true,
  filled: false,
  memory: true,
  flights: 1,
  followers: true,
  calm: true,
};

/** One edge that crashes, and what L2 had for it: in its Cache API, with as far as its first life had judged it. */
const BROUGHT: Scope = {
  ...QUIET,
  others: true,
  blob: true,
  checks: true,
  flights: 1,
  crashes: 1,
};

const GOSSIP: Scope = {
  ...QUIET,
  edges: 2,
  others: true,
  limits: { ...AMPLE, recent: 1, gossipPage: 1 },
  gossip: true,
  memory: true,
};

const OUTAGES: Scope = {
  ...QUIET,
  log: { page: 1, entriesKept: 9, selectorsKept: 9 },
  pulls: 1,
  pushes: true,
  losses: true,
  memory: true,
  outages: ["flush", "failover"],
  mostOutages: 1,
};

const PARTED: Scope = {
  ...QUIET,
  edges: 2,
  purges: 1,
  window: 0,
  gossip: true,
  memory: true,
  outages: ["flush", "failover"],
  mostOutages: 1,
};

const FORKS: Scope = { ...OUTAGES, purges: 3, others: true, losses: false, window: 0, outages: ["failover"] };

const EPOCHS: Scope = {
  ...QUIET,
  edges: 2,
  purges: 1,
  window: 0,
  leaseFor: 0,
  flights: 1,
  outages: ["flush"],
  mostOutages: 1,
};

/** One edge that crashes is as good as two for what it left in L2. */
const DURABLE: Scope = {
  ...EPOCHS,
  edges: 1,
  crashes: 1,
  purges: 2,
  pushes: true,
  replicas: true,
  outages: ["failover"],
};

const DURABLE_NEAR: Scope = {
  ...CRASH,
  delay: 0,
  losses: false,
  replicas: true,
  outages: ["failover"],
  mostOutages: 1,
};

/** What the rules do not withstand, and Redis is therefore assumed not to do: each yields a counterexample. */
export const BEYOND: Readonly<Record<string, Configuration>> = {
  "told, then lost": {
    what: "With no replicas waited for, a failover loses entries that an edge has been told of, and others take their places.",
    bounded: { ...DURABLE, replicas: false },
    long: [],
  },
};

export const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  delivery: {
    what: "Pushes and pulls lost, late, twice, out of order; purges accepted, appended and acknowledged apart; pages of one entry.",
    bounded: DELIVERY,
    long: [{ ...DELIVERY, pulls: 2 }],
  },
  fences: {
    what: "A class that serves stale up to a cap; requests that take a while.",
    bounded: { ...DELIVERY, purgesAtOnce: true, fence: { cap: 1 }, delay: 1, purges: 1 },
    long: [
      { ...DELIVERY, purgesAtOnce: true, fence: { cap: 1 }, delay: 1 },
      { ...DELIVERY, purgesAtOnce: true, fence: "refuse", delay: 1 },
    ],
  },
  forgetting: {
    what: "A view, a log and an index with room for one selector and one entry: floors rise, pages are trimmed.",
    bounded: FORGETTING,
    long: [{ ...FORGETTING, purges: 3 }],
  },
  crash: {
    what: "A crash that the Cache API survives, cold snapshots, checks against the full index.",
    bounded: CRASH,
    long: [
      { ...CRASH, crashes: 2, modes: ["hard", "soft"] },
      { ...CRASH, crashes: 2, log: { page: 1, entriesKept: 1, selectorsKept: 1 } },
    ],
  },
  "brought near": {
    what: "An edge fetches, or takes what L2 has into its Cache API with as far as it was judged, crashes, and serves it.",
    bounded: { ...BROUGHT, purges: 1 },
    long: [
      { ...BROUGHT, modes: ["hard", "soft"], memory: true },
      { ...BROUGHT, purges: 1, pulls: 1, pushes: true, losses: true },
    ],
  },
  snapshots: {
    what: "Two pulls at a time by an edge that is cold, or that a trimmed log has left behind.",
    bounded: SNAPSHOTS,
    long: [{ ...SNAPSHOTS, losses: true, purges: 3 }],
  },
  leases: {
    what: "Two edges fetch: leases, their expiry and take-over, fills in flight, revalidations.",
    bounded: LEASES,
    long: [
      { ...LEASES, modes: ["hard", "soft"], losses: true },
      { ...LEASES, purges: 2, window: 0, leaseFor: 0 },
    ],
  },
  followers: {
    what: "Coalesced requests on one edge: two flights, joined early and late, checked at delivery.",
    bounded: FOLLOWERS,
    long: [
      { ...FOLLOWERS, modes: ["hard", "soft"], losses: true },
      { ...FOLLOWERS, purges: 2, window: 0, leaseFor: 0 },
    ],
  },
  "one fetch": {
    what: "As long as nothing fails, one fetch a lease interval and invalidation, over both edges.",
    bounded: ONE_FETCH,
    large: true,
    long: [{ ...ONE_FETCH, flights: 2 }],
  },
  gossip: {
    what: "Two edges that pull, and ask each other: questions late and lost, tellers that have forgotten.",
    bounded: GOSSIP,
    large: true,
    long: [
      { ...GOSSIP, pushes: true, losses: true },
      { ...GOSSIP, pushes: true, window: 0, modes: ["hard", "soft"], crashes: 1 },
    ],
  },
  outages: {
    what: "Redis loses the log, or fails over to a replica that lacks its end: a fork, or a head behind the cursor.",
    bounded: OUTAGES,
    long: [{ ...OUTAGES, modes: ["hard", "soft"], others: true, mostOutages: 2 }],
  },
  parted: {
    what: "Two edges ask each other while Redis loses the log or its end: forks found by peers, epochs, who is believed.",
    bounded: PARTED,
    long: [{ ...PARTED, purges: 2, window: 1 }],
  },
  forks: {
    what: "A failover whose lost entries are pushed late, beside those that have taken their places.",
    bounded: FORKS,
    long: [{ ...FORKS, window: 1, modes: ["hard", "soft"], outages: ["flush", "failover"] }],
  },
  epochs: {
    what: "Two edges fetch and share answers while Redis loses the log, or (long) what it has told nobody of it.",
    bounded: EPOCHS,
    large: true,
    long: [{ ...EPOCHS, window: 1, leaseFor: 1, pushes: true, outages: ["flush", "failover, untold"] }],
  },
  failover: {
    what: "Edges fetch, crash and share answers, or (long) ask each other, while a replica takes over that has all that was told, and of the rest any part.",
    bounded: DURABLE,
    long: [
      { ...DURABLE, edges: 2, crashes: 0, pushes: false },
      { ...PARTED, purges: 2, pushes: true, replicas: true, outages: ["failover"] },
    ],
  },
  "failover, near": {
    what: "The same, step by step, by one edge that checks what its Cache API holds: what is appended, confirmed and acknowledged, and who knows it.",
    bounded: DURABLE_NEAR,
    long: [{ ...DURABLE_NEAR, modes: ["hard", "soft"], losses: true }],
  },
};
