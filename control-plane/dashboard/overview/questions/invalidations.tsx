// "Do purges arrive?": the last receipts, edge by edge, and how long they took.

import type { Child } from "hono/jsx";
import type { Receipt } from "../../../../client/schemas.ts";
import { count, NOTHING, plural, span } from "../../frame/format.ts";
import { Answer, Figures, Known, Live, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";
import type { Verdict } from "../verdicts.ts";

export const invalidationParts = (overview: Overview) => ({
  "invalidations-answer": <Said overview={overview} />,
  "invalidations-table": <ReceiptTable overview={overview} />,
});

export const Invalidations = ({
  parts,
  charts,
  form,
}: {
  readonly parts: ReturnType<typeof invalidationParts>;
  readonly charts: Child;
  readonly form: Child;
}) => (
  <Question
    id="invalidations"
    question="Do purges arrive?"
    aside={
      <>
        <Live id="invalidations-answer">{parts["invalidations-answer"]}</Live>
        {form}
      </>
    }
  >
    {charts}
    <Live id="invalidations-table">{parts["invalidations-table"]}</Live>
  </Question>
);

function doThey(overview: Overview): Verdict {
  const of = "purges";
  const metrics = known(overview.metrics);
  if (metrics === null)
    return {
      mood: "unknown",
      word: "Unknown.",
      why: whyUnknown(overview.metrics) ?? "",
      figure: NOTHING,
      of,
    };
  const { accepted, unfinished, convergenceP99Ms } = metrics.invalidations;
  const figure = count(accepted);
  if (unfinished > 0)
    return {
      ...{ mood: "fair", word: "On their way.", figure, of },
      why: `${plural(unfinished, "receipt is", "receipts are")} open: some edge has not said that it has it.`,
    };
  if (accepted === 0)
    return { mood: "unknown", word: "None was made.", why: "Nothing is under way.", figure, of };
  const within = convergenceP99Ms === null ? "" : `, 99 of 100 within ${span(convergenceP99Ms)}`;
  return {
    mood: "good",
    word: "Yes.",
    why: `All ${count(accepted)} arrived everywhere${within}.`,
    figure,
    of,
  };
}

function Said({ overview }: { readonly overview: Overview }) {
  const metrics = known(overview.metrics);
  return (
    <>
      <Answer verdict={doThey(overview)} />
      {metrics === null ? null : (
        <Figures
          rows={[
            ["Accepted", count(metrics.invalidations.accepted)],
            ["Everywhere, p50", span(metrics.invalidations.convergenceP50Ms)],
            ["Everywhere, p99", span(metrics.invalidations.convergenceP99Ms)],
            ["Still open", count(metrics.invalidations.unfinished)],
          ]}
        />
      )}
    </>
  );
}

function ReceiptTable({ overview: { receipts } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={receipts}
      why={whyUnknown(receipts)}
      show={({ items }) => (
        <Table
          caption="The last purges"
          columns={["Accepted", "What", "Edges", "#Everywhere after", "By"]}
          empty="Nothing was purged in the last day."
          rows={items.map((receipt) => [
            <a href={`/receipts/${encodeURIComponent(receipt.id)}`}>
              <When at={receipt.acceptedAt} />
            </a>,
            <Named receipt={receipt} />,
            <EdgeDots receipt={receipt} />,
            receipt.state === "converged" ? span(receipt.maxMs) : "open",
            <Short text={receipt.actor} most={20} />,
          ])}
        />
      )}
    />
  );
}

export function Named({ receipt }: { readonly receipt: Receipt }) {
  const [first] = receipt.selectors;
  const more = receipt.selectorsTotal - 1;
  return (
    <>
      {receipt.mode === "soft" ? <span class="tag">soft</span> : null}
      {first === undefined ? (
        "–"
      ) : (
        <>
          <span class="muted">{first.kind}</span> <Short text={first.value} most={36} />
        </>
      )}
      {more > 0 ? <span class="muted"> and {more} more</span> : null}
    </>
  );
}

/** A dot an edge: full where it has it, half where it is fenced, hollow where nobody knows yet. */
export function EdgeDots({ receipt }: { readonly receipt: Receipt }) {
  const { edges } = receipt;
  const number = (state: string): number => edges.filter((edge) => edge.state === state).length;
  const label = ["applied", "fenced", "pending"]
    .filter((state) => number(state) > 0)
    .map((state) => `${number(state)} ${state}`)
    .join(", ");
  if (edges.length === 0) return <span class="muted">none listed</span>;
  return (
    <svg
      class="dots"
      width={edges.length * 12}
      height="10"
      viewBox={`0 0 ${edges.length * 12} 10`}
      role="img"
      aria-label={label}
    >
      {edges.map(({ edge, state }, index) => (
        <circle class={state} cx={index * 12 + 5} cy="5" r="4">
          <title>{`${edge}: ${state}`}</title>
        </circle>
      ))}
    </svg>
  );
}
