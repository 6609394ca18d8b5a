// A receipt as text: what was invalidated, and edge by edge what has become of it.

import type { Receipt } from "../client/schemas.ts";
import type { Colour, Output } from "./output.ts";
import { count, moment, plain, span } from "./wording.ts";

const COLOURS: Readonly<Record<Receipt["edges"][number]["state"], Colour>> = {
  applied: "green",
  fenced: "yellow",
  pending: "red",
};

export function showReceipt(out: Output, receipt: Receipt): void {
  const { id, mode, position, acceptedAt, actor, reason } = receipt;
  out.line(`${out.paint("bold", `purge ${id}`)}  ${mode ?? "hard"}, position ${position}`);
  out.line(
    `  accepted ${moment(acceptedAt)} by ${plain(actor)}${reason === null ? "" : `: ${plain(reason)}`}`,
  );
  for (const text of selectorsOf(receipt)) out.line(`  ${text}`);
  showWarnings(out, receipt);
  showSpared(out, receipt);
  if (receipt.edges.length > 0) {
    out.line();
    out.table(
      [
        { title: "EDGE" },
        { title: "STATE", paint: (padded, text) => out.paint(colourOf(text), padded) },
        { title: "AFTER", align: "right" },
        { title: "POSITION" },
      ],
      receipt.edges.map(({ edge, state, afterMs, position }) => [
        edge,
        state,
        span(afterMs),
        position ?? "–",
      ]),
    );
  }
  out.line();
  out.line(summaryOf(out, receipt));
}

/** What a purge leaves out that may have been meant. */
export function showWarnings(out: Output, { warnings }: Pick<Receipt, "warnings">): void {
  for (const { message } of warnings) out.line(out.paint("yellow", `! ${plain(message)}`));
}

/** What of it is read on all the same. */
function showSpared(out: Output, { dirty }: Receipt): void {
  if (dirty === 0) return;
  const what = `it does not hit ${count(dirty, "value")} that the journal has and the origin does not yet`;
  out.line(out.paint("yellow", `! ${what}`));
}

const colourOf = (state: string): Colour => COLOURS[state as keyof typeof COLOURS] ?? "grey";

function selectorsOf({ selectors, selectorsTotal }: Receipt): string[] {
  const shown = selectors.slice(0, 10).map(({ kind, value }) => plain(`${kind} ${value}`.trim()));
  const more = selectorsTotal - shown.length;
  return more > 0 ? [...shown, `and ${count(more, "selector")} more`] : shown;
}

function summaryOf(out: Output, receipt: Receipt): string {
  const { edges, state, maxMs, unlisted, fencedAt } = receipt;
  const rest =
    unlisted === undefined
      ? ""
      : `; edges without an address are fenced from ${moment(unlisted.fencedAt)} on`;
  const pending = edges.filter((edge) => edge.state === "pending").length;
  if (state === "converged") {
    const within = maxMs === null ? "" : ` within ${span(maxMs)}`;
    return out.paint("green", `converged: it holds at ${count(edges.length, "edge")}${within}${rest}`);
  }
  const until = fencedAt === null ? "" : `; it holds everywhere from ${moment(fencedAt)} on`;
  return out.paint(
    "yellow",
    `converging: ${pending} of ${count(edges.length, "edge")} pending${until}${rest}`,
  );
}
