// What happens to everybody: time goes by, leases run out, a log is lost, a database falls back.

import { LIMITS } from "../../edge/config.ts";
import { comparePositions } from "../../shared/core/position.ts";
import { LOG_INDEX, LOG_KEYS } from "../../shared/mid-tier/keys.ts";
import { doing, type Move } from "./move.ts";
import type { Budget } from "./scenario.ts";
import type { State, World } from "./state.ts";
import { headOf } from "./store-judge.ts";
import { standingAt } from "./truth.ts";

const SECOND = 1000;

export function surroundingMoves(world: World, state: State): Move[] {
  const { left } = state;
  const lossLeft = left.losses > 0;
  const moves = [
    left.ticks > 0 ? tick(world, state) : null,
    left.expiries > 0 ? expiry(world, state) : null,
    lossLeft && left.logLosses > 0 ? logLoss(world, state) : null,
    lossLeft && left.indexLosses > 0 ? indexLoss(world, state) : null,
    lossLeft && left.flushes > 0 ? flush(world, state) : null,
    lossLeft && left.failovers > 0 ? failover(world, state) : null,
  ];
  return moves.filter((move) => move !== null);
}

const spent = (left: Budget, ...what: (keyof Budget)[]): Budget => {
  const rest = { ...left };
  for (const one of what) rest[one] -= 1;
  return rest;
};

function later(world: World, state: State, by: number): State {
  const now = state.now + by;
  return { ...state, now, content: world.database.at(state.content, now) };
}

const tick = (world: World, state: State): Move =>
  doing("a second goes by", { ...later(world, state, SECOND), left: spent(state.left, "ticks") });

/** Markers are leases that nobody holds, and run out with them. */
const LONGEST_HELD = Math.max(LIMITS.leaseDuration, LIMITS.uncacheableFor, LIMITS.failingFor);

/**
 * For when nothing else can happen and somebody still waits, for a holder that is gone: in the end every lease runs out.
 * Null where nothing changes by it, and whoever waits would do so for ever.
 */
export function timeToTheEnd(world: World, state: State): Move | null {
  const after = later(world, state, LONGEST_HELD + 1);
  if (after.content === state.content) return null;
  const truth = { ...state.truth, standing: {} };
  return doing("time goes by until every lease has run out", { ...after, truth });
}

/** Null where nothing stands that could run out. */
function expiry(world: World, state: State): Move | null {
  const { truth, now } = state;
  if (!Object.keys(truth.standing).some((key) => standingAt(truth, key, now) !== null)) return null;
  const left = spent(state.left, "expiries");
  const after = later(world, state, LONGEST_HELD + 1);
  return doing("every lease runs out", { ...after, left, truth: { ...truth, standing: {} } });
}

/** Null where there is no log to lose. */
function logLoss(world: World, state: State): Move | null {
  const { database } = world;
  if (headOf(world, state.content) === null) return null;
  const left = spent(state.left, "logLosses", "losses");
  const ofLog = (key: string): boolean => (LOG_KEYS as readonly string[]).includes(key);
  const content = database.replaced(state.content, database.empty, ofLog);
  return doing("the log is lost", { ...state, left, content });
}

function indexLoss(world: World, state: State): Move {
  const { database } = world;
  const left = spent(state.left, "indexLosses", "losses");
  const content = database.replaced(state.content, database.empty, (key) => key === LOG_INDEX);
  return doing("the index is lost", { ...state, left, content });
}

function flush(world: World, state: State): Move {
  const left = spent(state.left, "flushes", "losses");
  const purges = state.truth.purges.map((purge) => ({ ...purge, forgotten: true }));
  const truth = { ...state.truth, standing: {}, purges };
  return doing("everything is flushed", { ...state, left, truth, content: world.database.empty });
}

/** Null where nothing would be lost by it. */
function failover(world: World, state: State): Move | null {
  const { database, beginning } = world;
  const [head, then] = [headOf(world, state.content), headOf(world, beginning)];
  if (head === null || then === null || comparePositions(head, then) <= 0) return null;
  const left = spent(state.left, "failovers", "losses");
  const content = database.replaced(state.content, beginning, (key) => !/^tg:[alv]:/.test(key));
  const purges = state.truth.purges.map((purge) => ({ ...purge, forgotten: true }));
  const truth = { ...state.truth, purges, fellBackIn: then.epoch };
  return doing("the log falls back to its beginning", { ...state, left, truth, content });
}
