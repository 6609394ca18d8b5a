// Chaos experiments as Redis keeps them: the one that runs, and the reports of those that are over.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument, RedisOutcome } from "../ports/redis.ts";
import { EXPERIMENT_RUNNING, EXPERIMENTS_ALL, EXPERIMENTS_COUNT, experimentKey } from "./keys.ts";
import { evalCommand, millisecondsOf, scriptReply } from "./script.ts";
import BEGIN_EXPERIMENT from "./scripts/begin-experiment.lua";
import FORGET_EXPERIMENT from "./scripts/forget-experiment.lua";
import KEEP_REPORT from "./scripts/keep-report.lua";

/** A report in two texts: what lists show, and how it went second by second. */
export interface ReportTexts {
  readonly head: string;
  readonly course: string;
}

export interface NewExperiment {
  readonly id: string;
  /** The same id with another digest is a conflict. */
  readonly requestDigest: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly head: string;
}

export interface KeptExperiment extends ReportTexts {
  readonly id: string;
  readonly isOver: boolean;
  /** Empty where nobody has begun it here. */
  readonly actor: string;
  readonly reason: string | null;
  /** How long ago it was begun, and last heard of. */
  readonly ageMs: number;
  readonly silentMs: number;
}

export type ExperimentRead =
  | { readonly kind: "experiment"; readonly experiment: KeptExperiment }
  | { readonly kind: "absent" }
  | Unavailable;

export interface ExperimentPage {
  readonly kind: "page";
  readonly experiments: readonly Omit<KeptExperiment, "course">[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

export interface Experiments {
  begin(
    experiment: NewExperiment,
  ): Promise<
    | { readonly kind: "begun" | "exists" | "conflict" }
    | { readonly kind: "busy"; readonly id: string }
    | Unavailable
  >;
  /** `known`: it is over already, and stays as it was told first. */
  keep(
    id: string,
    report: ReportTexts & { readonly isOver: boolean },
  ): Promise<{ readonly kind: "kept" | "known" | "absent" } | Unavailable>;
  forget(id: string): Promise<{ readonly kind: "forgotten" } | Unavailable>;
  read(id: string): Promise<ExperimentRead>;
  /** The id of the one that runs; null where none does. */
  running(): Promise<{ readonly kind: "running"; readonly id: string | null } | Unavailable>;
  /** Newest first, from below a place on. */
  list(below: number | null, most: number): Promise<ExperimentPage | Unavailable>;
}

export interface ExperimentLimits {
  readonly deadline: Millis;
  readonly kept: Millis;
  readonly remembered: number;
}

export function createExperiments(redis: Redis, limits: ExperimentLimits): Experiments {
  const { deadline, kept, remembered } = limits;
  const run = async (command: readonly RedisArgument[]) => scriptReply(await redis.run([command], deadline));
  const keysOf = (id: string) => [experimentKey(id), EXPERIMENT_RUNNING, EXPERIMENTS_ALL, EXPERIMENTS_COUNT];
  return {
    async begin({ id, requestDigest, actor, reason, head }) {
      const args = [id, requestDigest, kept, remembered, actor, reason ?? "", head];
      const reply = await run(evalCommand(BEGIN_EXPERIMENT, keysOf(id), args));
      if (reply.kind === "unavailable") return reply;
      const [kind, running = ""] = reply.strings;
      if (kind === "busy") return { kind, id: running };
      return { kind: kind === "exists" || kind === "conflict" ? kind : "begun" };
    },
    async keep(id, { isOver, head, course }) {
      const args = [id, isOver ? "over" : "running", kept, remembered, head, course];
      const reply = await run(evalCommand(KEEP_REPORT, keysOf(id), args));
      if (reply.kind === "unavailable") return reply;
      const [kind] = reply.strings;
      return { kind: kind === "known" || kind === "absent" ? kind : "kept" };
    },
    async forget(id) {
      const reply = await run(evalCommand(FORGET_EXPERIMENT, keysOf(id).slice(0, 3), [id]));
      return reply.kind === "unavailable" ? reply : { kind: "forgotten" };
    },
    async read(id) {
      const outcome = await redis.run(
        [["TIME"], ["HMGET", experimentKey(id), ...FIELDS, "course"]],
        deadline,
      );
      const time = scriptReply(outcome);
      if (time.kind === "unavailable") return time;
      const values = valuesIn(outcome, 1);
      if (values === null) return { kind: "unavailable", reason: "malformed reply" };
      return experimentOf(id, values, millisecondsOf(time.strings));
    },
    async running() {
      const outcome = await redis.run([["GET", EXPERIMENT_RUNNING]], deadline);
      if (outcome.kind === "unavailable") return outcome;
      const [reply] = outcome.replies;
      if (reply?.kind !== "reply") return { kind: "unavailable", reason: "malformed reply" };
      return { kind: "running", id: typeof reply.reply === "string" ? reply.reply : null };
    },
    list: (below, most) => listExperiments(redis, deadline, { below, most }),
  };
}

const FIELDS = ["state", "at", "seen", "actor", "reason", "head"] as const;

/** Null where it is no list of texts; a field that there is not is null in it. */
function valuesIn(outcome: RedisOutcome, index: number): readonly (string | null)[] | null {
  const reply = outcome.kind === "replies" ? outcome.replies[index] : undefined;
  if (reply?.kind !== "reply" || !Array.isArray(reply.reply)) return null;
  return reply.reply.map((value: unknown) => (typeof value === "string" ? value : null));
}

function experimentOf(id: string, values: readonly (string | null)[], now: number): ExperimentRead {
  const [state, at, seen, actor, reason, head, course] = values;
  if (typeof state !== "string" || typeof head !== "string") return { kind: "absent" };
  const experiment = {
    ...{ id, head, course: course ?? "", isOver: state === "over" },
    ...{ actor: actor ?? "", reason: reason === "" ? null : (reason ?? null) },
    ...{ ageMs: Math.max(0, now - Number(at)), silentMs: Math.max(0, now - Number(seen)) },
  };
  return { kind: "experiment", experiment };
}

async function listExperiments(
  redis: Redis,
  deadline: Millis,
  { below, most }: { readonly below: number | null; readonly most: number },
): Promise<ExperimentPage | Unavailable> {
  const highest = below === null ? "+inf" : `(${below}`;
  const range = ["ZREVRANGEBYSCORE", EXPERIMENTS_ALL, highest, "-inf", "WITHSCORES", "LIMIT", 0, most];
  const reply = scriptReply(await redis.run([range], deadline));
  if (reply.kind === "unavailable") return reply;
  const ids = reply.strings.filter((_, index) => index % 2 === 0);
  const next = ids.length < most ? null : Number(reply.strings.at(-1));
  const outcome = await redis.run(
    [["TIME"], ...ids.map((id) => ["HMGET", experimentKey(id), ...FIELDS])],
    deadline,
  );
  const time = scriptReply(outcome);
  if (time.kind === "unavailable") return time;
  const experiments: KeptExperiment[] = [];
  for (const [index, id] of ids.entries()) {
    const values = valuesIn(outcome, index + 1);
    if (values === null) return { kind: "unavailable", reason: "malformed reply" };
    const read = experimentOf(id, values, millisecondsOf(time.strings));
    // The list remembers them longer than they are kept.
    if (read.kind === "experiment") experiments.push(read.experiment);
  }
  return { kind: "page", experiments, next };
}
