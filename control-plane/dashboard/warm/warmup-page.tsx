// A warm-up as it goes on, and its end.

import type { Warmup } from "../../../client/schemas.ts";
import { count, NOTHING, span } from "../frame/format.ts";
import { FormToken, type Frame, Page } from "../frame/page.tsx";
import { Bar, Figures, Live, MoodSign, Short, Table, When } from "../frame/parts.tsx";
import { isOpen } from "../overview/questions/warmups.tsx";

/** Where no script runs, one that goes on is asked for again after so many seconds. */
const AGAIN = 2;

interface WarmupPageProps {
  readonly frame: Frame;
  readonly warmup: Warmup;
  readonly mayCancel: boolean;
}

export const WarmupPage = ({ frame, warmup, mayCancel }: WarmupPageProps) => {
  const path = `/warm/${encodeURIComponent(warmup.id)}`;
  const goesOn = isOpen(warmup);
  return (
    <Page frame={frame} title="Warm-up" live={goesOn ? `${path}/events` : null} again={goesOn ? AGAIN : null}>
      <section class="narrow" aria-labelledby="warmup-title">
        <h1 id="warmup-title">Warm-up</h1>
        <Live id="outcome" told>
          <Outcome warmup={warmup} />
        </Live>
        <Live id="warmup">
          <WarmupBody warmup={warmup} />
        </Live>
        {goesOn && mayCancel ? (
          <form class="form" method="post" action={`${path}/cancel`}>
            <FormToken frame={frame} />
            <div class="buttons">
              <button type="submit" class="second">
                Cancel it
              </button>
            </div>
          </form>
        ) : null}
        <p class="answer">
          <a href="/#warmups">To all warm-ups</a>
        </p>
      </section>
    </Page>
  );
};

const WORDS = {
  listing: "Reading lists.",
  running: "Warming.",
  done: "Done.",
  cancelled: "Cancelled.",
} as const;
const MOODS = { listing: "fair", running: "fair", done: "good", cancelled: "unknown" } as const;

export const warmupPageParts = (warmup: Warmup) => ({
  outcome: <Outcome warmup={warmup} />,
  warmup: <WarmupBody warmup={warmup} />,
});

const endedOf = ({ done, failed, skipped }: Warmup): number => done + failed + skipped;

const saidOf = (warmup: Warmup): string => `${count(endedOf(warmup))} of ${count(warmup.total)}`;

const Outcome = ({ warmup }: { readonly warmup: Warmup }) => (
  <p class="outcome" data-state={warmup.state}>
    <MoodSign mood={MOODS[warmup.state]} /> <strong>{WORDS[warmup.state]}</strong> {saidOf(warmup)} requests.
    {warmup.etaSeconds === null || !isOpen(warmup) ? null : ` About ${span(warmup.etaSeconds * 1000)} to go.`}
  </p>
);

function WarmupBody({ warmup }: { readonly warmup: Warmup }) {
  const part = warmup.total === 0 ? 0 : endedOf(warmup) / warmup.total;
  return (
    <>
      <p class="wide-bar">
        <Bar part={part} tone={warmup.failed > 0 ? 1 : 0} label={saidOf(warmup)} />
      </p>
      <Figures
        rows={[
          ["Stored", count(warmup.done)],
          ["Failed", count(warmup.failed)],
          ["May not be stored", count(warmup.skipped)],
          ["Turned away for users' sake, tried again", count(warmup.later)],
          ["A second, at most", count(warmup.ratePerSecond)],
          ["Edges", warmup.edges === "all" ? "all" : warmup.edges.join(", ")],
          ["Site", warmup.site],
          ["By", warmup.actor],
          ["Accepted", <When at={warmup.acceptedAt} />],
          ["Ended", warmup.finishedAt === null ? NOTHING : <When at={warmup.finishedAt} />],
        ]}
      />
      {warmup.errors.length === 0 ? null : (
        <Table
          caption="What failed first"
          columns={["URL", "Edge", "Why"]}
          empty=""
          rows={warmup.errors.map(({ url, edge, reason }) => [<Short text={url} />, edge || NOTHING, reason])}
        />
      )}
    </>
  );
}
