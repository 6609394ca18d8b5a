// "Is anything stale?": what the auditor found, and how old each edge's knowledge is.

import type { Child } from "hono/jsx";
import type { CacheMetrics, Edge } from "../../../../client/schemas.ts";
import { bytes, count, percent, share, span } from "../../frame/format.ts";
import { Answer, Figures, Known, Live, MoodSign, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import { isAnythingStale, whoReports } from "../verdicts.ts";

export const staleParts = (overview: Overview) => ({
  "stale-answer": <Said overview={overview} />,
  "stale-edges": <EdgeTable overview={overview} />,
  "stale-classes": <Judged overview={overview} />,
});

export const Stale = ({
  parts,
  charts,
}: {
  readonly parts: ReturnType<typeof staleParts>;
  readonly charts: Child;
}) => (
  <Question
    id="stale"
    question="Is anything stale?"
    aside={<Live id="stale-answer">{parts["stale-answer"]}</Live>}
  >
    {charts}
    <Live id="stale-edges">{parts["stale-edges"]}</Live>
    <Live id="stale-classes">{parts["stale-classes"]}</Live>
  </Question>
);

function Said({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  return (
    <>
      <Answer verdict={isAnythingStale(overview)} />
      <Answer verdict={whoReports(overview.edges)} />
      {metrics === null ? null : <Sums metrics={metrics} />}
    </>
  );
}

function Sums({ metrics: { stale, log } }: { readonly metrics: CacheMetrics }) {
  const { lastViolation } = stale;
  return (
    <>
      <Figures
        rows={[
          ["Stale within the bound", `${count(stale.stale)} · ${percent(stale.staleRatio)}`],
          ["How stale, p99", span(stale.p99StalenessMs)],
          ["Violations among judged, 95 % bound", share(stale.upperBound95)],
          ["Could not be judged", `${count(stale.unknown)} · ${percent(stale.unknownRatio)}`],
          ["Origin had moved on", count(stale.originDiffers)],
          ["Log", log.position],
        ]}
      />
      {lastViolation === null ? null : (
        <p class="note bad">
          Last violation <When at={lastViolation.at} /> at {lastViolation.edge}: {lastViolation.rule} in class{" "}
          {lastViolation.class}, from {lastViolation.tier}.
        </p>
      )}
      {log.losses.length === 0 ? null : (
        <p class="note bad">
          The log's database has lost acknowledged entries {log.losses.length} times, last from{" "}
          {log.losses.at(-1)?.from} to {log.losses.at(-1)?.to}.
        </p>
      )}
    </>
  );
}

const STATES = { live: "good", cold: "fair", silent: "bad" } as const;

function EdgeTable({ overview: { edges } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={edges}
      why={whyUnknown(edges)}
      show={({ items }) => (
        <Table
          caption="What edges know"
          columns={["Edge", "State", "Region", "Version", "#Knowledge", "Position", "#Memory"]}
          empty="No edge can be addressed."
          rows={items.map((edge) => [
            edge.id,
            <State edge={edge} />,
            edge.region ?? "–",
            <Short text={edge.version ?? "–"} most={16} />,
            <span class={isOld(edge) ? "bad" : undefined}>{span(edge.knownAgeMs)}</span>,
            <span class="position">{edge.position ?? "none"}</span>,
            bytes(edge.memoryBytes),
          ])}
        />
      )}
    />
  );
}

/** Beyond the shortest window of the default classes what it knows begins to cost hits. */
const OLD = 5000;
const isOld = ({ knownAgeMs }: Edge): boolean => (knownAgeMs ?? 0) > OLD;

const State = ({ edge }: { readonly edge: Edge }) => (
  <span class="with-sign">
    <MoodSign mood={STATES[edge.state]} /> {edge.state}
    {edge.state === "live" || edge.lastSeenMs === null ? null : (
      <span class="muted"> for {span(edge.lastSeenMs)}</span>
    )}
  </span>
);

function Judged({ overview: { metrics } }: { readonly overview: Overview }) {
  const figures = known(metrics);
  if (figures === null) return null;
  const rows = Object.entries(figures.stale.byClass).flatMap(([name, tiers]) =>
    Object.entries(tiers).map(([tier, row]) => [name, tier, row] as const),
  );
  return (
    <Table
      caption="Reads that the auditor judged"
      columns={["Class", "Tier", "#Judged", "#Not judged", "#Stale", "#Violations", "95 % bound"]}
      empty="No read was sampled in this time."
      rows={rows.map(([name, tier, row]) => [
        name,
        tier,
        count(row.sampled + row.watched),
        count(row.unknown),
        count(row.stale),
        <span class={row.violations > 0 ? "bad" : undefined}>{count(row.violations)}</span>,
        share(row.upperBound95),
      ])}
    />
  );
}
