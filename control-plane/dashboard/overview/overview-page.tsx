// The overview: one page, a question a section, each with its answer first.

import type { Child } from "hono/jsx";
import { clockTime } from "../frame/format.ts";
import { type Frame, Page } from "../frame/page.tsx";
import { Live, MoodSign } from "../frame/parts.tsx";
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
import { linkTo, RANGE_NAMES, RANGES, type View } from "./view.ts";

/** Whatever changes while somebody looks, by its id: the page is made of these, and its events send them. */
export const partsOf = (overview: Overview) => ({
  state: <State overview={overview} />,
  ...workingParts(overview),
  ...originParts(overview),
  ...staleParts(overview),
  ...shardParts(overview),
  ...invalidationParts(overview),
  ...warmupParts(overview),
  ...keyParts(overview),
  ...journalParts(overview),
});

export function OverviewPage({ frame, overview }: { readonly frame: Frame; readonly overview: Overview }) {
  const { view } = overview;
  const parts = partsOf(overview);
  return (
    <Page frame={frame} title="Overview">
      <h1 class="unseen">Overview</h1>
      <Live id="state">{parts.state}</Live>
      <Filters overview={overview} view={view} />
      <Working parts={parts} charts={null} />
      <Origin parts={parts} charts={null} />
      <Stale parts={parts} charts={null} />
      <Shards parts={parts} charts={null} />
      <Invalidations parts={parts} charts={null} form={null} />
      <Warmups parts={parts} form={null} />
      <Keys parts={parts} />
      <JournalQuestion parts={parts} charts={null} />
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

function Filters({ overview, view }: { readonly overview: Overview; readonly view: View }) {
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
      <p class="as-of">
        {metrics === null ? null : (
          <Live id="as-of">
            As of <time datetime={metrics.at}>{clockTime(metrics.at)}</time>
          </Live>
        )}
        <a href={linkTo(view)}>Refresh</a>
      </p>
    </div>
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
