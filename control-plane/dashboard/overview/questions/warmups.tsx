// "What is being warmed?": jobs, how far they are, and their end.

import type { Child } from "hono/jsx";
import type { ListedWarmup } from "../../../../client/schemas.ts";
import { count, NOTHING, plural, span } from "../../frame/format.ts";
import { Answer, Bar, Known, Live, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import type { Verdict } from "../verdicts.ts";

export const warmupParts = (overview: Overview) => ({
  "warmups-answer": <Answer verdict={whatIs(overview)} />,
  "warmups-table": <WarmupTable overview={overview} />,
});

export const Warmups = ({
  parts,
  form,
}: {
  readonly parts: ReturnType<typeof warmupParts>;
  readonly form: Child;
}) => (
  <Question
    id="warmups"
    question="What is being warmed?"
    aside={
      <>
        <Live id="warmups-answer">{parts["warmups-answer"]}</Live>
        {form}
      </>
    }
  >
    <Live id="warmups-table">{parts["warmups-table"]}</Live>
  </Question>
);

export const isOpen = ({ state }: { readonly state: ListedWarmup["state"] }): boolean =>
  state === "listing" || state === "running";

function whatIs({ warmups }: Overview): Verdict {
  const of = "jobs";
  const list = known(warmups);
  if (list === null)
    return { mood: "unknown", word: "Unknown.", why: whyUnknown(warmups) ?? "", figure: NOTHING, of };
  const open = list.items.filter(isOpen);
  const figure = count(open.length);
  if (open.length === 0)
    return { mood: "unknown", word: "Nothing now.", why: "Edges fill as they are asked.", figure, of };
  const left = open.reduce((sum, job) => sum + job.total - job.done - job.failed - job.skipped, 0);
  return {
    mood: "good",
    word: `${plural(open.length, "job")}.`,
    why: `${plural(left, "request")} to go.`,
    figure,
    of,
  };
}

function WarmupTable({ overview: { warmups } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={warmups}
      why={whyUnknown(warmups)}
      show={({ items }) => (
        <Table
          caption="The last warm-ups"
          columns={["Accepted", "State", "Progress", "#Failed", "#To go", "By"]}
          empty="Nothing was warmed in the last day."
          rows={items.map((job) => [
            <a href={`/warm/${encodeURIComponent(job.id)}`}>
              <When at={job.acceptedAt} />
            </a>,
            job.state,
            <Progress job={job} />,
            count(job.failed),
            isOpen(job) && job.etaSeconds !== null ? span(job.etaSeconds * 1000) : NOTHING,
            <Short text={job.actor} most={20} />,
          ])}
        />
      )}
    />
  );
}

export function Progress({ job }: { readonly job: ListedWarmup }) {
  const ended = job.done + job.failed + job.skipped;
  const label = `${count(ended)} of ${count(job.total)}`;
  return (
    <span class="with-bar">
      {label}
      <Bar part={job.total === 0 ? 0 : ended / job.total} tone={job.failed > 0 ? 1 : 0} label={label} />
    </span>
  );
}
