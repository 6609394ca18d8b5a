// Bringing a body that others wait for, and how long they do.

import { isEventStream } from "../shared/core/freshness.ts";
import type { Rules } from "../shared/core/rules.ts";
import { currentLifetime, isPastOnArrival, type StoredAnswer } from "../shared/core/stored-answer.ts";
import { millis } from "../shared/core/units.ts";
import type { ByteSource } from "../shared/ports/body.ts";
import type { Cancel } from "../shared/ports/clock.ts";
import type { FlightControls } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { Exchange, Made } from "./make-answer.ts";
import type { Told } from "./markers.ts";
import { type Right, withoutLease } from "./right.ts";
import { type Room, roomFor } from "./room.ts";
import { type Collected, collectWhileStreaming, type Lane, readWhole } from "./share-body.ts";
import { speaksForAll, tell } from "./tell.ts";
import { keyFor } from "./variant.ts";

interface Bringing {
  /** As it comes in, for whoever asked for it. */
  readonly client: ByteSource;
  /** Without its lease, where others could do nothing with what comes. */
  readonly begun: Exchange;
  readonly ended: Promise<{ readonly result: Collected; readonly exchange: Exchange }>;
}

/** Until all of the flight has been stored, or will not be. */
function roomInFlight(edge: Edge, { job }: Pick<Exchange, "job">, { landed }: FlightControls): Room {
  const room = roomFor(edge, job.route);
  void landed.then(() => room.giveBack());
  return room;
}

/**
 * Where it takes too long, those who wait here go for themselves, and so does everybody at other edges, where the next one
 * would bring no more than this one; what comes then is for this data centre alone, since the lease, which is the right
 * to fill, has gone back. Where it has stopped coming the next one may well do better: then they begin anew, one request
 * an isolate and all at once, but not after the second in a row. Null where there is no room for it: nothing has been read.
 */
export function bringShared(
  edge: Edge,
  exchange: Exchange,
  { made, source, controls }: { made: Made; source: ByteSource; controls: FlightControls },
): Bringing | null {
  const room = roomInFlight(edge, exchange, controls);
  if (!room.holds(source.length ?? 0)) return null;
  const { rules } = exchange.job.route;
  const isPast = isPastOnArrival(made.answer, rules);
  let now = exchange;
  const freeOthers = (told: Told | null, right: Right = withoutLease(exchange.right)): void => {
    if (now !== exchange) return;
    now = { ...exchange, right };
    exchange.job.request.background.keep(tell(edge, exchange, told));
  };
  const letGo = (): void => {
    controls.settle({ kind: "unshared" });
    freeOthers("uncacheable");
  };
  const { client, collected, octets } = collectWhileStreaming(source, LIMITS.sharedBody, room.holds);
  const giveUp = (): void => {
    controls.settle({ kind: "stalled" });
    // What others bring meanwhile is newer: if this comes after all, it is for its own client.
    freeOthers("failing", { ...exchange.right, keeping: { kind: "nowhere" } });
  };
  const maySucceed = (): boolean => speaksForAll(exchange) && !isSecondInARow(edge, exchange);
  if (isPast) {
    // Who came before it was asked for may have it. To whoever comes now, and to other edges, it is of no use; but if it
    // has a life, another cache on its way has let that pass, and the next one need not be late.
    controls.close();
    freeOthers(hasLife(made.answer, rules) ? null : "validated");
  }
  const half = millis(LIMITS.bodyPatience / 2);
  let cancel: Cancel = () => {};
  // It goes on for as long as somebody listens.
  if (isEventStream(made.answer.headers)) letGo();
  else if (isPast) cancel = edge.timers.after(LIMITS.shortPatience, letGo);
  else
    cancel = edge.timers.after(half, () => {
      const before = octets();
      cancel = edge.timers.after(half, () => (octets() === before && maySucceed() ? giveUp() : letGo()));
    });
  const ended = collected.then((result) => {
    cancel();
    if (result.kind !== "whole") room.giveBack();
    return { result, exchange: now };
  });
  return { client, begun: now, ended };
}

/**
 * A large body comes into the data centre as fast as its client takes it, and the origin brings it. Those who wait for one
 * that will soon be here go on waiting; else they begin anew, all of them together, as the next one's client may be faster;
 * and after the second in a row each goes for himself.
 */
export function letWaitFor(
  edge: Edge,
  exchange: Exchange,
  { length, lane, controls }: { length: number; lane: Lane; controls: FlightControls },
): Cancel {
  const giveUp = (): void =>
    controls.settle({ kind: isSecondInARow(edge, exchange) ? "unshared" : "stalled" });
  const isSoonHere = (): boolean => lane.octets * LIMITS.bodyPatience >= length * LIMITS.shortPatience;
  let cancel = edge.timers.after(LIMITS.shortPatience, () => {
    if (isSoonHere()) cancel = edge.timers.after(millis(LIMITS.bodyPatience - LIMITS.shortPatience), giveUp);
    else giveUp();
  });
  return () => cancel();
}

/** Whether one had stopped before it, and none has come whole since. */
function isSecondInARow(edge: Edge, exchange: Exchange): boolean {
  const key = keyFor(edge, exchange.job);
  const isSecond = edge.memory.hasStopped(key, exchange.sentAt);
  edge.memory.noteStopped(key, edge.clock.now());
  return isSecond;
}

function hasLife(answer: StoredAnswer, rules: Rules): boolean {
  const { fresh, staleWhileRevalidate } = currentLifetime(answer, rules);
  return fresh + staleWhileRevalidate > 0;
}

/** A small body that nobody is sent as it comes: null where it is not soon here, or not whole, or there is no room for it. */
export async function bringSoon(
  edge: Edge,
  exchange: Exchange,
  { source, controls }: { readonly source: ByteSource; readonly controls: FlightControls },
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!roomInFlight(edge, exchange, controls).holds(source.length ?? LIMITS.sharedBody)) return null;
  const late = Promise.withResolvers<null>();
  const cancel = edge.timers.after(LIMITS.shortPatience, () => late.resolve(null));
  const bytes = await Promise.race([readWhole(source, LIMITS.sharedBody), late.promise]);
  cancel();
  return bytes;
}
