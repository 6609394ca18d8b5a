// The overview: one page, a question a section, each with its answer first.

import type { Child } from "hono/jsx";
import type { Scope } from "../../tokens/scopes.ts";
import { chartsOf } from "../charts/series-charts.ts";
import { clockTime } from "../frame/format.ts";
import { type Frame, Page } from "../frame/page.tsx";
import { Live, MoodSign } from "../frame/parts.tsx";
import { PurgeForm } from "../purge/purge-form.tsx";
import { WarmForm } from "../warm/warm-form.tsx";
import { marksIn } from "./marks.ts";
import { AlertStrip, alertParts } from "./questions/alerts.tsx";
import { AuditQuestion, auditParts } from "./questions/audit.tsx";
import { type Charts, ChartsOf } from "./questions/charts.tsx";
import { Experiments, experimentParts } from "./questions/experiments.tsx";
import { Invalidations, invalidationParts } from "./questions/invalidations.tsx";
import { JournalQuestion, journalParts } from "./questions/journal.tsx";
import { Keys, keyParts } from "./questions/keys.tsx";
import { Origin, originParts } from "./questions/origin.tsx";
import { Shards, shardParts } from "./questions/shards.tsx";
import { Stale, staleParts } from "./questions/stale.tsx";
import { Warmups, warmupParts } from "./questions/warmups.tsx";
import { Working, workingParts } from "./questions/working.tsx";
import { known, type Overview } from "./read-overview.ts";
import { isAnythingStale, isItWorking, isTheOriginSafe, type Verdict, whoReports } from "./verdicts.ts";
import { linkTo, RANGE_NAMES, RANGES } from "./view.ts";

/** Whatever changes while somebody looks, by its id: the page is made of these, and its events send them. */
export const partsOf = ({ overview, frame, may }: OverviewProps) => ({
  ...alertParts({ overview, frame, mayAcknowledge: may("purge") }),
  state: <State overview={overview} />,
  "as-of": <AsOf overview={overview} />,
  ...workingParts(overview),
  ...originParts(overview),
  ...staleParts(overview),
  ...shardParts(overview),
  ...invalidationParts(overview),
  ...warmupParts(overview),
  ...keyParts(overview),
  ...journalParts(overview),
  ...experimentParts({ overview, frame, mayAbort: may("chaos") }),
  ...auditParts(overview),
});

/** Null while the series is not known. */
export function chartsIn(overview: Overview): Charts {
  const found = known(overview.series);
  return found === null ? null : chartsOf(found, { marks: marksIn(overview), only: overview.view.only });
}

interface OverviewProps {
  readonly frame: Frame;
  readonly overview: Overview;
  /** Whoever may not is shown no form for it. */
  readonly may: (scope: Scope) => boolean;
}

export function OverviewPage({ frame, overview, may }: OverviewProps) {
  const { view } = overview;
  const sites = known(overview.sites)?.items.map(({ site }) => site.name) ?? [];
  const parts = partsOf({ overview, frame, may });
  const charts = chartsIn(overview);
  return (
    <Page frame={frame} title="Overview" live={linkTo(view, {}, "/events")}>
      <h1 class="unseen">Overview</h1>
      <Live id="state">{parts.state}</Live>
      {view.unmeant.map((sentence) => (
        <p class="banner fair" role="status">
          {sentence}
        </p>
      ))}
      <Filters overview={overview} sites={sites} />
      <AlertStrip parts={parts} />
      <Working parts={parts} charts={<ChartsOf charts={charts} names={["ratio", "requests", "latency"]} />} />
      <Origin parts={parts} charts={<ChartsOf charts={charts} names={["origin", "stampede"]} />} />
      <Stale parts={parts} charts={<ChartsOf charts={charts} names={["stale"]} />} />
      <Shards parts={parts} charts={<ChartsOf charts={charts} names={["memory", "lag"]} />} />
      <Invalidations
        parts={parts}
        charts={<ChartsOf charts={charts} names={["convergence"]} />}
        form={may("purge") ? <PurgeForm frame={frame} sites={sites} /> : null}
      />
      <Warmups parts={parts} form={may("warm") ? <WarmForm frame={frame} sites={sites} /> : null} />
      <Keys parts={parts} />
      <JournalQuestion parts={parts} charts={<ChartsOf charts={charts} names={["journal"]} />} />
      <Experiments overview={overview} parts={parts} />
      <AuditQuestion parts={parts} />
    </Page>
  );
}

function State({ overview }: { readonly overview: Overview }) {
  const tiles: readonly (readonly [string, string, Verdict])[] = [
    ["working", "Working?", isItWorking(overview)],
    ["origin", "Origin safe?", isTheOriginSafe(overview)],
    ["stale", "Anything stale?", isAnythingStale(overview)],
    ["stale", "Edges reporting?", whoReports(overview.edges)],
  ];
  return (
    <>
      <Trouble overview={overview} />
      <ul class="tiles">
        {tiles.map(([anchor, question, verdict]) => (
          <li>
            <a href={`#${anchor}`} class={`tile ${verdict.mood}`}>
              <span class="asks">
                <MoodSign mood={verdict.mood} /> {question}
              </span>
              <span class="big">{verdict.figure}</span>
              <span class="of">{verdict.of}</span>
              <strong>{verdict.word}</strong>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What has to be known before any figure is believed. */
function Trouble({ overview: { metrics, edges } }: { readonly overview: Overview }) {
  if (metrics.kind === "known") return null;
  if (metrics.status === 503)
    return (
      <div class="banner bad" role="status">
        <strong>Redis does not answer.</strong> Edges go on: from what their memory holds within each class's
        window, then from the origin. Purges can't be acknowledged until it is back.{" "}
        {edges.kind === "known" ? "" : "Which edges are there is unknown meanwhile."}
      </div>
    );
  return (
    <div class="banner fair" role="status">
      <strong>No figures.</strong> {metrics.problem?.detail ?? `The answer was ${metrics.status}.`}
    </div>
  );
}

function Filters({ overview, sites }: { readonly overview: Overview; readonly sites: readonly string[] }) {
  const { view } = overview;
  const metrics = known(overview.metrics);
  const classes = Object.keys(metrics?.classes ?? {});
  const shown = view.only === null || classes.includes(view.only) ? classes : [...classes, view.only];
  return (
    <div class="filters">
      <Choice
        label="Over the last"
        choices={RANGES.map((range) => [RANGE_NAMES[range], linkTo(view, { range }), range === view.range])}
      />
      <Choice
        label="Class"
        choices={[
          ["all", linkTo(view, { only: null }), view.only === null],
          ...shown.map((name) => [name, linkTo(view, { only: name }), name === view.only] as const),
        ]}
      />
      {view.site === null && sites.length < 2 ? null : (
        <Choice
          label="Site"
          choices={[
            ["all", linkTo(view, { site: null }), view.site === null],
            ...[...new Set([...sites, ...(view.site === null ? [] : [view.site])])].map(
              (name) => [name, linkTo(view, { site: name }), name === view.site] as const,
            ),
          ]}
        />
      )}
      <div class="as-of">
        <Live id="as-of">
          <AsOf overview={overview} />
        </Live>
        <a href={linkTo(view)}>Refresh</a>
      </div>
    </div>
  );
}

function AsOf({ overview }: { readonly overview: Overview }) {
  const at = known(overview.metrics)?.at;
  return at === undefined ? null : (
    <span>
      As of <time datetime={at}>{clockTime(at)}</time>
    </span>
  );
}

function Choice({
  label,
  choices,
}: {
  readonly label: string;
  readonly choices: readonly (readonly [Child, string, boolean])[];
}) {
  return (
    <nav class="choice" aria-label={label}>
      <span aria-hidden="true">{label}</span>
      <ul>
        {choices.map(([name, link, isChosen]) => (
          <li>
            <a href={link} aria-current={isChosen ? "true" : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
