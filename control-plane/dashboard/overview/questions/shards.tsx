// "Are the shards well?": how their load lies, how full they are, and how far copies lag behind.

import type { Child } from "hono/jsx";
import type { CacheMetrics } from "../../../../client/schemas.ts";
import { DrawnHeat } from "../../charts/drawn-heat.tsx";
import { heatOf } from "../../charts/heat.ts";
import { bytes, count, percent, plural, span } from "../../frame/format.ts";
import { Answer, Bar, Figures, Live, MoodSign, Question, Table } from "../../frame/parts.tsx";
import { marksIn } from "../marks.ts";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import type { Verdict } from "../verdicts.ts";

type Shard = CacheMetrics["shards"][number];

export const shardParts = (overview: Overview) => ({
  "shards-answer": <Said overview={overview} />,
  "shards-heat": <Heat overview={overview} />,
  "shards-table": <ShardTable overview={overview} />,
});

export const Shards = ({
  parts,
  charts,
}: {
  readonly parts: ReturnType<typeof shardParts>;
  readonly charts: Child;
}) => (
  <Question
    id="shards"
    question="Are the shards well?"
    aside={<Live id="shards-answer">{parts["shards-answer"]}</Live>}
  >
    <Live id="shards-heat">{parts["shards-heat"]}</Live>
    {charts}
    <Live id="shards-table">{parts["shards-table"]}</Live>
  </Question>
);

const MOODS = { serving: "good", warming: "fair", down: "bad", out: "unknown" } as const;

/** Fuller than this, a class's next answers push others out. */
const FULL = 0.9;

function areThey(overview: Overview): Verdict {
  const of = "shards";
  const metrics = known(overview.metrics);
  if (metrics === null)
    return { mood: "unknown", word: "Unknown.", why: whyUnknown(overview.metrics) ?? "", figure: "–", of };
  const { shards } = metrics;
  const figure = count(shards.length);
  const down = shards.filter(({ state }) => state === "down");
  if (shards.length === 0)
    return { mood: "unknown", word: "No map yet.", why: "The log has no shard map.", figure, of };
  if (down.length > 0)
    return {
      ...{ mood: "bad", word: "Not all.", figure, of },
      why: `${down.map(({ id }) => id).join(", ")} does not answer; others stand in.`,
    };
  const refusing = shards.filter(refusesWrites);
  if (refusing.length > 0)
    return {
      ...{ mood: "bad", word: "Not all.", figure, of },
      why: `${refusing.map(({ id, writes }) => `${id} takes no writes (${writes})`).join(", ")}.`,
    };
  const full = shards.filter((shard) => (fullness(shard) ?? 0) > FULL);
  if (full.length > 0)
    return {
      ...{ mood: "fair", word: "Nearly full.", figure, of },
      why: `${full.map(({ id }) => id).join(", ")} gives answers up for new ones.`,
    };
  return { mood: "good", word: "Yes.", why: `${plural(shards.length, "shard")} in the map.`, figure, of };
}

const refusesWrites = ({ state, writes }: Shard): boolean =>
  state !== "out" && writes !== null && writes !== "taken";

const fullness = ({ memoryBytes, memoryLimitBytes }: Shard): number | null =>
  memoryBytes === null || !memoryLimitBytes ? null : memoryBytes / memoryLimitBytes;

function Said({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  if (metrics === null) return <Answer verdict={areThey(overview)} />;
  const lag = Math.max(0, ...metrics.shards.map(({ replicationLagMs }) => replicationLagMs ?? 0));
  return (
    <>
      <Answer verdict={areThey(overview)} />
      <Figures
        rows={[
          ["Skew, most over mean", metrics.shardSkew === null ? "–" : metrics.shardSkew.toFixed(2)],
          ["Copies lag, most", span(lag)],
          ["Errors", count(metrics.shards.reduce((sum, { errors }) => sum + errors, 0))],
        ]}
      />
    </>
  );
}

const asked = ({ hits, misses, errors }: Shard): number => hits + misses + errors;

/** A strip a shard: where many requests fell when, beside its part of all of them. */
function Heat({ overview }: { readonly overview: Overview }) {
  const shards = known(overview.metrics)?.shards ?? [];
  const series = known(overview.series);
  if (shards.length === 0 || series === null) return null;
  const all = shards.reduce((sum, shard) => sum + asked(shard), 0);
  const heat = heatOf(series, { shards: shards.map(({ id }) => id), marks: marksIn(overview) });
  const beside = (id: string) => {
    const shard = shards.find((one) => one.id === id);
    return (
      <>
        <MoodSign mood={shard === undefined ? "unknown" : MOODS[shard.state]} /> <b>{id}</b>{" "}
        <span>
          {shard === undefined ? "not in the map" : all === 0 ? "idle" : percent(asked(shard) / all)}
        </span>
      </>
    );
  };
  return <DrawnHeat heat={heat} beside={beside} />;
}

function ShardTable({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  if (metrics === null) return null;
  return (
    <Table
      caption="Shards"
      columns={["Shard", "State", "Memory", "#Keys", "#Evicted", "#p99", "#Lag", "#Errors"]}
      empty="No map yet."
      rows={metrics.shards.map((shard) => [
        shard.id,
        <span class="with-sign">
          <MoodSign mood={refusesWrites(shard) ? "bad" : MOODS[shard.state]} /> {shard.state}
          {refusesWrites(shard) && `, no writes (${shard.writes})`}
        </span>,
        <Memory shard={shard} />,
        count(shard.keys),
        count(shard.evictions),
        span(shard.p99Ms),
        span(shard.replicationLagMs),
        count(shard.errors),
      ])}
    />
  );
}

function Memory({ shard }: { readonly shard: Shard }) {
  const part = fullness(shard);
  const text = bytes(shard.memoryBytes);
  if (part === null) return <>{text}</>;
  return (
    <span class="with-bar">
      {text}
      <Bar
        part={part}
        tone={part > FULL ? 4 : 0}
        label={`${percent(part)} of ${bytes(shard.memoryLimitBytes)}`}
      />
    </span>
  );
}
