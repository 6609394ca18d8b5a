// Which change of a policy an answer shows: each takes a step from the life of what is stored, and hits say what is left of it.

import type { Exchange } from "./outside/exchange.ts";

/** Longer than any run: an answer's age can't be taken for a step. */
export const STEP_SECONDS = 1000;

/** One change, by the client's clock. */
export interface Change {
  /** 1 first. */
  readonly number: number;
  readonly sentAt: number;
  readonly acknowledgedAt: number;
  /** Edges that its answer named. */
  readonly applied: number;
}

/** An answer by the change of that number, or 0 before any. */
export interface ShownAnswer {
  readonly change: number;
  readonly endedAt: number;
}

export interface Answers {
  /** In the order in which they ended. */
  readonly byEdge: ReadonlyMap<number, readonly ShownAnswer[]>;
  readonly wentBack: number;
  readonly failed: number;
}

/** Null where it is no hit. */
export function changeShown({ outcome }: Exchange, firstLife: number): number | null {
  if (outcome.kind !== "answered" || outcome.status !== 200) return null;
  const left = /^tidegate-l1; hit; ttl=(\d+)/.exec(outcome.cacheStatus)?.[1];
  return left === undefined ? null : Math.floor((firstLife - Number(left)) / STEP_SECONDS);
}

export function answersBy(
  exchanges: readonly Exchange[],
  shown: (exchange: Exchange) => number | null,
): Answers {
  const byEdge = new Map<number, ShownAnswer[]>();
  let [wentBack, failed] = [0, 0];
  // Answers to questions that were under way at the same time may come in any order: sent after the other had ended, none may.
  for (const exchange of exchanges.toSorted((a, b) => a.endedAt - b.endedAt)) {
    const change = shown(exchange);
    if (change === null) {
      failed += 1;
      continue;
    }
    const list = byEdge.get(exchange.edge) ?? [];
    if (list.some((other) => other.endedAt < exchange.sentAt && other.change > change)) wentBack += 1;
    list.push({ change, endedAt: exchange.endedAt });
    byEdge.set(exchange.edge, list);
  }
  return { byEdge, wentBack, failed };
}

/** Of each edge that was seen to go by it, or by one after it: how long after it was sent. */
export const reachedMs = ({ number, sentAt }: Change, byEdge: Answers["byEdge"]): number[] =>
  [...byEdge.values()].flatMap((answers) => {
    const first = answers.find(({ change }) => change >= number);
    return first === undefined ? [] : [first.endedAt - sentAt];
  });
