// The client's limits.

import { mebibytes, millis, minutes, seconds } from "../shared/core/units.ts";

export const LIMITS = {
  /** A call in all, tries and pauses included, unless the caller says otherwise. */
  deadline: seconds(30),
  /** One try: a connection that went dead must not use up the whole call. */
  tryDeadline: seconds(10),
  /** What a call that the control plane is to wait in may take beyond that wait. */
  waitMargin: seconds(5),
  /** The control plane itself waits for no warm-up, and no receipt, longer. */
  longestWait: seconds(60),
  /** Tries of one call: three pauses outlast a restart of the control plane. */
  tries: 4,
  /** The longest pause before the second try; it doubles with every further one. */
  pause: millis(250),
  /** No pause is longer, unless the control plane asks for it. */
  longestPause: seconds(5),
  /** Between two looks at a receipt, growing from the first to the last. */
  receiptLook: { least: millis(50), most: millis(500) },
  /** How long a receipt is waited for, unless the caller says otherwise. */
  convergence: seconds(30),
  /** How long an experiment's end is waited for, unless the caller says otherwise: the control plane stops it by then. */
  experiment: minutes(16),
  /** Between two looks at it: it is told by the second. */
  experimentLook: seconds(1),
  /** A stream of events that says nothing for this long has broken off: every quarter of a second it gives a sign. */
  eventSilence: seconds(10),
  /** Between a stream of events that has ended and the next: where none gets through, this is how often is asked. */
  eventsAgain: seconds(1),
  /** Characters of one event: a warm-up with all of its errors is far smaller. */
  event: mebibytes(1),
} as const;
