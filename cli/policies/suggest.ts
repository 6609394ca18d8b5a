// `tidegate policies suggest`: which class the observed traffic of a site asks for, path pattern by path pattern, and why.

import type { Suggestions } from "../../client/schemas.ts";
import type { Tools } from "../command.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { count, grouped, percent, plain, span } from "../wording.ts";

type Suggestion = Suggestions["items"][number];

export interface SuggestFlags {
  readonly site?: string;
}

export async function suggestPolicies({ client, out }: Tools, { site }: SuggestFlags): Promise<ExitCode> {
  const found = await client.policies.suggestions(site === undefined ? {} : { site });
  out.result(found, () => {
    for (const one of found.items) showOne(out, one);
    showRest(out, found);
    const at = found.items.findIndex(({ alreadyCovered }) => alreadyCovered === null);
    if (at >= 0) for (const line of howToApply(at, site)) out.line(line);
  });
  return EXIT.done;
}

function showOne(out: Output, one: Suggestion): void {
  const { key_pattern, confidence, evidence, reasons } = one;
  out.line(`${out.paint("bold", plain(key_pattern))}  ${one.class}, ${percent(confidence)} sure`);
  for (const reason of reasons) out.line(`  ${plain(reason)}`);
  out.line(`  ${percent(evidence.hitRatio)} hits by now, of ${count(evidence.requests, "sampled request")}`);
  out.line(`  ${covering(out, one)}`);
  out.line();
}

function covering(out: Output, { alreadyCovered: by }: Suggestion): string {
  if (by === null) return out.paint("yellow", "no policy matches all of it yet");
  const named = `policy ${plain(by.id)}`;
  return by.agrees
    ? out.paint("green", `as ${named} has it already`)
    : out.paint("yellow", `${named} says ${plain(by.class)} instead: its class would have to change`);
}

function showRest(out: Output, { items, tooLittle, observedForSeconds }: Suggestions): void {
  if (items.length === 0) out.line("Nothing is suggested yet.");
  for (const { key_pattern, requests, needed } of tooLittle.slice(0, 10))
    out.line(
      out.paint(
        "grey",
        `seen too seldom: ${plain(key_pattern)}, ${grouped(requests)} of ${grouped(needed)} samples`,
      ),
    );
  if (tooLittle.length > 10)
    out.line(out.paint("grey", `and ${count(tooLittle.length - 10, "pattern")} more`));
  out.line(`Observed for ${span(observedForSeconds * 1000)}.`);
}

/** By a name of its own: rows of a file that have none are known by their places. */
const howToApply = (at: number, site: string | undefined): readonly string[] => [
  "",
  "To apply one, here the first that no policy has yet, name it and look at the difference:",
  `  tidegate policies suggest${site === undefined ? "" : ` --site ${site}`} --json | jq '[.items[${at}].row + {id: "NAME"}]' > rows.json`,
  "  tidegate policies apply -f rows.json",
];
