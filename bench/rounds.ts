// Sides in turns, round by round, and what one of them took: load on one port, and the CPU of those who answered it.

import { type LoadResult, load, median, quantile } from "./http-load.ts";
import { cpuSeconds, type Peer } from "./peers/peer.ts";

/** Who goes first changes every round, so that none always runs on the warmer machine. */
export async function inTurns<T>(
  sides: readonly T[],
  rounds: number,
  one: (side: T) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const at of sides.keys()) {
      const side = sides[(at + round) % sides.length];
      if (side !== undefined) await one(side);
    }
}

export interface Taken extends LoadResult {
  /** CPU a request, of all that the peer consists of; null where that can't be told. */
  readonly cpuMicros: number | null;
}

export async function taken(peer: Peer, what: Parameters<typeof load>[0]): Promise<Taken> {
  const before = cpuSeconds(peer);
  const result = await load(what);
  const after = cpuSeconds(peer);
  const cpuMicros = before === null || after === null ? null : ((after - before) / result.requests) * 1e6;
  return { ...result, cpuMicros };
}

export const perSecond = ({ requests, seconds }: LoadResult): number => requests / seconds;

export const latency = ({ latencies }: LoadResult, q: number): number => quantile(latencies, q);

/** Null where it could not be told in any round. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : median(told);
}
