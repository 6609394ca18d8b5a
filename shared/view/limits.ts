// How much a view of the log holds, and for how long whoever learns it waits for whom.

import { kibibytes, mebibytes, millis, minutes, seconds } from "../core/units.ts";

export const VIEW_LIMITS = {
  /** Selectors a view holds before its floor rises. */
  selectors: 50_000,
  /** Their characters in all: clients choose URLs, and each write names the one that it was made to. */
  indexSize: mebibytes(8),
  /** Entries beyond a gap that a view keeps. */
  ahead: 4096,
  /** The last entries that a view keeps to tell peers. */
  recent: 2048,
  /** Characters of both in all. */
  heldSize: mebibytes(4),
  /** A log that has not answered by then is asked no more alone: peers are asked beside it. */
  gossipAfter: millis(150),
  /** Nor is one that did not answer, for this long: whoever comes then waits no longer than that moment for it. */
  silentFor: seconds(5),
  /** Peers asked in one round: of four, at least one that can reach the log is most likely among them. */
  gossipFanOut: 3,
  /** Between two rounds: far below any window, far above what a round costs. */
  gossipPeriod: millis(100),
  /** A peer that takes longer counts as silent. */
  gossipDeadline: millis(600),
  /** Entries in one answer to a peer. */
  gossipPage: 500,
  /** Answers asked of one peer in a round: all that it may hold. */
  gossipPages: 8,
  /** A peer is made wait this long while we ask the log for it. */
  tellPatience: millis(300),
  /** A peer that did not answer is left alone for this long. */
  peerPause: millis(500),
  /** A peer neither named nor heard of for this long is forgotten. */
  peerForgotten: minutes(2),
  /** The control plane's beat wants knowledge this young. */
  beatWindow: millis(250),
  /** Its call must be answered before it gives up. */
  beatPatience: millis(600),
  /** Between two looks at what another isolate of the data centre has pulled: a twentieth of a window of 5 s. */
  lookPeriod: millis(250),
  /** A look into the data centre takes milliseconds; beyond this the log itself may as well be asked. */
  lookGuard: millis(200),
  /** Entries left for other isolates with a pull: whoever is further behind asks the log. */
  sharedEntries: 256,
  /** Characters of it: what a look reads each time. */
  sharedSize: kibibytes(128),
  /** Entries asked for in one pull. */
  pullPage: 500,
  /** A request that came too late for the pull under way waits this long at most before the next one is sent. */
  pullQueue: millis(25),
  /** Pulls under way at once: one, and another where that hangs. */
  pullsAtOnce: 2,
  /** With those that have been without an answer for longer than `gossipAfter`. */
  pullsAtMost: 4,
  /** Pages in one pull before it is left to the next. */
  pullPages: 40,
  /** Whoever waits for another request's pull stops by then: that request may be gone. Twice the log's deadline. */
  pullGuard: seconds(3),
} as const;
