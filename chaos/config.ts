// The limits of experiments: how long, how much, and what counts as well again.

import { millis, minutes, seconds } from "../shared/core/units.ts";

export const LIMITS = {
  /** Of a fault: long enough for every bound to pass while it lasts, short enough to watch. */
  leastFault: seconds(2),
  /** Nobody leaves something broken for longer and calls it an experiment. */
  mostFault: minutes(5),
  /** Before anything is judged caches fill: most paths are asked for once in this time. */
  warming: seconds(5),
  /** How it is when nothing is broken: what hit ratios are compared with. */
  steady: seconds(8),
  /** What was due less than this before a fault may still be under way as it begins: what takes longer was not well before. */
  underWay: seconds(1),
  /** Sliding: at the usual load more than a hundred requests, so that chance is a few in a hundred. */
  ratioSpan: seconds(2),
  /** Between two looks at whether all is well again. */
  look: millis(500),
  /** Of one look from outside: what takes longer has not answered. */
  glance: seconds(1),
  /** A recovery that takes longer has failed, and is not waited for. */
  recovery: seconds(25),
  /** For what is under way to end, and receipts to say so. */
  settling: seconds(10),
  /** A client that gives up later than that has been kept waiting. */
  clientDeadline: seconds(10),
  /** What measuring and transit may take: beyond that an answer is stale. */
  epsilon: millis(200),
  /** Requests to the origin that were let go one after the other may arrive together: a busy machine holds them up so long. */
  transit: millis(500),
  /** Requests a second over all edges: far below what two cores bear, enough that every path is asked for. */
  requestsPerSecond: 50,
  purgesPerSecond: 1,
  /** One request in so many is for what a purge binds by now; no number of edges divides it, so each gets some. */
  recentEvery: 7,
  /** Between two tries of a purge that nobody has acknowledged. */
  purgeAgain: millis(500),
  /** Of one try; the next one begins then. */
  purgeTry: seconds(4),
  /** Characters of one text of a report: one that is longer would not be taken by the control plane. */
  text: 1000,
  /** Reports that the agent keeps. */
  reports: 50,
  /** Tries of handing a report to the control plane, and between them: an outage of half a minute is outlasted. */
  handOverTries: 20,
  handOverPause: millis(1500),
  /** Of one call of the agent's to the control plane. */
  call: seconds(5),
  /** For the cluster to know the site, and its edges to serve it. */
  preparing: seconds(15),
  /** Of a message to the agent: an order is a few hundred octets. */
  orderOctets: 16_384,
  /** Requests to the agent older than this are refused, as edges do. */
  signatureAge: seconds(30),
  /** For a database that goes on after its starter's death to end in order: a redis-server is given five seconds. */
  endedByItself: seconds(8),
  orphanLook: millis(50),
  /** Of one lever: killing and releasing take a moment. */
  lever: seconds(8),
} as const satisfies Record<string, number>;

/** A ratio below this share of the steady one is not well yet. */
export const RECOVERED_SHARE = 0.9;

/** More than this share of the requests that could not be sent when due, and the load was not what it should be. */
export const MOST_WITHHELD = 0.02;
