// What is measured beside Tidegate: several nodes of one kind, each with a cache of its own, before one origin.

import { groupCpuSeconds } from "../cpu.ts";

export interface Peer {
  readonly name: string;
  readonly ports: readonly number[];
  /** Leaders of the process groups that do its work. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** One that this machine lacks: said once, and never installed. */
export interface Absent {
  readonly name: string;
  readonly why: string;
}

export const isAbsent = (one: Peer | Absent): one is Absent => "why" in one;

/** Of all nodes; null where that can't be told. */
export function cpuSeconds(peer: Peer): number | null {
  const seconds = peer.pids().map(groupCpuSeconds);
  return seconds.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}
