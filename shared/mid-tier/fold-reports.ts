// Folds what edges have counted into the buckets of time, in pieces for each of which Redis does nothing else for some milliseconds.

import { hours, seconds } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { RedisArgument } from "../ports/redis.ts";
import type { StatusReport } from "../wire/internal.ts";
import { EDGES, metricTotalsKey } from "./keys.ts";
import { type BucketsOfNow, bucketsAt } from "./metric-buckets.ts";
import type { From } from "./read-buckets.ts";
import { compactScript, evalCommand, scriptReply } from "./script.ts";
import foldMetrics from "./scripts/fold-metrics.lua";

const FOLD_METRICS = compactScript(foldMetrics);

/** After so much silence totals are forgotten: what an edge has counted meanwhile is nobody's. */
const TOTALS_KEPT = hours(25);
/** A life that nobody knew yet counts from its beginning where that was no longer than this before its edge was last seen. */
const NEW_FOR = seconds(10);
/** Counters of one script: it takes Redis four milliseconds. */
const COUNTERS_A_SCRIPT = 500;
/** A report without any takes as long as so many. */
const COUNTERS_A_REPORT = 8;
/** Counters of one call, more than a round brings in which little has changed: Redis is done with them well within its deadline. */
const COUNTERS_A_CALL = 2000;

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
  readonly totals: string;
  readonly counters: number;
  readonly words: readonly RedisArgument[];
}

export async function foldReports(
  { redis, deadline }: From,
  reports: readonly NamedReport[],
  now: number,
): Promise<FoldOutcome> {
  const pieces = reports.map(piecesOf);
  const missing = new Map(reports.map(({ edge }, at) => [edge, pieces[at]?.length ?? 0]));
  let failed: Unavailable | null = null;
  for (const call of callsOf(scriptsOf(pieces))) {
    const commands = call.map((script) => foldCommand(script, bucketsAt(now)));
    const outcome = await redis.run(commands, deadline);
    for (const [index, script] of call.entries()) {
      const reply = scriptReply(outcome, index);
      if (reply.kind === "unavailable") failed ??= reply;
      else for (const { edge } of script) missing.set(edge, (missing.get(edge) ?? 0) - 1);
    }
    // A database that does not answer is not waited for once more: what it lacks comes again.
    if (outcome.kind === "unavailable") break;
  }
  const but = [...missing].flatMap(([edge, count]) => (count === 0 ? [edge] : []));
  return failed === null ? { kind: "folded" } : { ...failed, but };
}

function piecesOf({ edge, report }: NamedReport): Piece[] {
  const { boot, region, version = null, position, knownAgeMs, memoryBytes, memoryEntries, told } = report;
  const seen = JSON.stringify({ boot, region, version, position, knownAgeMs, memoryBytes, memoryEntries });
  const counters = Object.entries(report.counters);
  const pieces: Piece[] = [];
  for (let from = 0; from === 0 || from < counters.length; from += COUNTERS_A_SCRIPT) {
    const some = counters.slice(from, from + COUNTERS_A_SCRIPT);
    const more = told?.more === true || from + some.length < counters.length;
    const words: RedisArgument[] = [edge, from === 0 ? seen : "", Math.floor(report.aliveMs)];
    words.push(more ? "more" : "", some.length);
    for (const [name, total] of some)
      words.push(name, Math.floor(total), Math.floor(told?.before[name] ?? 0));
    pieces.push({ edge, totals: metricTotalsKey(edge, boot), counters: some.length, words });
  }
  return pieces;
}

/** Pieces that say who was seen go first: that is not to wait for figures. */
function scriptsOf(reports: readonly (readonly Piece[])[]): Piece[][] {
  const longest = Math.max(0, ...reports.map(({ length }) => length));
  const ordered = Array.from({ length: longest }, (_, at) => reports.flatMap((of) => of[at] ?? [])).flat();
  const weight = ({ counters }: Piece): number => counters + COUNTERS_A_REPORT;
  return inGroups(ordered, { weight, most: COUNTERS_A_SCRIPT + COUNTERS_A_REPORT });
}

const callsOf = (scripts: readonly Piece[][]): Piece[][][] =>
  inGroups(scripts, {
    weight: (script) => script.reduce((sum, { counters }) => sum + counters, 0),
    most: COUNTERS_A_CALL,
  });

/** In their order, each group as large as it may be. */
function inGroups<T>(all: readonly T[], of: { weight: (one: T) => number; most: number }): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const one of all) {
    if (groups.length === 0 || of.weight(one) > room) {
      groups.push([]);
      room = of.most;
    }
    groups.at(-1)?.push(one);
    room -= of.weight(one);
  }
  return groups;
}

function foldCommand(script: readonly Piece[], { keys, kept }: BucketsOfNow): readonly RedisArgument[] {
  const totals = script.map((piece) => piece.totals);
  const args = [TOTALS_KEPT, NEW_FOR, keys.length, ...kept, ...script.flatMap(({ words }) => words)];
  return evalCommand(FOLD_METRICS, [EDGES, ...keys, ...totals], args);
}
