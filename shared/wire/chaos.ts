// What a chaos experiment is told, and what is reported of it: between the control plane and the agent that breaks things.

import type { Asked } from "../ports/asked.ts";

/** The agent's routes take requests signed with the cluster's key only, as an edge's own do. */
export const CHAOS_AGENT_PATH = "/.tidegate/chaos";
/** Where the control plane takes the report of an experiment that is over. */
export const CHAOS_REPORT_PATH = "/.tidegate/chaos-report";

export const EXPERIMENTS = [
  "evict-edge",
  "kill-edge",
  "kill-shard",
  "pause-shard",
  "flush-shard",
  "slow-tier",
  "mass-invalidate",
  "partition",
  "replies-lost",
  "clock-jump",
  "origin-down",
  "origin-slow",
  "origin-errors",
] as const;
export type Experiment = (typeof EXPERIMENTS)[number];

/** What edges are kept apart from. */
export const PARTITIONS = ["redis", "control-plane", "edges", "all"] as const;
/** What still arrives: nothing, or only what the side that connects sends, or only what it is answered. */
export const DIRECTIONS = ["none", "requests", "replies"] as const;

/** `POST CHAOS_AGENT_PATH`: the agent runs one at a time, and answers 409 to a second. */
export interface ChaosOrder {
  readonly id: string;
  readonly experiment: Experiment;
  /** `edge-2`, `control`, `shard-3`; null = one picked by the seed. */
  readonly target: string | null;
  /** How long the fault lasts. */
  readonly durationMs: number;
  readonly seed: number;
  /** Of a partition alone. */
  readonly from?: (typeof PARTITIONS)[number];
  readonly arrives?: (typeof DIRECTIONS)[number];
}

/** Whoever ends an experiment before its time: with `DELETE CHAOS_AGENT_PATH/<id>`, and from there on in its report. */
export interface ChaosAborter extends Asked {
  readonly actor: string;
}

/** `GET CHAOS_AGENT_PATH/<id>`; `DELETE` there heals at once and ends it as aborted. */
export interface ChaosReport {
  readonly id: string;
  readonly experiment: Experiment;
  /** What was broken; null before that is decided. */
  readonly target: string | null;
  readonly seed: number;
  readonly state: "running" | "passed" | "failed" | "aborted";
  readonly phase: "preparing" | "steady" | "fault" | "recovery" | "verifying" | "over";
  /** Of a partition alone, as it was ordered. */
  readonly from?: ChaosOrder["from"];
  readonly arrives?: ChaosOrder["arrives"];
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly durationMs: number;
  /** What is expected to hold while and after this is broken, as a sentence. */
  readonly hypothesis: string;
  /** One for each bound that the hypothesis states; none before it is verified. */
  readonly verdicts: readonly ChaosVerdict[];
  /** A second each, from the first request on. */
  readonly timeline: readonly ChaosSecond[];
  /** What was done, and when. */
  readonly events: readonly { readonly at: number; readonly text: string }[];
  /** Why it could not be judged or was ended early; null where it went its way. */
  readonly problem: string | null;
  /** Who ended it early: for the audit log, which may be what was broken as he did. */
  readonly abortedBy?: ChaosAborter;
}

export interface ChaosVerdict {
  /** `took-effect`, `client-errors`, `stale-serves`, `hit-rate-recovery`, `origin-rate`, `convergence`, `ledger`, … */
  readonly name: string;
  readonly text: string;
  readonly holds: boolean;
  /** Null where it could not be measured, and then it does not hold. */
  readonly measured: number | null;
  readonly limit: number;
  readonly comparison: "at-most" | "at-least";
  /** `requests`, `ms`, `ratio`, `per-second`, … */
  readonly unit: string;
}

export interface ChaosSecond {
  readonly second: number;
  readonly phase: ChaosReport["phase"];
  readonly requests: number;
  readonly hits: number;
  readonly errors: number;
  readonly originRequests: number;
  readonly p99Ms: number | null;
}
