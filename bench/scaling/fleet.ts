// All data centres: how traffic falls on them, which of them are simulated for the rest, and what they come to.

import { type Millis, millis } from "../../shared/core/units.ts";
import { Chance } from "./chance.ts";
import { type Counted, LATENESS_STEPS, simulateDataCentre } from "./data-centre.ts";

export interface Fleet {
  readonly dataCentres: number;
  readonly requestsPerDay: number;
  /** Traffic of the data centre of rank r is in proportion to 1 / r^zipf. */
  readonly zipf: number;
  /** An isolate gets so many requests a second, unless a data centre has fewer than the least of them. */
  readonly perIsolate: number;
  readonly leastIsolates: number;
  /** By how much of the day's average traffic swings, over the day, in each data centre at its own hour. */
  readonly swing: number;
  readonly isolateLife: Millis;
  readonly window: Millis;
  readonly shares: boolean;
}

export interface FleetResult {
  readonly isolates: number;
  readonly pullsPerSecond: number;
  readonly snapshotsPerSecond: number;
  /** Of both together, by the spread of data centres that stand for others and of parts of the time; 95 %. */
  readonly errorShare: number;
  readonly looksPerSecond: number;
  readonly waitedForLogShare: number;
  readonly waitedForLookShare: number;
  readonly addedMsPerRequest: number;
  /** Milliseconds after a purge until an isolate answers by it, or not at all. */
  readonly lateness: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Where the mid-tier stands far: nearly all data centres are on other continents. */
const ROUND_TRIP = { least: 8, most: 260 };
const LOOK_MS = 4;
const VISIBLE_MS = 15;
/** Ranks that stand for themselves; beyond them a few of each doubling. */
const ALONE = 4;
const EACH_DOUBLING = 3;
/** The time that is counted is cut into so many parts: their spread is the error of one data centre. */
const PARTS = 4;

interface Effort {
  /** Requests that may ask for anything, about: more virtual time where there are few. */
  readonly events: number;
  readonly longest: Millis;
}

export function simulateFleet(fleet: Fleet, effort: Effort, seed: string): FleetResult {
  const rates = ratesOf(fleet);
  const sums = { ...ZERO, variance: 0 };
  const lateness = new Array<number>(LATENESS_STEPS + 1).fill(0);
  let requests = 0;
  for (const { ranks, chosen } of strata(fleet.dataCentres)) {
    const weight = ranks / chosen.length;
    const commands: number[] = [];
    for (const rank of chosen) {
      const rate = rates[rank] ?? 0;
      const parts = partsOf(fleet, { rank, rate }, effort, seed);
      const one = averageOf(parts.map(({ counted, duration }) => perSecond(counted, duration)));
      for (const name of NAMES) sums[name] += weight * one[name];
      sums.isolates += weight * isolatesOf(fleet, rate);
      requests += weight * rate;
      commands.push(one.pulls + one.snapshots);
      const each = parts.map(({ counted, duration }) => {
        const { pulls, snapshots } = perSecond(counted, duration);
        return pulls + snapshots;
      });
      sums.variance += weight ** 2 * (spread(each) / PARTS);
      // As often as they come in a second: where less is asked for, more time is simulated.
      for (const { counted, duration } of parts)
        counted.lateness.forEach((count, step) => {
          lateness[step] = (lateness[step] ?? 0) + (weight * count) / duration;
        });
    }
    if (ranks > chosen.length) sums.variance += ranks ** 2 * (spread(commands) / chosen.length);
  }
  return resultOf(sums, { requests, lateness, window: fleet.window });
}

const NAMES = ["pulls", "snapshots", "looks", "waitedForLog", "waitedForLook", "waitedMs"] as const;
type PerSecond = Record<(typeof NAMES)[number], number>;
const ZERO = {
  pulls: 0,
  snapshots: 0,
  looks: 0,
  waitedForLog: 0,
  waitedForLook: 0,
  waitedMs: 0,
  isolates: 0,
};

function resultOf(
  sums: typeof ZERO & { readonly variance: number },
  { requests, lateness, window }: { requests: number; lateness: readonly number[]; window: Millis },
): FleetResult {
  const commands = sums.pulls + sums.snapshots;
  const at = (share: number): number => (quantile(lateness, share) * window) / LATENESS_STEPS;
  return {
    isolates: Math.round(sums.isolates),
    pullsPerSecond: sums.pulls,
    snapshotsPerSecond: sums.snapshots,
    errorShare: (1.96 * Math.sqrt(sums.variance)) / commands,
    looksPerSecond: sums.looks,
    waitedForLogShare: Math.min(1, sums.waitedForLog / requests),
    waitedForLookShare: Math.min(1, sums.waitedForLook / requests),
    addedMsPerRequest: sums.waitedMs / requests,
    lateness: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

function partsOf(
  fleet: Fleet,
  { rank, rate }: { rank: number; rate: number },
  effort: Effort,
  seed: string,
): { readonly counted: Counted; readonly duration: number }[] {
  const isolates = isolatesOf(fleet, rate);
  const { window, shares } = fleet;
  // An isolate asks for something twice a window at most, and looks about as often as it may.
  const busiest = Math.min(rate, (isolates * (shares ? 6 : 4)) / (window / 1000));
  const duration = Math.min(effort.longest, Math.max(8 * window, (effort.events / busiest) * 1000)) / PARTS;
  const far = new Chance(`far ${rank}`).unit();
  return Array.from({ length: PARTS }, (_, part) => {
    // Each at another hour of the day.
    const hour = ((rank * 0.618 + part / PARTS) % 1) * 2 * Math.PI;
    const counted = simulateDataCentre({
      ...{ isolates, window, shares, duration, look: LOOK_MS, visibleAfter: VISIBLE_MS },
      rate: rate * (1 + fleet.swing * Math.sin(hour)),
      roundTrip: ROUND_TRIP.least + far ** 2 * (ROUND_TRIP.most - ROUND_TRIP.least),
      life: fleet.isolateLife,
      seed: `${seed} ${rank} ${part}`,
    });
    return { counted, duration: millis(duration) };
  });
}

const isolatesOf = ({ leastIsolates, perIsolate }: Fleet, rate: number): number =>
  Math.max(leastIsolates, Math.ceil(rate / perIsolate));

function ratesOf({ dataCentres, requestsPerDay, zipf }: Fleet): number[] {
  const weights = Array.from({ length: dataCentres }, (_, rank) => 1 / (rank + 1) ** zipf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => ((requestsPerDay / 86_400) * weight) / total);
}

/** The greatest alone, then a few of each doubling of rank, evenly. */
function strata(dataCentres: number): { readonly ranks: number; readonly chosen: readonly number[] }[] {
  const all: { ranks: number; chosen: number[] }[] = [];
  for (let from = 0, size = 1; from < dataCentres; from += size) {
    if (from >= ALONE) size = Math.min(from, dataCentres - from);
    const count = Math.min(size, EACH_DOUBLING);
    const chosen = Array.from({ length: count }, (_, at) => from + Math.floor(((at + 0.5) * size) / count));
    all.push({ ranks: size, chosen });
  }
  return all;
}

const perSecond = (counted: Counted, duration: number): PerSecond =>
  Object.fromEntries(NAMES.map((name) => [name, (counted[name] / duration) * 1000])) as PerSecond;

const averageOf = (parts: readonly PerSecond[]): PerSecond =>
  Object.fromEntries(
    NAMES.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0) / parts.length]),
  ) as PerSecond;

/** The variance, as far as a few samples tell it. */
function spread(samples: readonly number[]): number {
  if (samples.length < 2) return 0;
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
  return samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (samples.length - 1);
}

function quantile(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [step, count] of counts.entries()) {
    seen += count;
    if (count > 0 && seen >= share * total * (1 - 1e-12)) return step;
  }
  return 0;
}
