// Which experiments are run, in which order and on what: one of each, or at random for a game day.

import { mix, mixUnit } from "../../shared/core/mix.ts";
import { type ChaosOrder, EXPERIMENTS, type Experiment } from "../../shared/wire/chaos.ts";
import { LIMITS } from "../config.ts";

/** An order without a name. */
export type Planned = Omit<ChaosOrder, "id">;

type Variant = Pick<ChaosOrder, "experiment" | "from" | "arrives"> & {
  readonly durationMs: number;
  readonly target?: string;
};

/** Longer than every window of the experiments' site, so that each bound is passed while the fault lasts. */
const USUAL_MS = 12_000;

const of = (experiment: Experiment, more: Omit<Partial<Variant>, "experiment"> = {}): Variant => ({
  ...{ experiment, durationMs: USUAL_MS },
  ...more,
});

/** Whatever can be broken in another way is broken in each. */
const VARIANTS: readonly Variant[] = [
  of("kill-edge"),
  of("evict-edge"),
  of("kill-shard"),
  of("kill-shard", { target: "control" }),
  of("pause-shard"),
  of("flush-shard", { durationMs: 6000 }),
  of("slow-tier"),
  of("replies-lost", { target: "control" }),
  of("partition", { from: "redis" }),
  of("partition", { from: "control-plane" }),
  of("partition", { from: "edges" }),
  of("partition", { from: "all" }),
  of("partition", { from: "redis", arrives: "requests" }),
  of("partition", { from: "redis", arrives: "replies" }),
  of("clock-jump", { durationMs: 14_000 }),
  of("mass-invalidate", { durationMs: 10_000 }),
  of("origin-down"),
  of("origin-slow"),
  of("origin-errors"),
];

interface Wanted {
  /** All where it is empty. */
  readonly only: readonly Experiment[];
  readonly seed: number;
  readonly duration: number | null;
}

const planned = ({ target, ...variant }: Variant, seed: number, duration: number | null): Planned => ({
  ...variant,
  ...{ target: target ?? null, seed, durationMs: duration ?? variant.durationMs },
});

const isWanted = (only: readonly Experiment[], experiment: Experiment): boolean =>
  only.length === 0 || only.includes(experiment);

/** Every variant of what is wanted, once, each with a seed of its own. */
export function planSuite({ only, seed, duration }: Wanted): Planned[] {
  return VARIANTS.filter(({ experiment }) => isWanted(only, experiment)).map((variant, at) =>
    planned(variant, mix(`suite ${at}`, seed), duration),
  );
}

/** What goes before and after a fault, about. */
const AROUND_MS = LIMITS.warming + LIMITS.steady + 12_000;
const FAULT = { least: 8000, most: 25_000 } as const;
const PAUSE = { least: 5000, most: 30_000 } as const;

export interface Scheduled {
  /** From the beginning on. */
  readonly atMs: number;
  readonly planned: Planned;
}

/** The same for the same seed. Experiments, variants, lengths and pauses are drawn; places are, where each begins. */
export function planGameDay(minutes: number, { only, seed, duration }: Wanted): Scheduled[] {
  const names = EXPERIMENTS.filter((name) => isWanted(only, name));
  const schedule: Scheduled[] = [];
  const draw = (what: string): number => mixUnit(`${what} ${schedule.length}`, seed);
  const between = (what: string, { least, most }: { least: number; most: number }): number =>
    Math.round(least + draw(what) * (most - least));
  let at = 0;
  while (at < minutes * 60_000) {
    const name = names[Math.floor(draw("experiment") * names.length)];
    const variants = VARIANTS.filter(({ experiment }) => experiment === name);
    const variant = variants[Math.floor(draw("variant") * variants.length)];
    if (variant === undefined) break;
    const length = duration ?? between("duration", FAULT);
    schedule.push({
      atMs: at,
      planned: planned(variant, mix(`game day ${schedule.length}`, seed), length),
    });
    at += length + AROUND_MS + between("pause", PAUSE);
  }
  return schedule;
}
