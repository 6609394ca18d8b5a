// Why a URL is a hit or a miss: which policy governs it, how its key is made, and what each edge holds.

import type { Explanation, Problem } from "../../../client/schemas.ts";
import { bytes, NOTHING, span } from "../frame/format.ts";
import { type Frame, Page } from "../frame/page.tsx";
import { Faults, Figures, Selector, Table } from "../frame/parts.tsx";

interface ExplainPageProps {
  readonly frame: Frame;
  readonly url: string;
  readonly explanation: Explanation | null;
  readonly problem: Problem | null;
}

export const ExplainPage = ({ frame, url, explanation, problem }: ExplainPageProps) => (
  <Page frame={frame} title="Explain">
    <section class="middle" aria-labelledby="explain-title">
      <h1 id="explain-title">Why was this a hit or a miss?</h1>
      <form class="form row" method="get" action="/explain">
        <div>
          <label for="explain-url">URL, as clients ask for it</label>
          <input
            id="explain-url"
            name="url"
            type="url"
            value={url}
            required
            placeholder="https://example.com/path"
          />
        </div>
        <div class="buttons">
          <button type="submit">Explain</button>
        </div>
      </form>
      {problem === null ? null : <Faults problem={problem} />}
      {explanation === null ? null : <Explained explanation={explanation} />}
    </section>
  </Page>
);

function Explained({ explanation }: { readonly explanation: Explanation }) {
  const { policy, site, key, boundMs, considered, settings, selectors } = explanation;
  return (
    <>
      <p class="answer">
        {policy === null
          ? "No policy governs it: the origin's headers decide."
          : `The policy ${policy} governs it.`}{" "}
        It is of class <strong>{explanation.class}</strong>; after a purge nobody gets the old answer for
        longer than {span(boundMs)}.
      </p>
      <Held explanation={explanation} />
      <Figures
        rows={[
          ["Key", <code>{key.url}</code>],
          [
            "Headers in the key",
            key.headers.map(({ name, value }) => `${name}: ${value ?? "none"}`).join("; ") || NOTHING,
          ],
          ["Cookies in the key", key.cookies.join(", ") || NOTHING],
          ["Site", site],
        ]}
      />
      <Table
        caption="Settings in force"
        columns={["Setting", "Value", "From", "Why"]}
        empty=""
        rows={settings.map(({ name, value, from, why }) => [
          name,
          value === null ? NOTHING : String(value),
          from,
          why ?? "",
        ])}
      />
      <Table
        caption="Policies asked, in order"
        columns={["Policy", "Pattern", "#Priority", "Matches"]}
        empty="The site has none."
        rows={considered.map(({ id, key_pattern, priority, matches }) => [
          id,
          <code>{key_pattern}</code>,
          priority,
          matches ? "yes" : "no",
        ])}
      />
      <h2 class="small">It can be purged by</h2>
      <ul class="selectors">
        {selectors.map((selector) => (
          <li>
            <Selector text={selector} />
          </li>
        ))}
      </ul>
    </>
  );
}

type EdgeView = Explanation["edges"][number];

const Held = ({ explanation: { edges } }: { readonly explanation: Explanation }) => (
  <Table
    caption="What each edge would do"
    columns={["Edge", "Memory", "Data centre", "Redis", "Known up to"]}
    empty="No edge can be addressed."
    rows={edges.map((view) => [view.edge, ...rowOf(view)])}
  />
);

function rowOf(view: EdgeView) {
  if ("unavailable" in view) return [`did not say: ${view.unavailable}`, "", "", ""];
  const { tiers, journal, position } = view;
  if (tiers === null)
    return [journal ? `journal: ${journal.kind}` : "passes it by", "", "", position ?? NOTHING];
  return [tiers.memory, tiers.dataCentre, tiers.l2]
    .map((tier) => <Tier tier={tier} />)
    .concat([<span class="position">{position ?? NOTHING}</span>]);
}

type TierView = NonNullable<Extract<EdgeView, { tiers: unknown }>["tiers"]>["memory"];

function Tier({ tier }: { readonly tier: TierView }) {
  switch (tier.kind) {
    case "answer":
      return (
        <>
          <strong>{tier.step}</strong>
          <br />
          {tier.freshness}, {span(tier.ageMs)} of {span(tier.lifetimeMs)}
          <br />
          <span class="muted">
            {tier.status}, {bytes(tier.bytes)}
          </span>
        </>
      );
    case "being-fetched":
      return <>being fetched for {span(tier.forMs)}</>;
    case "unavailable":
      return <>no answer: {tier.reason}</>;
    case "uncacheable":
      return <>known as not to be stored</>;
    case "nothing":
      return <span class="muted">nothing</span>;
  }
}
