// What a million requests cost, by where they are answered and how many an isolate gets: no simulation, arithmetic.

import { PRICES } from "./prices.ts";

/** Commands of a request, as `npm run bench -- --only commands` counts them: one copy, no budget of the origin. */
const COMMANDS = { memory: 0, l2: 1, miss: 2 } as const;
/** CPU of a request in workerd, milliseconds: `npm run bench -- --only hit`, and with one and three calls outwards. */
const CPU_MS = { memory: 0.15, l2: 0.7, miss: 1.6 } as const;
const MILLION = 1e6;

export interface PerMillion {
  readonly name: string;
  /** Shares of requests; the rest are misses. */
  readonly memory: number;
  readonly l2: number;
  readonly commands: number;
  readonly redisUsd: number;
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
    const commands = MILLION * (memory * COMMANDS.memory + l2 * COMMANDS.l2 + miss * COMMANDS.miss);
    const cpuMs = MILLION * (memory * CPU_MS.memory + l2 * CPU_MS.l2 + miss * CPU_MS.miss);
    const { usdPerRequest, usdPerCpuMs } = PRICES.workers;
    return {
      ...{ name, memory, l2, commands },
      redisUsd: commands * PRICES.upstash.usdPerCommand,
      workersUsd: MILLION * usdPerRequest + cpuMs * usdPerCpuMs,
    };
  });

export interface PullsPerMillion {
  /** Requests a second of one isolate. */
  readonly perIsolate: number;
  readonly windowMs: number;
  readonly commands: number;
  readonly redisUsd: number;
}

/** Each isolate for itself: after a pull nobody asks for half a window, and then the next request does. */
export const pullsPerMillion = (): PullsPerMillion[] =>
  [0.1, 1, 10].flatMap((perIsolate) =>
    [1000, 5000, 30_000].map((windowMs) => {
      const commands = MILLION / (1 + (perIsolate * windowMs) / 2000);
      return { perIsolate, windowMs, commands, redisUsd: commands * PRICES.upstash.usdPerCommand };
    }),
  );
