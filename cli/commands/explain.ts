// `tidegate explain`: what a request gets at each edge and why, who holds what, which policy governs it, and its key.

import type { Command } from "commander";
import type { Explanation } from "../../client/schemas.ts";
import { collect, runs, type Shell } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import {
  type Asked,
  type EdgeView,
  type Holding,
  hitText,
  holdingText,
  type Next,
  newestAt,
  nextAt,
  type Purges,
  TIERS,
} from "../explain/next.ts";
import type { Output } from "../output.ts";
import { selectorText } from "../selector-text.ts";
import { headerOf } from "../warm-order.ts";
import { plain, size, span } from "../wording.ts";

interface Flags {
  readonly header?: readonly string[];
  readonly edge?: readonly string[];
  readonly policy?: true;
}

const EXAMPLES = `
Nothing is fetched by it, and nothing counted: it says what the next request gets at each edge, and why.
--policy says beside it which policies were asked, how the key is made, and what is granted.
Of a program's own keys, tidegate://NAMESPACE/KEY, it says which policy of the table governs them, and where to ask.

Examples:
  $ tidegate explain https://www.example.com/products/42
  $ tidegate explain https://www.example.com/ -H 'accept-language: de' -H 'cookie: theme=dark'
  $ tidegate explain https://www.example.com/products/42 --edge edge-2 --policy`;

export function addExplain(program: Command, shell: Shell): void {
  const command = program
    .command("explain")
    .argument("<url>", "an absolute URL, as clients ask for it")
    .description("Say why a request is a hit or a miss, edge by edge.")
    .option("-H, --header <header>", "a request header, 'name: value'; may be repeated", collect)
    .option("--edge <id>", "only at this edge; may be repeated", collect)
    .option("--policy", "the policies that were asked, the key, and what is granted, too")
    .addHelpText("after", EXAMPLES);
  runs<Flags>(
    command,
    { shell, names: { url: "URL", headers: "--header" } },
    async ({ client, out }, { header = [], edge, policy }, [url]) => {
      const headers = Object.fromEntries(header.map((text) => headerOf("--header", text)));
      const answer = await client.policies.explain({
        url: String(url),
        ...(header.length > 0 && { headers }),
      });
      const unknown = edge?.find((id) => !answer.edges.some((each) => each.edge === id));
      if (unknown !== undefined) throw new CommandError(EXIT.notFound, `There is no edge ${unknown}.`);
      const edges = answer.edges.filter((each) => edge === undefined || edge.includes(each.edge));
      const explained = { ...answer, edges };
      const next = edges.map((each) => ({ edge: each.edge, ...nextAt(each, answer.purges) }));
      out.result({ ...explained, next: next.map(({ edge, word, why }) => ({ edge, word, why })) }, () => {
        show(out, explained, next);
        if (policy === true) details(out, explained);
      });
      return EXIT.done;
    },
  );
}

function show(
  out: Output,
  explained: Explanation,
  next: readonly (Next & { readonly edge: string })[],
): void {
  const { url, site, host, policy, boundMs, purges } = explained;
  const governs = policy === null ? "no policy: the origin's headers decide" : `policy ${policy}`;
  out.line(out.paint("bold", plain(url)));
  out.line(
    `  site ${site}, known as ${plain(host)}; class ${out.paint("cyan", explained.class)} by ${governs}`,
  );
  out.line(`  a purge shows after ${span(boundMs)} at the latest`);
  heading(out, "The next request");
  const widest = Math.max(0, ...next.map(({ edge }) => edge.length));
  for (const { edge, word, colour, why } of next)
    out.line(`  ${edge.padEnd(widest)}  ${out.paint(colour, word.toUpperCase().padEnd(7))}  ${why}`);
  if (next.length === 0) out.line("  no edge can be asked");
  heading(out, "Held");
  for (const edge of explained.edges) edgeView(out, edge, purges);
  if (purges.length === 0) return;
  heading(out, "Receipts of these purges");
  for (const { id, position } of purges) out.line(`  ${position}  tidegate receipts ${plain(id)}`);
}

function details(out: Output, explained: Explanation): void {
  considered(out, explained);
  key(out, explained);
  settings(out, explained);
  heading(out, "Purged by");
  for (const selector of explained.selectors) out.line(`  ${selectorText(selector)}`);
  out.line("  and the tags that its answer brings");
}

function heading(out: Output, text: string): void {
  out.line();
  out.line(out.paint("bold", text));
}

function considered(out: Output, { considered: rows }: Explanation): void {
  if (rows.length === 0) return;
  heading(out, "Policies asked, in order");
  for (const { id, key_pattern, priority, matches } of rows) {
    const mark = matches ? out.paint("green", "✓") : "·";
    out.line(`  ${mark} ${id}  ${plain(key_pattern)}${priority === 0 ? "" : `  priority ${priority}`}`);
  }
}

function key(out: Output, { key: made }: Explanation): void {
  heading(out, "Cache key");
  out.line(`  ${plain(made.url)}`);
  for (const { name, value } of made.headers)
    out.line(`  header ${name}: ${value === null ? "(none)" : plain(value)}`);
  for (const name of made.cookies) out.line(`  cookie ${plain(name)}`);
}

const SPANS = new Set(["ttl", "stale_while_revalidate", "stale_if_error", "window_ms"]);

function settings(out: Output, { settings: rows }: Explanation): void {
  heading(out, "Granted");
  const shown = rows.map(({ name, value, from, why }) => [
    `  ${name}`,
    value === null
      ? "the origin's"
      : SPANS.has(name) && typeof value === "number"
        ? span(value)
        : String(value),
    `by the ${from}${why === null ? "" : `: ${why}`}`,
  ]);
  out.table([{ title: "  SETTING" }, { title: "VALUE" }, { title: "WHY" }], shown);
}

function edgeView(out: Output, view: EdgeView, purges: Purges): void {
  if ("unavailable" in view) {
    out.line(`  ${view.edge}: ${out.paint("red", plain(view.unavailable))}`);
    return;
  }
  const { edge, position, knownAgeMs = null, tiers, journal } = view;
  const newest = newestAt(view);
  const age = knownAgeMs === null ? "" : `, as it was ${span(knownAgeMs)} ago`;
  out.line(`  ${edge} knows the log up to ${position ?? "nothing yet"}${age}`);
  if (tiers !== null)
    for (const [tier, name] of TIERS)
      out.line(`    ${name.padEnd(15)}  ${painted(out, tiers[tier], purges)}`);
  if (journal !== null && journal !== undefined)
    out.line(`    ${"the journal".padEnd(15)}  ${journalText(out, journal)}`);
  out.line(
    `    ${"the last purge".padEnd(15)}  ${newest === null ? out.paint("grey", "none that it knows of") : hitText(newest, purges)}`,
  );
}

function painted(out: Output, holding: Holding, purges: Purges): string {
  const text = holdingText(holding, purges);
  switch (holding.kind) {
    case "answer":
      return text;
    case "nothing":
      return out.paint("grey", text);
    case "uncacheable":
      return out.paint("yellow", text);
    case "being-fetched":
      return out.paint("cyan", text);
    case "unavailable":
      return out.paint("red", text);
  }
}

function journalText(out: Output, journal: NonNullable<Asked["journal"]>): string {
  switch (journal.kind) {
    case "nothing":
      return out.paint("grey", "nothing");
    case "held":
      return out.paint("yellow", "what came back with an older copy, and is held");
    case "unavailable":
      return out.paint("red", `unavailable: ${plain(journal.reason)}`);
    case "value": {
      const what = journal.exists ? `a value of ${size(journal.bytes)}` : "deleted";
      const where = journal.verifiedTo === null ? "the origin does not have it yet" : "delivered";
      return plain(`${what}, written ${span(journal.ageMs)} ago, kept ${span(journal.ttlMs)}: ${where}`);
    }
  }
}
