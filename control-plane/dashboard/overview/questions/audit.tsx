// "Who did what?": the last records of the audit log, and whether its chain holds.

import type { AuditRecords } from "../../../../client/schemas.ts";
import { count, NOTHING } from "../../frame/format.ts";
import { Figures, Known, Live, Question, Short, Table, When } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";

type Record = AuditRecords["items"][number];

export const auditParts = (overview: Overview) => ({
  "audit-access": <TurnedAway overview={overview} />,
  "audit-table": <Records overview={overview} />,
});

export const AuditQuestion = ({ parts }: { readonly parts: ReturnType<typeof auditParts> }) => (
  <Question
    id="audit"
    question="Who did what?"
    aside={
      <>
        <p class="answer">
          Every record is chained to the one before it. <a href="/audit-chain">Check the chain</a>: whether
          one was changed, taken away or put elsewhere.
        </p>
        <Live id="audit-access">{parts["audit-access"]}</Live>
      </>
    }
  >
    <Live id="audit-table">{parts["audit-table"]}</Live>
  </Question>
);

/** Who was not let in: most of it stands in no record. */
function TurnedAway({ overview }: { readonly overview: Overview }) {
  const access = known(overview.metrics)?.access;
  if (access === undefined) return null;
  const { wrongToken, signIn, heldUp, noToken, forbidden } = access;
  return (
    <Figures
      rows={[
        ["Wrong tokens", count(wrongToken + signIn + heldUp)],
        ["Without a token", count(noToken)],
        ["Beyond a token's scope", count(forbidden)],
      ]}
    />
  );
}

function Records({ overview: { audit } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={audit}
      why={whyUnknown(audit)}
      show={({ items }) => (
        <Table
          caption="The last of the audit log"
          columns={["At", "Who", "From", "Did", "Of", "Result"]}
          empty="Nothing was done yet."
          rows={items.map((record) => [
            <When at={record.at} />,
            <Short text={record.actor} most={24} />,
            record.from ?? NOTHING,
            record.action,
            <About record={record} />,
            <span class={record.result === "done" || record.result === "accepted" ? undefined : "bad"}>
              {record.result}
            </span>,
          ])}
        />
      )}
    />
  );
}

/** What tells it from others of its kind, as far as it fits. */
function About({ record: { site, detail } }: { readonly record: Record }) {
  const named = Array.isArray(detail.named) ? detail.named.join(", ") : null;
  const found = [named, detail.policy, detail.id, detail.title, detail.version].find(
    (one) => typeof one === "string" && one !== "",
  );
  return <Short text={String(found ?? site ?? NOTHING)} most={32} />;
}
