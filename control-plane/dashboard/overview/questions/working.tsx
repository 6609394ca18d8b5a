// "Is the cache working?": hit ratio by class, how far requests get, and how long they take.

import type { Child } from "hono/jsx";
import type { CacheMetrics } from "../../../../client/schemas.ts";
import { toneOf } from "../../charts/tone.ts";
import { count, percent, span } from "../../frame/format.ts";
import { Answer, Bar, Figures, Known, Live, Question, Table } from "../../frame/parts.tsx";
import { marksIn } from "../marks.ts";
import { type Overview, whyUnknown } from "../read-overview.ts";
import { type ClassRow, FEW, isItWorking, rowsOf, totalOf } from "../verdicts.ts";
import { linkTo, type View } from "../view.ts";
import { Happened } from "./charts.tsx";

export const workingParts = (overview: Overview) => ({
  "working-answer": <Said overview={overview} />,
  "working-happened": <Happened marks={marksIn(overview)} />,
  "working-classes": <Classes overview={overview} />,
  "working-funnel": <Funnel overview={overview} />,
});

export function Working({
  parts,
  charts,
}: {
  readonly parts: ReturnType<typeof workingParts>;
  readonly charts: Child;
}) {
  return (
    <Question
      id="working"
      question="Is the cache working?"
      aside={<Live id="working-answer">{parts["working-answer"]}</Live>}
    >
      {charts}
      <Live id="working-happened">{parts["working-happened"]}</Live>
      <Live id="working-funnel">{parts["working-funnel"]}</Live>
      <Live id="working-classes">{parts["working-classes"]}</Live>
    </Question>
  );
}

function Said({ overview }: { readonly overview: Overview }) {
  const { metrics, view } = overview;
  return (
    <>
      <Answer verdict={isItWorking(overview)} />
      {metrics.kind === "known" ? <Sums metrics={metrics.value} view={view} /> : null}
    </>
  );
}

function Sums({ metrics, view }: { readonly metrics: CacheMetrics; readonly view: View }) {
  const total = totalOf(metrics, view.only);
  return (
    <Figures
      rows={[
        ["Requests", count(total.requests)],
        ["Hits", count(total.hits)],
        ["Stale, as declared", count(total.stale)],
        ["Misses", count(total.misses)],
        ["Passed by", count(total.passes)],
        ["Errors", count(total.errors)],
        ["Octets spared", percent(metrics.byteHitRatio)],
      ]}
    />
  );
}

function Classes({ overview: { metrics, view } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={metrics}
      why={whyUnknown(metrics)}
      show={({ classes }) => (
        <Table
          caption="By class"
          columns={["Class", "Hit ratio", "#Requests", "#p50", "#p99", "#Origin"]}
          empty="No class was asked for anything."
          rows={Object.entries(classes)
            .filter(([name]) => view.only === null || name === view.only)
            .map(([name, row]) => [
              <a href={linkTo(view, { only: view.only === name ? null : name })}>{name}</a>,
              <Ratio name={name} row={row} />,
              count(row.requests),
              span(row.p50Ms),
              span(row.p99Ms),
              count(row.originFetches),
            ])}
        />
      )}
    />
  );
}

function Ratio({ name, row }: { readonly name: string; readonly row: ClassRow }) {
  if (row.requests < FEW || row.hitRatio === null)
    return <span class="muted">{row.requests === 0 ? "idle" : "too few for a ratio"}</span>;
  return (
    <span class="with-bar">
      {percent(row.hitRatio)}
      <Bar part={row.hitRatio} tone={toneOf(name)} label={`Hit ratio of ${name}: ${percent(row.hitRatio)}`} />
    </span>
  );
}

const TIERS = [
  ["Edge memory", "l1Memory"],
  ["Data centre", "l1Cache"],
  ["Redis", "l2"],
  ["Origin", "origin"],
] as const;

/**
 * How far requests got: each tier answers some of those that reached it, and hands on the others. By who answered: looks
 * are also made for those who warm and renew.
 */
function Funnel({ overview: { metrics, view } }: { readonly overview: Overview }) {
  if (metrics.kind !== "known") return null;
  const rows = rowsOf(metrics.value, view.only);
  const tiers = TIERS.map(([name, tier]) => [name, answeredBy(rows, tier)] as const);
  const all = tiers.reduce((sum, [, answered]) => sum + answered, 0);
  if (all < FEW) return null;
  return (
    <div class="funnel">
      <h3>How far requests go</h3>
      <ol>
        {tiers.map(([name, answered], index) => {
          const reached = tiers.slice(index).reduce((sum, [, later]) => sum + later, 0);
          return (
            <li>
              <span class="tier">{name}</span>
              <FunnelBar
                reached={reached / all}
                answered={answered / all}
                last={index === tiers.length - 1}
              />
              <span class="said">
                answered <b>{percent(answered / all)}</b> <span class="muted">({count(answered)})</span>
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

const answeredBy = (rows: readonly ClassRow[], tier: string): number =>
  rows.flatMap((row) => Object.values(row.answeredBy[tier] ?? {})).reduce((sum, answers) => sum + answers, 0);

function FunnelBar({
  reached,
  answered,
  last,
}: {
  readonly reached: number;
  readonly answered: number;
  readonly last: boolean;
}) {
  const width = (part: number): number => Number((part * 100).toFixed(2));
  return (
    <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rail" width="100" height="12" />
      <rect class="reached" width={width(reached)} height="12" />
      <rect class={last ? "fill tone-1" : "fill tone-0"} width={width(answered)} height="12" />
    </svg>
  );
}
