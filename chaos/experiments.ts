// All experiments, by name.

import type { Experiment as Name } from "../shared/wire/chaos.ts";
import type { Experiment } from "./experiment.ts";
import { CLOCK_JUMP } from "./experiments/clock-jump.ts";
import { FLUSH_SHARD, KILL_SHARD, PAUSE_SHARD, REPLIES_LOST, SLOW_TIER } from "./experiments/databases.ts";
import { EVICT_EDGE, KILL_EDGE } from "./experiments/edges.ts";
import { PARTITION } from "./experiments/partition.ts";
import { MASS_INVALIDATE, ORIGIN_DOWN, ORIGIN_ERRORS, ORIGIN_SLOW } from "./experiments/site.ts";

export const EXPERIMENT: Readonly<Record<Name, Experiment>> = {
  "evict-edge": EVICT_EDGE,
  "kill-edge": KILL_EDGE,
  "kill-shard": KILL_SHARD,
  "pause-shard": PAUSE_SHARD,
  "flush-shard": FLUSH_SHARD,
  "slow-tier": SLOW_TIER,
  "mass-invalidate": MASS_INVALIDATE,
  partition: PARTITION,
  "replies-lost": REPLIES_LOST,
  "clock-jump": CLOCK_JUMP,
  "origin-down": ORIGIN_DOWN,
  "origin-slow": ORIGIN_SLOW,
  "origin-errors": ORIGIN_ERRORS,
};
