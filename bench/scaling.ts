// What it takes at internet scale: data centres simulated by the edge's own rules, priced, and held against real counts.

import { millis, minutes } from "../shared/core/units.ts";
import { type Idle, measureIdle } from "./commands/idle.ts";
import { type BothWays, bothWays, commandsOf, each } from "./scaling/counting.ts";
import { simulateDataCentre } from "./scaling/data-centre.ts";
import { type Fleet, type FleetResult, simulateFleet } from "./scaling/fleet.ts";
import { runKeepers } from "./scaling/keepers.ts";
import { type PerMillion, type PullsPerMillion, perMillion, pullsPerMillion } from "./scaling/per-million.ts";
import { fixedUsdPerDay, PRICES, usdPerDay } from "./scaling/prices.ts";
import { type Verified, verify } from "./scaling/verify.ts";

export interface Scenario extends FleetResult {
  readonly name: string;
  readonly requestsPerDay: number;
  readonly windowMs: number;
  readonly shares: boolean;
  readonly commandsPerSecond: BothWays;
  /** As it goes, and by the least fixed plan that takes it. */
  readonly usdPerDay: BothWays;
  readonly fixedUsdPerDay: { readonly asOne: number | null; readonly withCalls: number | null };
}

export interface Keeping {
  readonly isolates: number;
  readonly requestsPerSecond: number;
  readonly shares: boolean;
  /** Pulls of the edge's own view keepers under virtual time, and of the simulation. */
  readonly kept: number;
  readonly simulated: number;
}

export interface ScalingResult {
  readonly name: "scaling";
  /** Octets of a pull there and back, as counted below and with HTTP's own. */
  readonly bytesPerPull: number;
  readonly scenarios: readonly Scenario[];
  readonly relays: readonly Relays[];
  readonly perMillion: readonly PerMillion[];
  readonly pullsPerMillion: readonly PullsPerMillion[];
  readonly prices: typeof PRICES;
  readonly keepers: readonly Keeping[];
  readonly verified: Verified;
  readonly idle: readonly Idle[];
}

/** Isolates of a region ask a Durable Object, which pulls for all of them. */
export interface Relays {
  readonly name: string;
  readonly windowMs: number;
  readonly regions: number;
  readonly commandsPerSecond: BothWays;
  readonly askedPerSecond: number;
  /** Of Redis, and of the objects. */
  readonly usdPerDay: BothWays;
  readonly objectsUsdPerDay: number;
}

const DATA_CENTRES = 300;
const WINDOWS_MS = [1000, 5000, 30_000, 600_000];
/** The window in which scenarios are compared: that of `hot`. */
const HOT_MS = 5000;
/** HTTP's and TLS' own of a request and its answer, and an answer without entries. */
const AROUND_A_PULL = 1200;

const FLEET = {
  dataCentres: DATA_CENTRES,
  zipf: 0.9,
  perIsolate: 5,
  leastIsolates: 20,
  swing: 0.6,
  isolateLife: minutes(20),
} as const;

interface Traffic {
  readonly name: string;
  readonly fleet: Omit<Fleet, "window" | "shares">;
  readonly windowsMs: readonly number[];
}

const TRAFFIC: readonly Traffic[] = [
  {
    // The simplest case, to be reckoned by hand: 6000 / (Δ/2 + 10 s) pulls a second while nobody waits.
    name: "even",
    fleet: {
      ...FLEET,
      requestsPerDay: 600 * 86_400,
      zipf: 0,
      perIsolate: 0.1,
      swing: 0,
      isolateLife: minutes(600),
    },
    windowsMs: [HOT_MS],
  },
  { name: "10^6", fleet: { ...FLEET, requestsPerDay: 1e6 }, windowsMs: [HOT_MS] },
  { name: "10^8", fleet: { ...FLEET, requestsPerDay: 1e8 }, windowsMs: WINDOWS_MS },
  { name: "10^10", fleet: { ...FLEET, requestsPerDay: 1e10, perIsolate: 10 }, windowsMs: WINDOWS_MS },
];

export async function benchScaling(quick: boolean): Promise<ScalingResult> {
  const verified = await verify(quick ? 12 : 40);
  const bytesPerPull = verified.bytesIn + AROUND_A_PULL;
  const effort = { events: quick ? 4000 : 30_000, longest: minutes(60) };
  const scenarios: Scenario[] = [];
  for (const { name, fleet, windowsMs } of TRAFFIC)
    for (const windowMs of windowsMs)
      for (const shares of [false, true]) {
        const result = simulateFleet({ ...fleet, window: millis(windowMs), shares }, effort, name);
        const { requestsPerDay } = fleet;
        scenarios.push({
          ...{ name, requestsPerDay, windowMs, shares },
          ...result,
          ...priced({ pull: result.pullsPerSecond, snapshot: result.snapshotsPerSecond }, bytesPerPull),
        });
      }
  const relays = TRAFFIC.map((traffic) => relaysOf(traffic, { effort, bytesPerPull }));
  return {
    ...{ name: "scaling", bytesPerPull, scenarios, relays, verified },
    ...{ perMillion: perMillion(), pullsPerMillion: pullsPerMillion(), prices: PRICES },
    keepers: await keepers(quick),
    idle: await idle(quick),
  };
}

/** Listed edges of a system without traffic, and answers in L2 that its beat looks after. */
const IDLE = [
  { edges: 0, answers: 0 },
  { edges: 1, answers: 0 },
  { edges: 3, answers: 0 },
  { edges: 3, answers: 2000 },
  { edges: 16, answers: 0 },
] as const;

/** Two laps over answers, and their rests, where there are any. */
function secondsOf(answers: number, quick: boolean): number {
  if (quick) return 10;
  return answers === 0 ? 40 : 150;
}

async function idle(quick: boolean): Promise<Idle[]> {
  const found: Idle[] = [];
  for (const of of quick ? IDLE.slice(1, 2) : IDLE)
    found.push(await measureIdle({ ...of, seconds: secondsOf(of.answers, quick) }));
  return found;
}

function priced(
  asked: { readonly pull: number; readonly snapshot: number },
  bytesPerPull: number,
): Pick<Scenario, "commandsPerSecond" | "usdPerDay" | "fixedUsdPerDay"> {
  const commandsPerSecond = bothWays(commandsOf(asked));
  const bytesPerSecond = commandsPerSecond.asOne * bytesPerPull;
  const load = (commands: number) => ({ commandsPerSecond: commands, bytesPerSecond });
  return {
    commandsPerSecond,
    usdPerDay: each(commandsPerSecond, (commands) => usdPerDay(load(commands))),
    fixedUsdPerDay: each(commandsPerSecond, (commands) => fixedUsdPerDay(load(commands))),
  };
}

const REGIONS = 9;

/** The object's knowledge may be a quarter of the window old; to its askers that leaves the rest of it. */
function relaysOf(
  { name, fleet }: Traffic,
  by: { readonly effort: Parameters<typeof simulateFleet>[1]; readonly bytesPerPull: number },
): Relays {
  const window = millis(HOT_MS * 0.75);
  const { pullsPerSecond, snapshotsPerSecond } = simulateFleet(
    { ...fleet, window, shares: true },
    by.effort,
    `${name} relays`,
  );
  const askedPerSecond = pullsPerSecond + snapshotsPerSecond;
  const pull = Math.min(REGIONS / ((HOT_MS / 1000) * 0.25), askedPerSecond);
  const { commandsPerSecond, usdPerDay } = priced({ pull, snapshot: 0 }, by.bytesPerPull);
  const { usdPerRequest, usdPerGbSecond, gb } = PRICES.durableObjects;
  return {
    ...{ name, windowMs: HOT_MS, regions: REGIONS, commandsPerSecond, askedPerSecond, usdPerDay },
    objectsUsdPerDay: 86_400 * (askedPerSecond * usdPerRequest + REGIONS * gb * usdPerGbSecond),
  };
}

async function keepers(quick: boolean): Promise<Keeping[]> {
  const found: Keeping[] = [];
  for (const [isolates, rate] of [
    [20, 2],
    [100, 100],
  ] as const)
    for (const shares of [false, true]) {
      const of = {
        ...{ isolates, rate, shares, window: millis(HOT_MS), roundTrip: 60, look: 4, visibleAfter: 15 },
        ...{ duration: quick ? 120_000 : 600_000, warmUp: 60_000, purgeEvery: 1700, seed: "keepers" },
      };
      const { pulls: kept, tooLate } = await runKeepers(of);
      if (tooLate > 0) throw new Error(`${tooLate} requests were answered by a view beyond its window`);
      const { pulls: simulated } = simulateDataCentre({ ...of, life: Number.POSITIVE_INFINITY });
      found.push({ isolates, requestsPerSecond: rate, shares, kept, simulated });
    }
  return found;
}
