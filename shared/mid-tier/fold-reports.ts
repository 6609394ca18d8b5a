// Folds what edges have counted into the buckets of time, in pieces for each of which Redis does nothing else for some milliseconds.

import { hours, seconds } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { RedisArgument } from "../ports/redis.ts";
import type { StatusReport } from "../wire/internal.ts";
import { EDGES, metricTotalsKey } from "./keys.ts";
import { type BucketsOfNow, bucketsAt } from "./metric-buckets.ts";
import type { From } from "./read-buckets.ts";
import { compact, evalCommand, scriptReply } from "./script.ts";
import foldMetrics from "./scripts/fold-metrics.lua";

const FOLD_METRICS = compact(foldMetrics);

/** After so much silence totals are forgotten: what an edge has counted meanwhile is nobody's. */
const TOTALS_KEPT = hours(25);
/** A life that nobody knew yet counts from its beginning where that was no longer than this before its edge was last seen. */
const NEW_FOR = seconds(10);
/** Counters of one script: it takes Redis four milliseconds. */
const COUNTERS_A_SCRIPT = 500;
/** Counters of one call, more than a round brings in which little has changed: Redis is done with them well within its deadline. */
const COUNTERS_A_CALL = 5000;

/** Under the name by which the edge is listed. */
export interface NamedReport {
  readonly edge: string;
  readonly report: StatusReport;
}

export type FoldOutcome =
  | { readonly kind: "folded" }
  /** Those of these edges are folded all the same. */
  | (Unavailable & { readonly but: readonly string[] });

/** One script's share of a report. */
interface Piece {
  readonly edge: string;
  readonly counters: number;
  readonly command: readonly RedisArgument[];
}

export async function foldReports(
  { redis, deadline }: From,
  reports: readonly NamedReport[],
  now: number,
): Promise<FoldOutcome> {
  const buckets = bucketsAt(now);
  const pieces = reports.map((named) => piecesOf(named, buckets));
  const missing = new Map(reports.map(({ edge }, at) => [edge, pieces[at]?.length ?? 0]));
  let failed: Unavailable | null = null;
  for (const call of callsOf(pieces)) {
    const commands = call.map(({ command }) => command);
    const outcome = await redis.run(commands, deadline);
    for (const [index, { edge }] of call.entries()) {
      const reply = scriptReply(outcome, index);
      if (reply.kind === "strings") missing.set(edge, (missing.get(edge) ?? 0) - 1);
      else failed ??= reply;
    }
    // A database that does not answer is not waited for once more: what it lacks comes again.
    if (outcome.kind === "unavailable") break;
  }
  const but = [...missing].flatMap(([edge, count]) => (count === 0 ? [edge] : []));
  return failed === null ? { kind: "folded" } : { ...failed, but };
}

/** Those that say who was seen go first: that is not to wait for figures. */
function callsOf(reports: readonly (readonly Piece[])[]): Piece[][] {
  const pieces = reports
    .flatMap((of) => of.map((piece, at) => ({ piece, at })))
    .sort((a, b) => a.at - b.at)
    .map(({ piece }) => piece);
  const calls: Piece[][] = [];
  let room = 0;
  for (const piece of pieces) {
    if (calls.length === 0 || piece.counters > room) {
      calls.push([]);
      room = COUNTERS_A_CALL;
    }
    calls.at(-1)?.push(piece);
    room -= piece.counters;
  }
  return calls;
}

function piecesOf({ edge, report }: NamedReport, { keys, kept }: BucketsOfNow): Piece[] {
  const { boot, region, version = null, position, knownAgeMs, memoryBytes, memoryEntries, told } = report;
  const seen = JSON.stringify({ boot, region, version, position, knownAgeMs, memoryBytes, memoryEntries });
  const counters = Object.entries(report.counters);
  const pieces: Piece[] = [];
  for (let from = 0; from === 0 || from < counters.length; from += COUNTERS_A_SCRIPT) {
    const some = counters.slice(from, from + COUNTERS_A_SCRIPT);
    const more = told?.more === true || from + some.length < counters.length;
    const args: RedisArgument[] = [edge, from === 0 ? seen : "", Math.floor(report.aliveMs), NEW_FOR];
    args.push(more ? "more" : "", TOTALS_KEPT, ...kept);
    for (const [name, total] of some) args.push(name, Math.floor(total), Math.floor(told?.before[name] ?? 0));
    const command = evalCommand(FOLD_METRICS, [EDGES, metricTotalsKey(edge, boot), ...keys], args);
    pieces.push({ edge, counters: some.length, command });
  }
  return pieces;
}
