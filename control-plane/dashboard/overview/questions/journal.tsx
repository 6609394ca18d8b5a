// "Does the origin have what was written?": the journal of writes that were acknowledged before it had them.

import type { Child } from "hono/jsx";
import type { JournalOperation } from "../../../../client/schemas.ts";
import { count, NOTHING, plural } from "../../frame/format.ts";
import { Answer, Figures, Known, Live, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import type { Verdict } from "../verdicts.ts";

export const journalParts = (overview: Overview) => ({
  "journal-answer": <Said overview={overview} />,
  "journal-table": <Operations overview={overview} />,
});

export const JournalQuestion = ({
  parts,
  charts,
}: {
  readonly parts: ReturnType<typeof journalParts>;
  readonly charts: Child;
}) => (
  <Question
    id="journal"
    question="Does the origin have what was written?"
    aside={<Live id="journal-answer">{parts["journal-answer"]}</Live>}
  >
    {charts}
    <Live id="journal-table">{parts["journal-table"]}</Live>
  </Question>
);

function doesIt({ metrics }: Overview): Verdict {
  const of = "waiting";
  const sums = known(metrics)?.journal ?? null;
  if (sums === null)
    return { mood: "unknown", word: "Unknown.", why: whyUnknown(metrics) ?? "", figure: NOTHING, of };
  const { accepted, delivered, pending, deadLettered } = sums;
  const figure = count(pending);
  if (accepted === null || pending === null)
    return { mood: "unknown", word: "Not all is known.", why: "A database does not answer.", figure, of };
  if ((deadLettered ?? 0) > 0)
    return {
      ...{ mood: "bad", word: "Not all.", figure, of },
      why: `It refuses ${plural(deadLettered ?? 0, "write")}: somebody has to decide.`,
    };
  if (accepted === 0)
    return { mood: "unknown", word: "Nothing to tell.", why: "No write was acknowledged ahead.", figure, of };
  if (pending > 0)
    return {
      mood: "fair",
      word: "Soon.",
      why: `${plural(pending, "write waits", "writes wait")} for it.`,
      figure,
      of,
    };
  return { mood: "good", word: "Yes.", why: `All ${count(delivered)} writes.`, figure, of };
}

function Said({ overview }: { readonly overview: Overview }) {
  const sums = known(overview.metrics)?.journal;
  const lost = sums?.losses.at(-1);
  return (
    <>
      <Answer verdict={doesIt(overview)} />
      {sums === undefined ? null : (
        <Figures
          rows={[
            ["Accepted", count(sums.accepted)],
            ["Delivered", count(sums.delivered)],
            ["Waiting", count(sums.pending)],
            ["Refused", count(sums.deadLettered)],
          ]}
        />
      )}
      {lost === undefined ? null : (
        <p class="note bad">
          {lost.database} came back without {plural(lost.lacks, "acknowledged write")},{" "}
          <When at={new Date(lost.foundAt).toISOString()} />.
        </p>
      )}
    </>
  );
}

function Operations({ overview: { journal } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={journal}
      why={whyUnknown(journal)}
      show={({ items, silent }) => (
        <>
          {silent.length === 0 ? null : <p class="note">No answer from {silent.join(", ")}.</p>}
          <Table
            caption="Writes that the origin does not have"
            columns={["Accepted", "Write", "State", "#Tries", "Last try"]}
            empty="None."
            rows={items.map((operation) => [
              <When at={operation.acceptedAt} />,
              <Write operation={operation} />,
              operation.state,
              count(operation.tries),
              operation.why ?? NOTHING,
            ])}
          />
        </>
      )}
    />
  );
}

const Write = ({ operation: { method, url } }: { readonly operation: JournalOperation }) => (
  <>
    {method} <Short text={url} />
  </>
);
