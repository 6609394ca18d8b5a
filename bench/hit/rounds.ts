// Rounds of load on several targets in turn, and what a target's rounds say: rate, latency and CPU a request.

import { groupCpuSeconds } from "../cpu.ts";
import { load, median, quantile } from "../http-load.ts";

export interface Side {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number | null;
}

export interface Target {
  readonly port: number;
  /** Leads the process group whose CPU time is the target's. */
  readonly pid: number;
  readonly rounds: Round[];
}

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicros: number | null;
}

/** All connections ask for the same, or each for its own: then nobody is answered with what another fetched. */
export type Asking = "the same" | "its own";

export const pathOf = (asking: Asking, connection: number): string =>
  asking === "the same" ? "/" : `/${connection}`;

export interface Rounds {
  readonly rounds: number;
  readonly roundMs: number;
  /** Load on each before the first round, until what is asked for often is compiled as it stays. */
  readonly warmMs: number;
}

export interface Ratios {
  /** Requests a second of the first over those of the second, medians. */
  readonly rateRatio: number;
  /** CPU a request of the second over that of the first, medians: above 1 the first is the cheaper. */
  readonly cpuRatio: number | null;
}

export const CONNECTIONS = 16;

export async function alternate(
  targets: readonly Target[],
  { rounds, roundMs, warmMs }: Rounds,
  asking: Asking = "the same",
): Promise<void> {
  const path = (connection: number): string => pathOf(asking, connection);
  const options = { path, connections: CONNECTIONS, durationMs: roundMs };
  for (const { port } of targets) await load({ ...options, port, durationMs: warmMs });
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes every round, so that nobody always runs on the warmer machine.
    const first = round % targets.length;
    for (const target of [...targets.slice(first), ...targets.slice(0, first)])
      target.rounds.push(await oneRound(target, options));
  }
}

async function oneRound(
  { port, pid }: Target,
  options: Omit<Parameters<typeof load>[0], "port">,
): Promise<Round> {
  const before = groupCpuSeconds(pid);
  const result = await load({ ...options, port });
  const after = groupCpuSeconds(pid);
  return {
    perSecond: result.requests / result.seconds,
    p50: quantile(result.latencies, 0.5),
    p99: quantile(result.latencies, 0.99),
    cpuMicros: before === null || after === null ? null : ((after - before) / result.requests) * 1e6,
  };
}

export function side(rounds: readonly Round[]): Side {
  const cpu = rounds.map((round) => round.cpuMicros).filter((value) => value !== null);
  return {
    perSecond: median(rounds.map((round) => round.perSecond)),
    p50Ms: median(rounds.map((round) => round.p50)),
    p99Ms: median(rounds.map((round) => round.p99)),
    cpuMicros: cpu.length === 0 ? null : median(cpu),
  };
}

export const ratiosOf = (ours: Side, theirs: Side): Ratios => ({
  rateRatio: ours.perSecond / theirs.perSecond,
  cpuRatio: ours.cpuMicros === null || theirs.cpuMicros === null ? null : theirs.cpuMicros / ours.cpuMicros,
});
