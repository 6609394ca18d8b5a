// "What is broken on purpose?": the experiment that runs, those that did and what came of them; only where there can be one.

import type { ListedChaosExperiment } from "../../../../client/schemas.ts";
import { reportTitle } from "../../../chaos/report-body.ts";
import { AbortForm } from "../../chaos/abort-form.tsx";
import { count, NOTHING, plural, span } from "../../frame/format.ts";
import type { Frame } from "../../frame/page.tsx";
import { Answer, Known, Live, MoodSign, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import type { Mood, Verdict } from "../verdicts.ts";

interface PartsProps {
  readonly overview: Overview;
  readonly frame: Frame;
  readonly mayAbort: boolean;
}

export const experimentParts = ({ overview, frame, mayAbort }: PartsProps) => ({
  "chaos-answer": (
    <>
      <Answer verdict={whatIs(overview)} />
      {mayAbort ? <AbortRunning overview={overview} frame={frame} /> : null}
    </>
  ),
  "chaos-table": <ExperimentTable overview={overview} />,
});

export function Experiments({
  overview,
  parts,
}: {
  readonly overview: Overview;
  readonly parts: ReturnType<typeof experimentParts>;
}) {
  const list = known(overview.chaos);
  if (list === null || (!list.enabled && list.items.length === 0)) return null;
  return (
    <Question
      id="chaos"
      question="What is broken on purpose?"
      aside={<Live id="chaos-answer">{parts["chaos-answer"]}</Live>}
    >
      <Live id="chaos-table">{parts["chaos-table"]}</Live>
    </Question>
  );
}

const runningIn = ({ chaos }: Overview): ListedChaosExperiment | undefined =>
  known(chaos)?.items.find(({ state }) => state === "running");

function whatIs(overview: Overview): Verdict {
  const of = "experiments";
  const list = known(overview.chaos);
  if (list === null)
    return { mood: "unknown", word: "Unknown.", why: whyUnknown(overview.chaos) ?? "", figure: NOTHING, of };
  const running = runningIn(overview);
  if (running !== undefined)
    return {
      ...{ mood: "fair", word: `${reportTitle(running)}.`, figure: "1", of },
      why: `Phase: ${running.phase}. Begun by ${running.actor ?? "nobody who is known"}.`,
    };
  const failed = list.items.filter(({ state }) => state === "failed").length;
  const why =
    failed === 0 ? "" : `${plural(failed, "experiment")} of the last ${count(list.items.length)} failed.`;
  return { mood: failed === 0 ? "good" : "bad", word: "Nothing now.", why, figure: "0", of };
}

function AbortRunning({ overview, frame }: { readonly overview: Overview; readonly frame: Frame }) {
  const running = runningIn(overview);
  return running === undefined ? null : <AbortForm frame={frame} experiment={running} />;
}

const MOODS: Readonly<Record<ListedChaosExperiment["state"], Mood>> = {
  ...{ running: "unknown", passed: "good", failed: "bad", aborted: "fair" },
};

const ExperimentTable = ({ overview: { chaos } }: { readonly overview: Overview }) => (
  <Known
    asked={chaos}
    why={whyUnknown(chaos)}
    show={({ items }) => (
      <Table
        caption="The last experiments"
        columns={["Started", "Experiment", "State", "#Bounds held", "#Took", "By"]}
        empty="None was run yet: tidegate chaos lists what can be."
        rows={items.map((item) => [
          <a href={item.report}>
            <When at={item.startedAt} />
          </a>,
          reportTitle(item),
          <span class="with-sign">
            <MoodSign mood={MOODS[item.state]} /> {item.state === "running" ? item.phase : item.state}
          </span>,
          item.verdicts.length === 0
            ? NOTHING
            : `${item.verdicts.filter(({ holds }) => holds).length} of ${item.verdicts.length}`,
          item.endedAt === null ? NOTHING : span(Date.parse(item.endedAt) - Date.parse(item.startedAt)),
          <Short text={item.actor ?? NOTHING} most={20} />,
        ])}
      />
    )}
  />
);
