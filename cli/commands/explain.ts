// `tidegate explain`: which policy governs a request and why, its key, what it is granted, and who holds what.

import type { Command } from "commander";
import type { Explanation } from "../../client/schemas.ts";
import { collect, runs, type Shell } from "../command.ts";
import { EXIT } from "../exit.ts";
import type { Output } from "../output.ts";
import { selectorText } from "../selector-text.ts";
import { headerOf } from "../warm-order.ts";
import { plain, size, span } from "../wording.ts";

interface Flags {
  readonly header?: readonly string[];
}

type EdgeView = Explanation["edges"][number];
type Asked = Extract<EdgeView, { tiers: unknown }>;
type Tiers = NonNullable<Asked["tiers"]>;
type Holding = Tiers["memory"];

const EXAMPLES = `
Nothing is fetched by it, and nothing counted.

Examples:
  $ tidegate explain https://www.example.com/products/42
  $ tidegate explain https://www.example.com/ -H 'accept-language: de' -H 'cookie: theme=dark'`;

export function addExplain(program: Command, shell: Shell): void {
  const command = program
    .command("explain")
    .argument("<url>", "an absolute URL, as clients ask for it")
    .description("Say what becomes of a request, and why.")
    .option("-H, --header <header>", "a request header, 'name: value'; may be repeated", collect)
    .addHelpText("after", EXAMPLES);
  runs<Flags>(
    command,
    { shell, names: { url: "URL", headers: "--header" } },
    async ({ client, out }, { header = [] }, [url]) => {
      const headers = Object.fromEntries(header.map((text) => headerOf("--header", text)));
      const explained = await client.policies.explain({
        url: String(url),
        ...(header.length > 0 && { headers }),
      });
      out.result(explained, () => show(out, explained));
      return EXIT.done;
    },
  );
}

function show(out: Output, explained: Explanation): void {
  const { url, site, host, policy, boundMs, selectors } = explained;
  const governs = policy === null ? "no policy: the origin's headers decide" : `policy ${policy}`;
  out.line(out.paint("bold", plain(url)));
  out.line(
    `  site ${site}, known as ${plain(host)}; class ${out.paint("cyan", explained.class)} by ${governs}`,
  );
  out.line(`  a purge shows after ${span(boundMs)} at the latest`);
  considered(out, explained);
  key(out, explained);
  settings(out, explained);
  heading(out, "Purged by");
  for (const selector of selectors) out.line(`  ${selectorText(selector)}`);
  out.line("  and the tags that its answer brings");
  heading(out, "Held");
  for (const edge of explained.edges) edgeView(out, edge);
  if (explained.edges.length === 0) out.line("  no edge can be asked");
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

/** What the log says of it. */
const COHERENCE: Readonly<Record<string, string>> = {
  current: "",
  hard: ", but purged",
  soft: ", but purged softly",
  unchecked: ", to be checked with the log",
  "other-epoch": ", but of another epoch of the log",
};

function edgeView(out: Output, view: EdgeView): void {
  if ("unavailable" in view) {
    out.line(`  ${view.edge}: ${out.paint("red", plain(view.unavailable))}`);
    return;
  }
  out.line(`  ${view.edge} at ${view.position ?? "no position yet"}`);
  if (view.tiers === null) {
    out.line("    cold: nothing is served from any tier");
    return;
  }
  const { memory, dataCentre, l2 } = view.tiers;
  const named = [
    ["memory", memory],
    ["cache api", dataCentre],
    ["l2", l2],
  ] as const;
  for (const [name, holding] of named) out.line(`    ${name.padEnd(9)}  ${holdingText(out, holding)}`);
  const { journal } = view;
  if (journal !== null && journal !== undefined) out.line(`    journal    ${journalText(out, journal)}`);
}

function journalText(out: Output, journal: NonNullable<Asked["journal"]>): string {
  switch (journal.kind) {
    case "nothing":
      return out.paint("grey", "nothing");
    case "unavailable":
      return out.paint("red", `unavailable: ${plain(journal.reason)}`);
    case "value": {
      const what = journal.exists ? `a value of ${size(journal.bytes)}` : "deleted";
      const where = journal.verifiedTo === null ? "the origin does not have it yet" : "delivered";
      return plain(`${what}, written ${span(journal.ageMs)} ago, kept ${span(journal.ttlMs)}: ${where}`);
    }
  }
}

function holdingText(out: Output, holding: Holding): string {
  switch (holding.kind) {
    case "nothing":
      return out.paint("grey", "nothing");
    case "uncacheable":
      return out.paint("yellow", "known not to be storable");
    case "being-fetched":
      return out.paint("cyan", `being fetched, for ${span(holding.forMs)} at most`);
    case "unavailable":
      return out.paint("red", `unavailable: ${plain(holding.reason)}`);
    case "answer": {
      const { status, bytes, ageMs, lifetimeMs, freshness, coherence, step, shard } = holding;
      const where = shard === undefined ? "" : ` on ${plain(shard)}`;
      const also = COHERENCE[coherence] ?? `, ${coherence}`;
      return plain(
        `${status}, ${size(bytes)}${where}, ${span(ageMs)} old of ${span(lifetimeMs)}: ${freshness}${also} → ${step}`,
      );
    }
  }
}
