// `tidegate warm`: fetches URLs into the edges before they are asked for, and watches how it goes.

import type { Command } from "commander";
import type { Warmup } from "../../client/schemas.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import {
  collect,
  listOf,
  positiveNumber,
  requireSegment,
  runs,
  type Shell,
  type Tools,
  wholeNumber,
} from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import type { Output } from "../output.ts";
import { progressBar } from "../progress-bar.ts";
import { namesAnything, ORDER_NAMES, type OrderFlags, warmOrder } from "../warm-order.ts";
import { showPlan } from "../warm-plan.ts";
import { count, grouped, span } from "../wording.ts";

interface Flags extends OrderFlags {
  readonly watch?: true;
  readonly job?: string;
  readonly cancel?: string;
}

const EXAMPLES = `
Each URL costs the origin one request, however many edges there are. A job goes on by itself:
--watch only looks on, and Ctrl-C ends the looking.

Examples:
  $ tidegate warm / /products/1 /products/2 --watch
  $ tidegate warm --file urls.txt --rate 50 --edge edge-1 --edge edge-2
  $ tidegate warm --sitemap https://www.example.com/sitemap.xml --watch
  $ tidegate warm --hot 200 --class hot
  $ tidegate warm --manifest-old v1.json --manifest-new v2.json --watch
  $ tidegate warm / --variant 'accept-language: de' --variant 'accept-language: fr'
  $ tidegate warm --job 4f0c… --watch
  $ tidegate warm --cancel 4f0c…`;

export function addWarm(program: Command, shell: Shell): void {
  const command = program
    .command("warm")
    .argument("[url...]", "URLs of the site, or its paths")
    .description("Fill the edges with what is going to be asked for.")
    .option("--file <file>", "one URL a line; - is standard input")
    .option("--sitemap <url>", "all of a sitemap of the site")
    .option("--hot <n>", "the n that are asked for most", wholeNumber(1))
    .option("--class <class>", "with --hot: only of this class")
    .option("--manifest-new <file>", "a release's assets: JSON file, or URL of the site")
    .option("--manifest-old <file>", "of the release before: what is in both is left out")
    .option("--variant <header>", "once with 'name: value'; several of one variant with ' | '", collect)
    .option("--edge <id>", "only this edge; may be repeated", collect)
    .option("--rate <n>", "requests a second to the origin", positiveNumber)
    .option("--concurrency <n>", "requests to the origin at once", wholeNumber(1))
    .option("--site <site>", "which site (default: default)")
    .option("--dry-run", "only say what would be fetched")
    .option("--watch", "look on until it has ended; exit code 6 if anything failed")
    .option("--job <id>", "a job that was begun before")
    .option("--cancel <id>", "end a job")
    .addHelpText("after", EXAMPLES);
  runs<Flags>(command, { shell, names: ORDER_NAMES }, (tools, flags, [urls]) =>
    warm(tools, flags, listOf(urls)),
  );
}

async function warm(tools: Tools, flags: Flags, urls: readonly string[]): Promise<ExitCode> {
  const { client, out, surroundings } = tools;
  const { job, cancel, watch, dryRun } = flags;
  if (job !== undefined || cancel !== undefined) return ofJob(tools, flags, urls);
  if (dryRun === true && watch === true) throw usageError("--dry-run and --watch exclude each other");
  const order = await warmOrder(urls, flags, surroundings);
  if (dryRun === true) {
    const found = await client.warmups.start({ ...order, dryRun });
    out.result(found, () => showPlan(out, found));
    return EXIT.done;
  }
  const begun = await client.warmups.start(order);
  if (watch === true) return lookOn(tools, begun.id);
  out.result(begun, () => {
    out.line(`warm-up ${begun.id}: ${count(begun.total, "fetch", "fetches")}`);
    out.line(`  tidegate warm --job ${begun.id} --watch`);
  });
  return EXIT.done;
}

/** Of one that was begun before. */
async function ofJob(tools: Tools, flags: Flags, urls: readonly string[]): Promise<ExitCode> {
  const { client, out } = tools;
  const { job, cancel, watch } = flags;
  if (urls.length > 0 || namesAnything(flags) || (job !== undefined && cancel !== undefined))
    throw usageError("--job and --cancel name a job that there is: one of them, and nothing to fetch");
  requireSegment(job === undefined ? "--cancel" : "--job", job ?? cancel ?? "");
  if (cancel !== undefined) {
    if (watch === true) throw usageError("--cancel and --watch exclude each other");
    show(out, await client.warmups.cancel(cancel));
    return EXIT.done;
  }
  if (watch === true) return lookOn(tools, job ?? "");
  const shown = await client.warmups.get(job ?? "");
  show(out, shown);
  return exitFor(shown);
}

async function lookOn({ client, out, surroundings }: Tools, id: string): Promise<ExitCode> {
  const leaving = new AbortController();
  const stay = surroundings.onInterrupt(() => leaving.abort());
  let last: Warmup | null = null;
  try {
    for await (const job of client.warmups.events(id, { signal: leaving.signal })) {
      last = job;
      out.progress((columns) => progressBar(job, columns));
    }
    stay();
  } catch (error) {
    if (!(error instanceof TidegateError) || error.status === 404 || error.status === 401) throw error;
    out.warn(`The warm-up goes on without you: --job ${id} --watch looks on again, --cancel ${id} ends it.`);
    if (!leaving.signal.aborted) throw error;
    if (out.json) out.result(last ?? { id }, () => {});
    return EXIT.partial;
  }
  if (last === null) return EXIT.unexpected;
  show(out, last);
  return exitFor(last);
}

const exitFor = ({ failed, state }: Warmup): ExitCode =>
  failed > 0 || state === "cancelled" ? EXIT.partial : EXIT.done;

function show(out: Output, job: Warmup): void {
  out.result(job, () => {
    const { id, state, total, done, failed, skipped, later, errors } = job;
    const colour = state !== "done" ? "yellow" : failed > 0 ? "red" : "green";
    out.line(`warm-up ${id}: ${out.paint(colour, state)}`);
    out.line(
      `  ${grouped(done)} of ${grouped(total)} stored, ${grouped(failed)} failed, ${grouped(skipped)} not storable${tookOf(job)}`,
    );
    if (later > 0) out.line(`  ${grouped(later)} turned away for users' sake, to be asked for again`);
    if (errors.length === 0) return;
    out.line();
    out.table(
      [{ title: "FAILED" }, { title: "EDGE" }, { title: "WHY" }],
      errors.map(({ url, edge, reason }) => [url, edge, reason]),
    );
    if (failed > errors.length) out.line(`and ${grouped(failed - errors.length)} more`);
  });
}

const tookOf = ({ acceptedAt, finishedAt }: Warmup): string =>
  finishedAt === null ? "" : ` in ${span(Date.parse(finishedAt) - Date.parse(acceptedAt))}`;
