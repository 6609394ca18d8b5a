// `tidegate metrics`: hit ratios, latencies, shards and edges over a window, as tables.

import type { Command } from "commander";
import type { CacheMetrics } from "../../client/schemas.ts";
import { runs, type Shell } from "../command.ts";
import { EXIT } from "../exit.ts";
import type { Output } from "../output.ts";
import type { Column } from "../table.ts";
import { count, grouped, percent, size, span } from "../wording.ts";

interface Flags {
  readonly window?: string;
  readonly site?: string;
}

export function addMetrics(program: Command, shell: Shell): void {
  const command = program
    .command("metrics")
    .description("Show hits, misses and latencies by class, tier, shard and edge.")
    .option("--window <duration>", "from 10s to 24h (default 60s)")
    .option("--site <site>", "of one site")
    .addHelpText(
      "after",
      "\nExamples:\n  $ tidegate metrics --window 10m\n  $ tidegate metrics --json | jq .hitRatio",
    );
  const names = { window: "--window", site: "--site" };
  runs<Flags>(command, { shell, names, ofAllSites: true }, async ({ client, out }, { window, site }) => {
    const metrics = await client.cacheMetrics({
      ...(window !== undefined && { window }),
      ...(site !== undefined && { site }),
    });
    out.result(metrics, () => show(out, metrics));
    return EXIT.done;
  });
}

function show(out: Output, metrics: CacheMetrics): void {
  const { hitRatio, byteHitRatio, windowSeconds } = metrics;
  out.line(
    `last ${span(windowSeconds * 1000)}: ${percent(hitRatio)} hits, ${percent(byteHitRatio)} of bytes; log at ${metrics.log.position}`,
  );
  classes(out, metrics);
  tiers(out, metrics);
  shards(out, metrics);
  edges(out, metrics);
  out.line();
  for (const line of [invalidations(metrics), stale(metrics), origin(metrics)]) out.line(line);
}

const right = (title: string): Column => ({ title, align: "right" });

function section(out: Output, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  out.line();
  out.table(columns, rows);
}

function classes(out: Output, { classes }: CacheMetrics): void {
  const columns = ["REQUESTS", "HITS", "STALE", "MISSES", "PASSES", "ORIGIN", "RATIO", "P50", "P99"].map(
    right,
  );
  const rows = Object.entries(classes).map(([name, one]) => [
    name,
    ...[one.requests, one.hits, one.stale, one.misses, one.passes, one.originFetches].map(grouped),
    percent(one.hitRatio),
    ...[one.p50Ms, one.p99Ms].map(span),
  ]);
  section(out, [{ title: "CLASS" }, ...columns], rows);
}

function tiers(out: Output, { tiers }: CacheMetrics): void {
  const named = [
    ["memory", tiers.l1Memory],
    ["cache api", tiers.l1Cache],
    ["l2", tiers.l2],
    ["origin", tiers.origin],
  ] as const;
  const rows = named.map(([name, { hits, misses, errors }]) => [
    name,
    ...[hits, misses, errors].map(grouped),
  ]);
  section(out, [{ title: "TIER" }, ...["HITS", "MISSES", "ERRORS"].map(right)], rows);
}

function shards(out: Output, { shards }: CacheMetrics): void {
  const rows = shards.map((shard) => [
    ...[shard.id, stateOf(shard), grouped(shard.hits), grouped(shard.misses), grouped(shard.errors)],
    ...[shard.keys === null ? "–" : grouped(shard.keys), size(shard.memoryBytes)],
    ...[span(shard.p99Ms), span(shard.replicationLagMs)],
  ]);
  const columns = ["HITS", "MISSES", "ERRORS", "KEYS", "MEMORY", "P99", "LAG"].map(right);
  section(out, [{ title: "SHARD" }, { title: "STATE" }, ...columns], rows);
}

const stateOf = ({ state, writes }: CacheMetrics["shards"][number]): string =>
  writes === null || writes === "taken" ? state : `${state}, no writes (${writes})`;

function edges(out: Output, { edges }: CacheMetrics): void {
  const rows = edges.map(({ id, state, position, knownAgeMs, memoryBytes }) => [
    ...[id, state, position ?? "–", span(knownAgeMs), size(memoryBytes)],
  ]);
  const columns = [
    { title: "EDGE" },
    { title: "STATE" },
    { title: "POSITION" },
    right("KNOWN"),
    right("MEMORY"),
  ];
  section(out, columns, rows);
}

const invalidations = ({ invalidations: said }: CacheMetrics): string =>
  `purges: ${grouped(said.accepted)} accepted, ${grouped(said.unfinished)} unfinished; ` +
  `converged within ${span(said.convergenceP50Ms)} (p50), ${span(said.convergenceP99Ms)} (p99)`;

const stale = ({ stale: said }: CacheMetrics): string =>
  `stale reads: ${count(said.violations, "violation")} in ${count(said.sampled, "sample")}` +
  (said.upperBound95 === null
    ? ""
    : `; below ${percent(said.upperBound95)} of all that can be judged with 95 % confidence`) +
  (said.unknown === 0 ? "" : `; ${percent(said.unknownRatio)} could not be judged`);

function origin({ origin: said, stampede }: CacheMetrics): string {
  const { rate, concurrency, queue, breaker } = said.shed;
  return (
    `origin: ${grouped(said.granted + said.grantedLocally)} tokens, ${grouped(rate + concurrency + queue + breaker)} turned away, ` +
    `${stampede.originConcurrencyMax} at once at most, ${percent(stampede.coalescedRatio)} coalesced`
  );
}
