// What a million requests cost, by where they are answered and how many an isolate gets: no simulation, arithmetic.

import { type BothWays, bothWays, commandsOf, usdOf } from "./counting.ts";
import { PRICES } from "./prices.ts";

/** CPU of a request in workerd, milliseconds: `npm run bench -- --only hit`, and with one and three calls outwards. */
const CPU_MS = { memory: 0.15, l2: 0.7, miss: 1.6 } as const;
const MILLION = 1e6;

export interface PerMillion {
  readonly name: string;
  /** Shares of requests; the rest are misses. */
  readonly memory: number;
  readonly l2: number;
  readonly commands: BothWays;
  readonly redisUsd: BothWays;
  readonly workersUsd: number;
}

const MIXES = [
  { name: "warm, hot", memory: 0.97, l2: 0.02 },
  { name: "mixed", memory: 0.8, l2: 0.15 },
  { name: "long tail", memory: 0.4, l2: 0.4 },
] as const;

export const perMillion = (): PerMillion[] =>
  MIXES.map(({ name, memory, l2 }) => {
    const miss = 1 - memory - l2;
    const commands = bothWays(
      commandsOf({ memory: MILLION * memory, l2: MILLION * l2, miss: MILLION * miss }),
    );
    const cpuMs = MILLION * (memory * CPU_MS.memory + l2 * CPU_MS.l2 + miss * CPU_MS.miss);
    const { usdPerRequest, usdPerCpuMs } = PRICES.workers;
    return {
      ...{ name, memory, l2, commands },
      redisUsd: usdOf(commands),
      workersUsd: MILLION * usdPerRequest + cpuMs * usdPerCpuMs,
    };
  });

export interface PullsPerMillion {
  /** Requests a second of one isolate. */
  readonly perIsolate: number;
  readonly windowMs: number;
  readonly commands: BothWays;
  readonly redisUsd: BothWays;
}

/** Each isolate for itself: after a pull nobody asks for half a window, and then the next request does. */
export const pullsPerMillion = (): PullsPerMillion[] =>
  [0.1, 1, 10].flatMap((perIsolate) =>
    [1000, 5000, 30_000].map((windowMs) => {
      const commands = bothWays(commandsOf({ pull: MILLION / (1 + (perIsolate * windowMs) / 2000) }));
      return { perIsolate, windowMs, commands, redisUsd: usdOf(commands) };
    }),
  );
