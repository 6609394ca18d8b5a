// "What is asked for?": the hottest keys, and the paths that the cache helps least.

import { count, percent } from "../../frame/format.ts";
import { Known, Live, Question, Short, Table } from "../../frame/parts.tsx";
import { known, type Overview, whyUnknown } from "../read-overview.ts";

export const keyParts = (overview: Overview) => ({
  "keys-hot": <HotKeys overview={overview} />,
  "keys-low": <LowestRatios overview={overview} />,
});

export const Keys = ({ parts }: { readonly parts: ReturnType<typeof keyParts> }) => (
  <Question
    id="keys"
    question="What is asked for?"
    aside={
      <p class="answer">
        One request in eight is sampled. <a href="/explain">Explain a URL</a>: why it was a hit or a miss,
        edge by edge.
      </p>
    }
  >
    <Live id="keys-hot">{parts["keys-hot"]}</Live>
    <Live id="keys-low">{parts["keys-low"]}</Live>
  </Question>
);

const SHOWN = 10;

function HotKeys({ overview: { metrics, view } }: { readonly overview: Overview }) {
  return (
    <Known
      asked={metrics}
      why={whyUnknown(metrics)}
      show={({ hotKeys }) => (
        <Table
          caption="Asked for most"
          columns={["URL", "Class", "#Of all", "#A second", "Why"]}
          empty="Too little is asked for to say."
          rows={hotKeys
            .filter((key) => view.only === null || key.class === view.only)
            .slice(0, SHOWN)
            .map((key) => [
              <>
                <Short text={key.url} /> {key.hot ? <span class="tag">hot</span> : null}
              </>,
              key.class,
              percent(key.share),
              count(Math.round(key.requestsPerSecond * 10) / 10),
              key.masked ? <span class="muted">a secret is left out</span> : <ExplainLink url={key.url} />,
            ])}
        />
      )}
    />
  );
}

const ExplainLink = ({ url }: { readonly url: string }) => (
  <a href={`/explain?url=${encodeURIComponent(url)}`}>
    explain<span class="unseen"> {url}</span>
  </a>
);

function LowestRatios({ overview: { suggestions } }: { readonly overview: Overview }) {
  const list = known(suggestions);
  if (list === null) return <p class="empty">{whyUnknown(suggestions)}</p>;
  const lowest = list.items.toSorted((a, b) => a.evidence.hitRatio - b.evidence.hitRatio).slice(0, SHOWN);
  return (
    <Table
      caption="Patterns with the lowest hit ratio"
      columns={["Pattern", "#Hit ratio", "#Of all", "Governed by", "Its traffic asks for"]}
      empty="No path was asked for often enough."
      rows={lowest.map(({ key_pattern, evidence, alreadyCovered, class: suggested, reasons }) => [
        <Short text={key_pattern} />,
        percent(evidence.hitRatio),
        percent(evidence.share),
        alreadyCovered === null ? "the origin's headers" : `${alreadyCovered.id} (${alreadyCovered.class})`,
        <span title={reasons.join("; ")}>{suggested}</span>,
      ])}
    />
  );
}
