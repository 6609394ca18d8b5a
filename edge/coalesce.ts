// Coalescing in the isolate: one flight a key, shared as plain data, and checked by everybody who is handed it.

import type { HeaderList } from "../shared/core/headers.ts";
import { invalidatedAfter, type LogView, type Modes } from "../shared/core/log-view.ts";
import type { Step } from "../shared/core/next-step.ts";
import type { Position } from "../shared/core/position.ts";
import type { RefusalReason } from "../shared/core/storability.ts";
import type { HeldAnswer } from "../shared/core/stored-answer.ts";
import type { Instant, Millis, Selector } from "../shared/core/units.ts";
import type { Priority } from "../shared/core/waiting-line.ts";
import type { Body, PlainBody } from "../shared/ports/body.ts";
import type { Timers } from "../shared/ports/clock.ts";
import type { Unreachable } from "../shared/ports/origin.ts";
import { waitAtMost } from "../shared/ports/wait.ts";
import type { ByView } from "./audit/sampler.ts";
import type { TierName } from "./counters.ts";
import type { Shed } from "./origin/shed.ts";

/**
 * A stored answer that is not good enough, unless the origin has failed. It is handed to other requests: no stream is in
 * it, and a large body is opened by whoever sends it.
 */
export interface StaleCopy {
  readonly held: HeldAnswer;
  readonly body: PlainBody;
  readonly tier: TierName;
}

interface Brought {
  readonly held: HeldAnswer;
  readonly from: "origin" | "l2" | "l1Cache";
  /** What was decided for the leader's request, possibly by asking the log for more than the view knows. */
  readonly forLeader: Step;
  /** Who decided it; null where the origin has just said so. */
  readonly by: ByView | null;
  readonly receivedAt: Instant;
}

/** What a flight brings to those who wait for it: no stream, no runtime's object, nothing bound to one request. */
export type FlightOutcome =
  | ({
      readonly kind: "answer";
      readonly body: Uint8Array<ArrayBuffer>;
    } & Brought)
  /** Its body stands in the data centre, or comes there: whoever sends it opens it himself. */
  | ({ readonly kind: "large" } & Brought)
  /** Not to be shared: everybody goes alone, at once. */
  | { readonly kind: "unshared" }
  /** What was coming comes no more: whoever waited for it begins anew, all of them together. */
  | { readonly kind: "stalled" }
  /**
   * A range was asked for, and is cut from the whole: that is held, but stale, and is freshened under its lease, for all
   * ranges at once; or another flight brings it.
   */
  | { readonly kind: "cut-from-whole" }
  /**
   * The origin answered with an error that is not stored. Those who waited have what is held stand in for it; else they
   * learn that it has failed and for how long, and not what it said, where it `tells` of them too.
   */
  | {
      readonly kind: "error";
      readonly status: number;
      /** The pause that it asks for. */
      readonly retryAfter: Millis | null;
      readonly tells: boolean;
      readonly fallback: StaleCopy | null;
    }
  | {
      readonly kind: "failed";
      readonly reason: Unreachable;
      readonly fallback: StaleCopy | null;
    }
  /** Turned away before it reached the origin. */
  | (Shed & { readonly priority: Priority; readonly fallback: StaleCopy | null })
  | { readonly kind: "refused" };

/** What the one who started the flight gets, possibly long before the others: its answer as it streams in. */
export type LeaderReply =
  | { readonly kind: "outcome"; readonly outcome: FlightOutcome }
  | {
      readonly kind: "stream";
      readonly status: number;
      readonly headers: HeaderList;
      readonly body: Body;
      /** Where it is being stored: for all, in this data centre alone, or nowhere. */
      readonly stored: "everywhere" | "near" | "nowhere";
      /** Why it is stored nowhere; null where that is not the answer's doing. */
      readonly refused: RefusalReason | null;
      /** What was found in L2 and is not good enough, unless the origin has failed. */
      readonly fallback: StaleCopy | null;
    };

/** What whoever asked the origin itself may do with what it said. */
export const FRESH: Step = { kind: "serve", mark: "fresh" };

export interface Flight {
  /** Noted before the origin was asked; null while cold. */
  readonly asOf: Position | null;
  readonly startedAt: Instant;
  readonly outcome: Promise<FlightOutcome>;
  readonly leader: Promise<LeaderReply>;
  /** When all that it brings has been stored, or will not be. */
  readonly landed: Promise<void>;
  /** What would have become of what was found on the way to the origin, and is not good enough; null where nothing was. */
  found: Step | null;
  /** Set once the outcome is known: from then on joining is hitting. */
  settled: FlightOutcome | null;
  /** Whether somebody waits for it to land, to have renewed what it brings. */
  renews: boolean;
}

export interface FlightControls {
  /** What L2 held, or what was near. */
  find(step: Step): void;
  /** The leader's own answer; the first call counts. */
  deliver(reply: LeaderReply): void;
  /** Everybody's answer; the first call counts. */
  settle(outcome: FlightOutcome): void;
  /** What comes is for those who are there already. */
  close(): void;
  /**
   * A range was asked for, and the whole comes: whoever asks for any of it finds it by this flight. False where another one
   * brings it.
   */
  bringsWhole(): boolean;
  /** When all that it brings has been stored, or will not be. */
  readonly landed: Promise<void>;
}

/** Starts a flight; `work` never rejects, and ends when everything has been stored. */
export function startFlight(
  began: Pick<Flight, "asOf" | "startedAt"> & Pick<FlightControls, "close" | "bringsWhole">,
  work: (controls: FlightControls) => Promise<void>,
): { flight: Flight; done: Promise<void> } {
  const leader = Promise.withResolvers<LeaderReply>();
  const outcome = Promise.withResolvers<FlightOutcome>();
  const landed = Promise.withResolvers<void>();
  const flight: Flight = {
    asOf: began.asOf,
    startedAt: began.startedAt,
    outcome: outcome.promise,
    leader: leader.promise,
    landed: landed.promise,
    found: null,
    settled: null,
    renews: false,
  };
  let delivered = false;
  // To resolve a promise once more does nothing, and costs a word with the runtime.
  const deliver = (reply: LeaderReply): void => {
    if (!delivered) leader.resolve(reply);
    delivered = true;
  };
  const controls: FlightControls = {
    find(step) {
      flight.found = step;
    },
    close: began.close,
    bringsWhole: began.bringsWhole,
    landed: landed.promise,
    deliver,
    settle(result) {
      if (flight.settled === null) outcome.resolve(result);
      flight.settled ??= result;
      // "Unshared" is said to followers before the leader has its own answer.
      if (result.kind !== "unshared") deliver({ kind: "outcome", outcome: result });
    },
  };
  const done = work(controls).finally(() => {
    controls.settle({ kind: "unshared" });
    deliver({ kind: "outcome", outcome: flight.settled ?? { kind: "unshared" } });
    // Whoever has waited for that begins anew, and must not find this one.
    began.close();
    landed.resolve();
  });
  return { flight, done };
}

/**
 * A flight that began before a hard invalidation known of its key can only bring what nobody may have who comes now. After
 * a soft one clients join it: were the next one begun beside it, purges that come faster than the origin answers would have
 * it asked for each of them.
 */
export function mayJoin(
  flight: Pick<Flight, "asOf">,
  view: LogView | null,
  { selectors, modes }: { readonly selectors: readonly Selector[]; readonly modes: Modes },
): boolean {
  if (view === null) return true;
  if (flight.asOf === null || flight.asOf.epoch !== view.epoch) return false;
  return !invalidatedAfter(view, flight.asOf, selectors, modes);
}

/** Waits for a flight, but not for ever: its leader's request may be gone. */
export async function joinFlight(flight: Flight, guard: Millis, timers: Timers): Promise<FlightOutcome> {
  const { over, wake } = waitAtMost(guard, timers);
  void flight.outcome.then(wake);
  await over;
  return flight.settled ?? { kind: "unshared" };
}
