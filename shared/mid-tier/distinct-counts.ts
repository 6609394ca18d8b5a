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
import type { Redis } from "../ports/redis.ts";
import type { NamedReport } from "./fold-reports.ts";
import { distinctKey } from "./keys.ts";
import { bucketsAt, bucketsOver } from "./metric-buckets.ts";
import { evalCommand, mergeAll, scriptReply } from "./script.ts";
import MERGE_DISTINCT from "./scripts/merge-distinct.lua";

export interface DistinctKeysFigure {
  readonly estimate: number;
  /** Of the estimate's share: two of three estimates are closer than this. */
  readonly standardError: number;
}

export interface DistinctCounts {
  /** `now` is Redis TIME as the caller last learnt it: it chooses the buckets. */
  take(reports: readonly NamedReport[], now: number): Promise<{ readonly kind: "merged" } | Unavailable>;
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
        mergeSaid(said, site, text);
      if (said.size === 0) return Promise.resolve({ kind: "merged" });
      const { keys, kept } = bucketsAt(now);
      const buckets = keys.slice(0, -1).map(distinctKey);
      const args = [
        ...kept.slice(0, -1),
        ...[...said].flatMap(([site, registers]) => [site, writeRegisters(registers)]),
      ];
      return mergeAll(redis, [evalCommand(MERGE_DISTINCT, buckets, args)], deadline);
    },
    async count(window, { now, site }) {
      const { buckets } = bucketsOver(window, now);
      const outcome = await redis.run(
        buckets.map(({ key }) => ["HGETALL", distinctKey(key)]),
        deadline,
      );
      const all = new Map<string, Registers>();
      for (const [index] of buckets.entries()) {
        const reply = scriptReply(outcome, index);
        if (reply.kind === "unavailable") return reply;
        const { strings } = reply;
        for (let i = 0; i + 1 < strings.length; i += 2)
          if (site === null || strings[i] === site) mergeSaid(all, "", strings[i + 1] ?? "");
      }
      const estimate = estimateDistinct(all.get("") ?? noRegisters());
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
