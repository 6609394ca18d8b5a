// How long others wait for a body that one request is bringing.

import { isEventStream } from "../shared/core/freshness.ts";
import { isPastOnArrival } from "../shared/core/stored-answer.ts";
import { later } from "../shared/core/units.ts";
import type { FlightControls } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import { keyFor } from "./lease.ts";
import type { Exchange, Made } from "./make-answer.ts";
import { withoutLease } from "./right.ts";
import { UNCACHEABLE } from "./settle.ts";

/** Nobody but who asked for it may be served it as it is, or it goes on for as long as he listens: nobody waits for it. */
export const isForOne = ({ job }: Exchange, { answer }: Made): boolean =>
  isPastOnArrival(answer, job.route.rules) || isEventStream(answer.headers);

/**
 * Everybody goes for himself, here and at other edges. What comes then is for this data centre alone: the lease, which
 * is the right to fill, has gone back.
 */
export function letGo(exchange: Exchange, controls: FlightControls): Exchange {
  const { job, right } = exchange;
  controls.settle({ kind: "unshared" });
  job.request.background.keep(right.giveBack(UNCACHEABLE));
  return { ...exchange, right: withoutLease(right) };
}

/** Where it takes too long they are let go; to be ended when the body has, and says what it is then stored by. */
export function waitABit(edge: Edge, exchange: Exchange, controls: FlightControls): () => Exchange {
  let then = exchange;
  const cancel = edge.timers.after(LIMITS.bodyPatience, () => {
    then = letGo(exchange, controls);
    // While it comes no refresh is to begin another one.
    const until = later(edge.clock.now(), LIMITS.uncacheableFor);
    edge.memory.markUncacheable(keyFor(edge, exchange.job), until);
  });
  return () => {
    cancel();
    return then;
  };
}
