// What a warm-up would fetch, as text: the answer to a dry run.

import type { WarmupRehearsal } from "../client/schemas.ts";
import type { Output } from "./output.ts";
import { count, grouped, plain, span } from "./wording.ts";

export function showPlan(out: Output, plan: WarmupRehearsal): void {
  const { total, complete, takesSeconds, errors, targets } = plan;
  const more = complete ? "" : " and more, which could not be read in time";
  out.line(`It would fetch ${count(total, "answer")}${more}, within ${span(takesSeconds * 1000)}.`);
  if (targets.length > 0) {
    out.line();
    out.table(
      [{ title: "URL" }, { title: "VARIANT", align: "right" }, { title: "HELD BY" }],
      targets.map(({ url, variant, held }) => [
        ...[url, variant === null ? "–" : String(variant + 1)],
        holders(held),
      ]),
    );
    if (total > targets.length) out.line(`and ${grouped(total - targets.length)} more`);
  }
  for (const { url, reason } of errors) out.line(out.paint("red", `✗ ${plain(url)}: ${plain(reason)}`));
  out.line();
  out.line("Nothing was fetched.");
}

const holders = (held: WarmupRehearsal["targets"][number]["held"]): string =>
  held
    .filter(({ tier }) => tier !== null)
    .map(({ edge, tier }) => `${edge} (${tier})`)
    .join(", ") || "nobody";
