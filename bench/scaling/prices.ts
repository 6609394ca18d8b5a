// What the platforms charge and allow: every figure with its source and the day on which it was read there.

export const PRICES = {
  upstash: {
    source: "https://upstash.com/pricing/redis",
    read: "2026-09-20",
    /** Pay as you go. */
    usdPerCommand: 0.2 / 100_000,
    usdPerGb: 0.03,
    freeGbPerMonth: 200,
    commandsPerSecond: 10_000,
    /** Counts what a script calls beside the script, of its own library for limits of rates; the page of prices says nothing of it. */
    scripts: { source: "https://upstash.com/docs/redis/sdks/ratelimit-ts/costs", read: "2026-11-27" },
    requestBytes: 10_000_000,
    /** Fixed plans: USD a month, GB of traffic a month; commands are not counted, but for the limit a second. */
    fixed: [
      { usd: 10, gb: 50 },
      { usd: 20, gb: 100 },
      { usd: 100, gb: 500 },
      { usd: 200, gb: 1000 },
      { usd: 400, gb: 5000 },
      { usd: 800, gb: 10_000 },
      { usd: 1500, gb: 20_000 },
    ],
  },
  workers: {
    source: "https://developers.cloudflare.com/workers/platform/pricing/",
    read: "2026-08-03",
    usdPerRequest: 0.3 / 1_000_000,
    usdPerCpuMs: 0.02 / 1_000_000,
    /** Of one request on the paid plan; operations of the Cache API are subrequests, and cost nothing else. */
    subrequests: 10_000,
  },
  durableObjects: {
    source: "https://developers.cloudflare.com/durable-objects/platform/pricing/",
    read: "2026-08-14",
    usdPerRequest: 0.15 / 1_000_000,
    usdPerGbSecond: 12.5 / 1_000_000,
    gb: 0.128,
  },
} as const;

const DAY_S = 86_400;
const DAYS_OF_A_MONTH = 30;
const GB = 1e9;

export interface Load {
  readonly commandsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** USD a day of one database, as it goes. */
export function usdPerDay({ commandsPerSecond, bytesPerSecond }: Load): number {
  const { usdPerCommand, usdPerGb, freeGbPerMonth } = PRICES.upstash;
  const gb = (bytesPerSecond * DAY_S) / GB;
  return (
    commandsPerSecond * DAY_S * usdPerCommand + Math.max(0, gb - freeGbPerMonth / DAYS_OF_A_MONTH) * usdPerGb
  );
}

/** The least fixed plan that takes it, USD a day; null where none does. */
export function fixedUsdPerDay({ commandsPerSecond, bytesPerSecond }: Load): number | null {
  if (commandsPerSecond > PRICES.upstash.commandsPerSecond) return null;
  const gb = (bytesPerSecond * DAY_S * DAYS_OF_A_MONTH) / GB;
  const plan = PRICES.upstash.fixed.find((one) => one.gb >= gb);
  return plan === undefined ? null : plan.usd / DAYS_OF_A_MONTH;
}
