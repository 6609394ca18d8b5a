// A receipt as it fills: each edge, and how long after the acceptance it had the purge.

import type { Receipt } from "../../../client/schemas.ts";
import { NOTHING, plural, span } from "../frame/format.ts";
import { type Frame, Page } from "../frame/page.tsx";
import { Figures, Live, MoodSign, Warnings, When } from "../frame/parts.tsx";

/** Where no script runs, an open receipt is asked for again after so many seconds. */
const AGAIN = 2;

export const ReceiptPage = ({ frame, receipt }: { readonly frame: Frame; readonly receipt: Receipt }) => {
  const isOpen = receipt.state === "converging";
  const path = `/receipts/${encodeURIComponent(receipt.id)}`;
  return (
    <Page frame={frame} title="Receipt" live={isOpen ? `${path}/events` : null} again={isOpen ? AGAIN : null}>
      <section class="narrow" aria-labelledby="receipt-title">
        <h1 id="receipt-title">Receipt</h1>
        <Live id="outcome" told>
          <Outcome receipt={receipt} />
        </Live>
        <Live id="receipt">
          <ReceiptBody receipt={receipt} />
        </Live>
        <p class="answer">
          <a href="/#invalidations">To all purges</a>
        </p>
      </section>
    </Page>
  );
};

export const receiptParts = (receipt: Receipt) => ({
  outcome: <Outcome receipt={receipt} />,
  receipt: <ReceiptBody receipt={receipt} />,
});

const ReceiptBody = ({ receipt }: { readonly receipt: Receipt }) => (
  <>
    <Timeline receipt={receipt} />
    <Figures
      rows={[
        ["Accepted", <When at={receipt.acceptedAt} />],
        ["Position", <span class="position">{receipt.position}</span>],
        ["Site", receipt.site ?? NOTHING],
        ["Mode", receipt.mode ?? NOTHING],
        ["By", receipt.actor],
        ["Reason", receipt.reason ?? NOTHING],
        ["At half of the edges after", span(receipt.p50Ms)],
      ]}
    />
    <h2 class="small">What it named</h2>
    <ul class="selectors">
      {receipt.selectors.map(({ kind, value }) => (
        <li>
          <span class="muted">{kind}</span> <code>{value}</code>
        </li>
      ))}
      {receipt.selectorsTotal > receipt.selectors.length ? (
        <li>and {receipt.selectorsTotal - receipt.selectors.length} more</li>
      ) : null}
    </ul>
    <Warnings warnings={receipt.warnings} />
    <Warnings warnings={sparedOf(receipt)} />
  </>
);

/** What of it is read on all the same. */
function sparedOf({ dirty }: Receipt) {
  const message = `does not hit ${plural(dirty, "value")} that the journal has and the origin does not yet`;
  return dirty > 0 ? [{ pointer: "", message }] : [];
}

function Outcome({ receipt }: { readonly receipt: Receipt }) {
  const applied = receipt.edges.filter(({ state }) => state === "applied").length;
  if (receipt.state === "converged")
    return (
      <p class="outcome" data-state="converged">
        <MoodSign mood="good" /> <strong>Converged.</strong> It holds everywhere
        {receipt.maxMs === null ? "." : ` since ${span(receipt.maxMs)} after it was accepted.`}
      </p>
    );
  return (
    <p class="outcome" data-state="converging">
      <MoodSign mood="fair" /> <strong>Converging.</strong> {applied} of{" "}
      {plural(receipt.edges.length, "edge")} have it.
      {receipt.fencedAt === null ? null : (
        <>
          {" "}
          Whatever happens, nobody is answered from it after <When at={receipt.fencedAt} />.
        </>
      )}
    </p>
  );
}

const WORDS = {
  applied: "applied",
  fenced: "fenced: too old to serve it",
  pending: "not heard of yet",
} as const;

/** On one scale of time: the longest is as long as the line. */
function Timeline({ receipt: { edges, unlisted, maxMs } }: { readonly receipt: Receipt }) {
  const most = Math.max(1, maxMs ?? 0);
  return (
    <ul class="timeline" aria-label="Edge by edge">
      {edges.map(({ edge, state, afterMs }) => (
        <li class={state}>
          <span class="edge">{edge}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="rail" width="100" height="8" />
            <rect
              class="after"
              width={afterMs === null ? 0 : Math.max(1.5, (afterMs / most) * 100)}
              height="8"
            />
          </svg>
          <span class="state">
            {WORDS[state]}
            {afterMs === null ? null : <b> {span(afterMs)}</b>}
          </span>
        </li>
      ))}
      {unlisted === undefined ? null : (
        <li class="fenced">
          <span class="edge">unlisted</span>
          <span class="state">
            isolates without an address, fenced at <When at={unlisted.fencedAt} />
          </span>
        </li>
      )}
    </ul>
  );
}
