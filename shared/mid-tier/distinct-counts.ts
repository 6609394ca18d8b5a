// How many different keys were asked for: registers that edges report, merged by buckets of time.

import {
  estimateDistinct,
  mergeInto,
  noRegisters,
  type Registers,
  readRegisters,
  STANDARD_ERROR,
  writeRegisters,
} from "../core/distinct.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import type { StatusReport } from "../wire/internal.ts";
import { distinctKey } from "./keys.ts";
import { bucketsAt, bucketsOver } from "./metric-buckets.ts";
import { evalCommand, mergeAll } from "./script.ts";
import MERGE_DISTINCT from "./scripts/merge-distinct.lua";

/** Beside the sites' own registers, those of all of them: nobody has to read each site's. No site is named so. */
const OF_ALL = "";
/** Registers merged by one script: it takes Redis some ten milliseconds. */
const SITES_A_SCRIPT = 20;

export interface DistinctKeysFigure {
  readonly estimate: number;
  /** Of the estimate's share: two of three estimates are closer than this. */
  readonly standardError: number;
}

export interface DistinctCounts {
  /** `now` is Redis TIME as the caller last learnt it: it chooses the buckets. */
  take(
    reports: readonly { readonly report: Pick<StatusReport, "distinct"> }[],
    now: number,
  ): Promise<{ readonly kind: "merged" } | Unavailable>;
  count(
    window: Millis,
    of: { readonly now: number; readonly site: string | null },
  ): Promise<(DistinctKeysFigure & { readonly kind: "count" }) | Unavailable>;
}

export function createDistinctCounts(redis: Redis, deadline: Millis): DistinctCounts {
  return {
    take(reports, now) {
      const said = new Map<string, Registers>();
      for (const [site, text] of reports.flatMap(({ report }) => Object.entries(report.distinct ?? {})))
        for (const name of [site, OF_ALL]) mergeSaid(said, name, text);
      const { keys, kept } = bucketsAt(now);
      const buckets = keys.slice(0, -1).map(distinctKey);
      const written = [...said].map(([site, registers]) => [site, writeRegisters(registers)]);
      const scripts: (readonly RedisArgument[])[] = [];
      for (let from = 0; from < written.length; from += SITES_A_SCRIPT) {
        const some = written.slice(from, from + SITES_A_SCRIPT).flat();
        scripts.push(evalCommand(MERGE_DISTINCT, buckets, [...kept.slice(0, -1), ...some]));
      }
      return mergeAll(redis, scripts, deadline);
    },
    async count(window, { now, site }) {
      const { buckets } = bucketsOver(window, now);
      const outcome = await redis.run(
        buckets.map(({ key }) => ["HGET", distinctKey(key), site ?? OF_ALL]),
        deadline,
      );
      if (outcome.kind === "unavailable") return outcome;
      const all = new Map<string, Registers>();
      for (const reply of outcome.replies) {
        if (reply.kind === "error") return { kind: "unavailable", reason: "the registers did not answer" };
        if (typeof reply.reply === "string") mergeSaid(all, OF_ALL, reply.reply);
      }
      const estimate = estimateDistinct(all.get(OF_ALL) ?? noRegisters());
      return { kind: "count", estimate, standardError: STANDARD_ERROR };
    },
  };
}

/** Of one release's registers nothing can be told by another's number of them. */
function mergeSaid(into: Map<string, Registers>, name: string, text: string): void {
  const registers = readRegisters(text);
  if (registers === null) return;
  const there = into.get(name);
  if (there === undefined) into.set(name, registers);
  else mergeInto(there, registers);
}
