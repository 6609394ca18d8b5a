// How long others wait for a body that one request is bringing.

import { isEventStream } from "../shared/core/freshness.ts";
import { currentLifetime, isPastOnArrival } from "../shared/core/stored-answer.ts";
import { later } from "../shared/core/units.ts";
import type { FlightControls } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import { keyFor } from "./lease.ts";
import type { Exchange, Made } from "./make-answer.ts";
import { withoutLease } from "./right.ts";
import { speaksForAll, UNCACHEABLE } from "./settle.ts";

/** Nobody but who asked for it may be served it as it is, or it goes on for as long as he listens: nobody waits for it. */
export const isForOne = ({ job }: Exchange, { answer }: Made): boolean =>
  isPastOnArrival(answer, job.route.rules) || isEventStream(answer.headers);

interface Coming {
  readonly made: Made;
  readonly controls: FlightControls;
}

/**
 * Those who wait here go for themselves, and so does everybody at other edges, where the next one would bring no more than
 * this one. What comes then is for this data centre alone: the lease, which
 * is the right to fill, has gone back.
 */
export function letGo(exchange: Exchange, { controls, made }: Coming): Exchange {
  const { job, right } = exchange;
  controls.settle({ kind: "unshared" });
  const marker = speaksForAll(exchange) && !isLate(exchange, made) ? UNCACHEABLE : null;
  job.request.background.keep(right.giveBack(marker));
  return { ...exchange, right: withoutLease(right) };
}

/** It has a life, and was past it: another cache on its way has served it stale, and the next one need not be. */
function isLate({ job }: Exchange, { answer }: Made): boolean {
  const { fresh, staleWhileRevalidate } = currentLifetime(answer, job.route.rules);
  return fresh + staleWhileRevalidate > 0 && isPastOnArrival(answer, job.route.rules);
}

/** Where it takes too long they are let go; to be ended when the body has, and says what it is then stored by. */
export function waitABit(edge: Edge, exchange: Exchange, coming: Coming): () => Exchange {
  let then = exchange;
  const cancel = edge.timers.after(LIMITS.bodyPatience, () => {
    then = letGo(exchange, coming);
    if (!speaksForAll(exchange)) return;
    // While it comes no refresh is to begin another one.
    const until = later(edge.clock.now(), LIMITS.uncacheableFor);
    edge.memory.markUncacheable(keyFor(edge, exchange.job), until);
  });
  return () => {
    cancel();
    return then;
  };
}
