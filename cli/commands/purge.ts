// `tidegate purge`: invalidates what selectors name, and shows the receipt edge by edge.

import type { Command } from "commander";
import type { DryRun, Invalidation, Receipt } from "../../client/schemas.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { agreed } from "../agree.ts";
import { collect, duration, given, listOf, runs, type Shell, type Tools } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import type { Output } from "../output.ts";
import { showReceipt, showWarnings } from "../receipt.ts";
import { selectorText } from "../selector-text.ts";
import { count, plain, size } from "../wording.ts";

interface Flags {
  readonly tag?: readonly string[];
  readonly prefix?: readonly string[];
  readonly host?: readonly string[];
  readonly class?: readonly string[];
  readonly everything?: true;
  readonly confirm?: string;
  readonly site?: string;
  readonly soft?: true;
  readonly dryRun?: true;
  readonly wait?: true;
  readonly timeout?: number;
  readonly reason?: string;
  readonly yes?: true;
}

const NAMES = {
  urls: "URL",
  tags: "--tag",
  prefixes: "--prefix",
  hosts: "--host",
  classes: "--class",
  everything: "--everything",
  confirm: "--confirm",
  site: "--site",
  reason: "--reason",
};

const EXAMPLES = `
A purge holds at every edge within its class's window even where no push arrives. --wait shows when.

Examples:
  $ tidegate purge https://www.example.com/products/42
  $ tidegate purge --tag product-42 --tag list --wait --timeout 5s
  $ tidegate purge --prefix /blog --soft --reason 'new layout'
  $ tidegate purge --tag product-42 --dry-run
  $ tidegate purge --class hot --yes
  $ tidegate purge --everything --confirm default`;

export function addPurge(program: Command, shell: Shell): void {
  const command = program
    .command("purge")
    .argument("[url...]", "URLs, or paths of the site")
    .description("Invalidate URLs, tags, prefixes, hosts, classes, or everything.")
    .option("--tag <tag>", "what bears this tag; may be repeated, as the next three", collect)
    .option("--prefix <prefix>", "/path, host/path or a URL: it and all below it", collect)
    .option("--host <host>", "all of a host", collect)
    .option("--class <class>", "all of a class", collect)
    .option("--everything", "all of the site")
    .option("--confirm <site>", "the site's name once more, with --everything")
    .option("--site <site>", "which site (default: default)")
    .option("--soft", "let it be served stale while it is fetched anew")
    .option("--dry-run", "only count what it would hit")
    .option("--wait", "until every edge has applied it or is fenced; exit code 6 if time runs out")
    .option("--timeout <duration>", "how long to wait (default 30s)", duration)
    .option("--reason <text>", "for the receipt and the audit")
    .option("--yes", "don't ask; all of a host or class needs it where nobody can be asked, unless --soft")
    .addHelpText("after", EXAMPLES);
  runs<Flags>(command, { shell, names: NAMES }, (tools, flags, [urls]) => purge(tools, flags, listOf(urls)));
}

async function purge(tools: Tools, flags: Flags, urls: readonly string[]): Promise<ExitCode> {
  const { client, out } = tools;
  if (flags.dryRun === true && flags.wait === true)
    throw usageError("--dry-run and --wait exclude each other");
  if (flags.timeout !== undefined && flags.wait !== true)
    throw usageError("--timeout needs --wait beside it");
  const body = await bodyOf(tools, flags, urls);
  if (flags.dryRun === true) {
    const found = await client.invalidate({ ...body, dryRun: true });
    out.result(found, () => showDryRun(out, found));
    return EXIT.done;
  }
  await askAbout(tools, flags);
  const accepted = await client.invalidate(body);
  out.note(`accepted at ${accepted.position}`);
  const receipt = await receiptOf(tools, accepted.id, flags).catch((error: unknown) => {
    if (!(error instanceof TidegateError)) throw error;
    // It is purged all the same: what is missing is only the word of it.
    out.warn(
      `Accepted at ${accepted.position}, but the receipt ${accepted.id} can't be read: ${plain(error.message)}`,
    );
    return null;
  });
  out.result(receipt ?? accepted, () => receipt === null || showReceipt(out, receipt));
  if (flags.wait !== true || receipt?.state === "converged") return EXIT.done;
  if (receipt !== null)
    out.warn(
      "The time is up, and not every edge is known to have it: `tidegate receipts` shows how it goes on.",
    );
  return EXIT.partial;
}

async function bodyOf(
  tools: Tools,
  flags: Flags,
  urls: readonly string[],
): Promise<Omit<Invalidation, "wait" | "dryRun">> {
  const { tag: tags = [], prefix: prefixes = [], host: hosts = [], class: classes = [] } = flags;
  const named = [urls, tags, prefixes, hosts, classes].some((list) => list.length > 0);
  if (!named && flags.everything !== true)
    throw usageError("Nothing is named: give URLs, --tag, --prefix, --host, --class, or --everything.");
  if (flags.confirm !== undefined && flags.everything !== true)
    throw usageError("--confirm needs --everything beside it");
  return given({
    ...{ urls, tags, prefixes, hosts, classes, site: flags.site, reason: flags.reason },
    everything: flags.everything,
    confirm: flags.everything === true ? await confirmed(tools, flags) : undefined,
    mode: flags.soft === true ? ("soft" as const) : undefined,
  });
}

async function confirmed({ surroundings }: Tools, { confirm, site = "default" }: Flags): Promise<string> {
  if (confirm !== undefined) return confirm;
  if (surroundings.ask === null) throw usageError(`--everything needs --confirm ${site} beside it`);
  const typed = await surroundings.ask(
    `This purges everything of the site ${site}. Type its name to go on: `,
  );
  if (typed.trim() !== site) throw usageError("Nothing was purged: that is not the site's name.");
  return site;
}

/** Everything has its own question. Softly purged, answers go on being served: no origin is swamped by that. */
async function askAbout(tools: Tools, flags: Flags): Promise<void> {
  const { host: hosts = [], class: classes = [], soft, everything } = flags;
  if (soft === true || everything === true || hosts.length + classes.length === 0) return;
  const named = [...hosts.map((host) => `the host ${host}`), ...classes.map((name) => `the class ${name}`)];
  await agreed(tools, flags, {
    question: `Purge all of ${plain(named.join(", "))}? The origin has to answer all of it anew; --soft serves it stale meanwhile.`,
    nothing: "Nothing was purged",
  });
}

function receiptOf({ client, out }: Tools, id: string, { wait, timeout }: Flags): Promise<Receipt> {
  if (wait !== true) return client.invalidations.get(id);
  return client.invalidations.converged(id, {
    ...(timeout !== undefined && { timeoutMs: timeout }),
    onProgress: ({ edges }) =>
      out.progress(() => {
        const have = edges.filter(({ state }) => state !== "pending").length;
        return `${have} of ${count(edges.length, "edge")} …`;
      }),
  });
}

function showDryRun(out: Output, { selectors, edges, estimate, warnings }: DryRun): void {
  out.line(`It would be pushed to ${count(edges.length, "edge")}, as`);
  for (const selector of selectors.slice(0, 10)) out.line(`  ${selectorText(selector)}`);
  if (selectors.length > 10) out.line(`  and ${count(selectors.length - 10, "selector")} more`);
  showWarnings(out, { warnings });
  out.line();
  const rows = [
    ...estimate.memory.map(({ edge, ...part }) => [`memory of ${edge}`, ...cells(part)]),
    ...estimate.l2.map(({ shard, ...part }) => [`L2 on ${shard}`, ...cells(part)]),
  ];
  const [hits, bytes] = [
    { title: "WOULD HIT", align: "right" },
    { title: "BYTES", align: "right" },
  ] as const;
  out.table([{ title: "WHERE" }, hits, bytes, { title: "HOW SURE" }], rows);
  out.line();
  out.line("Nothing was purged.");
}

function cells({
  hits,
  unavailable,
}: DryRun["estimate"]["l2"][number] | Omit<DryRun["estimate"]["memory"][number], "edge">): string[] {
  if (hits === null) return ["?", "?", `unknown: ${unavailable ?? "no answer"}`];
  const { entries, bytes, exact, least, most, sampled, of } = hits;
  const sure = exact ? "exact" : `${least} to ${most}, by a sample of ${sampled} of ${of}`;
  return [String(entries), size(bytes), sure];
}
