// A load's report as lines of text.

import { NO_CLASS } from "../outside/checked-site.ts";
import type { Percentiles } from "../outside/latencies.ts";
import { LATE_MS, type OpenLoopCounts } from "../outside/open-loop.ts";
import type { LoadReport } from "../outside/run.ts";
import type { Figures, Second } from "../outside/tally.ts";

export function printLoad(result: {
  readonly workload: string;
  readonly judged: boolean;
  readonly report: LoadReport;
}): string[] {
  const { workload, judged, report } = result;
  return [
    `workload ${workload}: ${report.all.requests} requests in ${report.seconds.toFixed(1)} s`,
    ...printReport(report, judged),
  ];
}

/** `judged`: whether it is known what the origin said. */
export function printReport(report: LoadReport, judged: boolean): string[] {
  const { all, classes, purges } = report;
  const lines = [
    "",
    "class        requests  writes      hits   stale      l1      l2  joined  origin  errors",
  ];
  const known = Object.entries(classes).filter(([name]) => name !== NO_CLASS);
  for (const [name, figures] of known) lines.push(classLine(name, figures));
  if (known.length !== 1) lines.push(classLine("all", all));
  lines.push(
    "",
    `latency, from the scheduled instant (of all, failed ones included): ${spread(all.latencyMs)}`,
  );
  lines.push(originLine(report, judged));
  if (purges.sent > 0)
    lines.push(
      `purges: ${purges.acknowledged} of ${purges.sent} acknowledged, in ${spread(purges.acknowledgedMs)}`,
    );
  lines.push(...(judged ? staleLines(report) : ["stale reads: not known, the origin is not ours"]));
  lines.push(`errors: ${all.errors}${named(all.errorsBy)}`);
  for (const { error, second, edge, path, cacheStatus } of report.firstErrors.slice(0, 5))
    lines.push(
      `  ${error}: ${path} at edge ${edge + 1}, second ${second}${cacheStatus ? `, ${cacheStatus}` : ""}`,
    );
  lines.push(`fail-overs (an edge refused, the next one was asked): ${all.failOvers}`);
  lines.push(...clientLines(report.client));
  return lines;
}

function clientLines({ sent, withheld, seconds, lateMs }: OpenLoopCounts): string[] {
  const perSecond = (count: number): string => (seconds === 0 ? "–" : (count / seconds).toFixed(1));
  const lines = [
    `client: ${perSecond(sent)} requests a second, of ${perSecond(sent + withheld)} that were due; sent late by ${spread(lateMs)}`,
  ];
  if (withheld > 0)
    lines.push(`WITHHELD: ${withheld} requests were due and could not be sent: too much for this client`);
  if (lateMs !== null && lateMs.p99 > LATE_MS)
    lines.push(
      `LATE: this client sent one request in a hundred more than ${LATE_MS} ms after it was due: its own lateness is in the latencies above`,
    );
  return lines;
}

export function printSecond(second: Second, judged: boolean): string {
  const { requests, hitRatio, originRequests, errors, latencyMs } = second;
  const origin = judged ? `  ${originRequests} at the origin` : "";
  const from = `${String(second.second).padStart(5)} s  ${String(requests).padStart(6)} requests`;
  return `${from}  ${percent(hitRatio)} hits${origin}  ${errors} errors  p99 ${ms(latencyMs?.p99)}`;
}

function classLine(name: string, figures: Figures): string {
  const { requests, hitRatio, staleHits, sources, errors } = figures;
  const columns = [
    staleHits,
    sources.l1,
    sources.l2,
    sources.joined,
    sources.origin + sources.passed,
    errors,
  ];
  return (
    name.padEnd(12) +
    String(requests).padStart(9) +
    String(figures.writes).padStart(8) +
    percent(hitRatio).padStart(10) +
    columns.map((count) => String(count).padStart(8)).join("")
  );
}

function originLine({ origin, offload, all }: LoadReport, judged: boolean): string {
  if (!judged) {
    const { l1, l2, joined } = all.sources;
    const share = all.requests === 0 ? 0 : (l1 + l2 + joined) / all.requests;
    return `origin offload, by what answers say: ${percent(share)} of requests`;
  }
  return (
    `origin: ${origin.requests} requests (${origin.notModified} of them 304), ${origin.octets} octets; ` +
    `offload ${percent(offload.requests)} of requests, ${percent(offload.octets)} of octets`
  );
}

function staleLines({ violations, bound, servedAfter, servedAfterMs }: LoadReport): string[] {
  const late = Number.isFinite(violations.worstLateMs) ? `, the latest by ${ms(violations.worstLateMs)}` : "";
  const lines = [
    `stale reads beyond what is allowed: ${violations.count}${violations.count === 0 ? "" : late}${named(violations.byRule)}`,
    `answers on which a purge was binding, its bound having passed: ${bound}`,
    `served after a purge's acknowledgement, within its bound or not: ${servedAfter}` +
      (servedAfterMs === null ? "" : `, up to ${ms(servedAfterMs.max)} after`),
  ];
  for (const { rule, exchange, lateMs } of violations.first.slice(0, 5))
    lines.push(`  ${rule}: ${exchange.path} at edge ${exchange.edge + 1}, ${ms(lateMs)} late`);
  return lines;
}

const named = (counts: Readonly<Record<string, number>>): string => {
  const texts = Object.entries(counts).map(([name, count]) => `${count} × ${name}`);
  return texts.length === 0 ? "" : ` (${texts.join(", ")})`;
};

const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`;

const ms = (value: number | undefined): string => (value === undefined ? "–" : `${value.toFixed(1)} ms`);

const spread = (of: Percentiles | null): string =>
  of === null
    ? "none"
    : `p50 ${ms(of.p50)}, p90 ${ms(of.p90)}, p99 ${ms(of.p99)}, p99.9 ${ms(of.p999)}, max ${ms(of.max)}`;
