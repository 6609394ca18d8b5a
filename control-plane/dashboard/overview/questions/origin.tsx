// "Is the origin safe?": how often it was asked, what was spared it, and what was turned away for its sake.

import type { Child } from "hono/jsx";
import { count, percent, span } from "../../frame/format.ts";
import { Answer, Figures, Live, Question } from "../../frame/parts.tsx";
import { known, type Overview } from "../read-overview.ts";
import { isTheOriginSafe } from "../verdicts.ts";

export const originParts = (overview: Overview) => ({
  "origin-answer": <Said overview={overview} />,
  "origin-band": <Band overview={overview} />,
});

export const Origin = ({
  parts,
  charts,
}: {
  readonly parts: ReturnType<typeof originParts>;
  readonly charts: Child;
}) => (
  <Question
    id="origin"
    question="Is the origin safe?"
    aside={<Live id="origin-answer">{parts["origin-answer"]}</Live>}
  >
    {charts}
    <Live id="origin-band">{parts["origin-band"]}</Live>
  </Question>
);

function Said({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  return (
    <>
      <Answer verdict={isTheOriginSafe(overview)} />
      {metrics === null ? null : (
        <Figures
          rows={[
            ["Tokens of its budget", count(metrics.origin.granted)],
            ["Of edges' own shares", count(metrics.origin.grantedLocally)],
            ["At once, most", count(metrics.stampede.originConcurrencyMax)],
            ["Waited for a slot", `${count(metrics.origin.queued)} · ${span(metrics.origin.meanQueuedMs)}`],
            ["Renewed behind users", count(renewals(metrics.refresh.behind) + renewals(metrics.refresh.due))],
          ]}
        />
      )}
    </>
  );
}

const renewals = ({ fetched, confirmed }: { readonly fetched: number; readonly confirmed: number }): number =>
  fetched + confirmed;

/** What would be a stampede elsewhere, and what became of it here. */
function Band({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  if (metrics === null) return null;
  const { stampede, origin } = metrics;
  const { shed } = origin;
  const cells: readonly (readonly [string, string, boolean])[] = [
    ["Coalesced", percent(stampede.coalescedRatio), false],
    ["Waits for a lease", count(stampede.leaseWaits), false],
    ["Over its rate", count(shed.rate), shed.rate > 0],
    ["Over its concurrency", count(shed.concurrency), shed.concurrency > 0],
    ["Waited too long", count(shed.queue), shed.queue > 0],
    ["While it failed", count(shed.breaker), shed.breaker > 0],
  ];
  return (
    <div class="band">
      <h3>Stampedes</h3>
      <dl>
        {cells.map(([name, value, isHigh]) => (
          <div class={isHigh ? "high" : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
