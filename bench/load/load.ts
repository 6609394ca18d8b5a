// One workload on a cluster that is started for it, or on edges that run already: hits, offload, latencies, and whether anything stale was served.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mixUnit } from "../../shared/core/mix.ts";
import type { FigureClaim } from "../claim.ts";
import {
  type CheckedLoad,
  createOutsideChecker,
  type LoadPlan,
  type OutsideChecker,
} from "../outside/checker.ts";
import { invalidateAt, startCheckedOrigin } from "../outside/content-origin.ts";
import { keptTime, LATE_MS } from "../outside/open-loop.ts";
import type { LoadReport } from "../outside/run.ts";
import { startSystem } from "../outside/start-system.ts";
import type { Second } from "../outside/tally.ts";
import type { LoadFlags } from "./flags.ts";
import { printLoad, printSecond } from "./print.ts";
import { groupsOf, policiesOf } from "./site.ts";
import { askOf, mostFactor, partsOf, rateFactor, usualOf, type Wanted, type Workload } from "./workload.ts";
import { workloadOf } from "./workloads.ts";

export interface LoadResult {
  readonly name: "load";
  readonly workload: string;
  readonly flags: Omit<LoadFlags, "given" | "workload"> & { readonly edges: number };
  /** Without the site's origin nothing is known of what was true. */
  readonly judged: boolean;
  readonly claims: readonly FigureClaim[];
  readonly report: LoadReport;
  readonly timeline: readonly Second[];
}

export const LOAD_HOST = "load.test";
const EDGES = 3;
const DEADLINE_MS = 10_000;
/** What measuring and transit may take. */
const EPSILON_MS = 200;

export async function benchLoad(flags: LoadFlags): Promise<LoadResult> {
  const workload = await workloadOf(flags);
  const result = flags.given === null ? await onOwn(flags, workload) : await onGiven(flags, workload);
  for (const line of printLoad(result)) console.log(line);
  return result;
}

async function onOwn(flags: LoadFlags, workload: Workload): Promise<LoadResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-load-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    let plane = { control: "", token: "" };
    const checker = createOutsideChecker({
      ...{ host: LOAD_HOST, groups: groupsOf(partsOf(workload)), epsilonMs: EPSILON_MS },
      invalidate: (named, mode) => invalidateAt(plane)(named, mode),
    });
    const origin = await startCheckedOrigin(checker);
    stops.push(() => origin.close());
    const policies = policiesOf(partsOf(workload));
    const cluster = await startSystem({ dir, origin: origin.server, edges: EDGES, policies });
    stops.push(() => cluster.stop());
    plane = cluster;
    return await run(checker, { flags, workload, edges: cluster.edges });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Every key of the workload stands in the place of `{key}`. */
function onGiven(flags: LoadFlags, workload: Workload): Promise<LoadResult> {
  const { edges, url } = flags.given ?? { edges: [], url: new URL("http://none") };
  const checker = createOutsideChecker({
    ...{ host: url.host, groups: [], epsilonMs: EPSILON_MS, judged: false },
    invalidate: () => Promise.reject(new Error("nothing is purged here")),
  });
  const target = url.pathname + url.search;
  const pathOf = (path: string): string =>
    target.replaceAll(/%7Bkey%7D|\{key\}/gi, path.split("/").at(-1) ?? "");
  return run(checker, { flags, workload, edges, pathOf });
}

interface Running {
  readonly flags: LoadFlags;
  readonly workload: Workload;
  readonly edges: readonly { readonly url: string }[];
  readonly pathOf?: (path: string) => string;
}

async function run(checker: OutsideChecker, running: Running): Promise<LoadResult> {
  const { flags, workload, edges } = running;
  if (flags.warmUpSeconds > 0) {
    console.log(`warming up for ${flags.warmUpSeconds} s, not counted`);
    const usual = { ...running, workload: usualOf(workload) };
    const warming = checker.start(planOf(usual, { seed: flags.seed + 1, purges: 0 }));
    await pass(flags.warmUpSeconds);
    await warming.stop();
  }
  const load = checker.start(planOf(running, flags));
  await shown(load, { seconds: flags.seconds, judged: flags.given === null });
  const report = knownOf(await load.stop(), flags.given === null);
  const { given: _given, workload: _name, ...told } = flags;
  return {
    ...{ name: "load", workload: workload.kind === "replay" ? "replay" : flags.workload },
    flags: { ...told, edges: edges.length },
    ...{ judged: flags.given === null, report, timeline: load.seconds() },
    claims: claimsOf(report, flags.given === null),
  };
}

/** What any load is for: an answer, and a client whose own lateness isn't taken for the server's. */
export function claimsOf(
  report: Pick<LoadReport, "all" | "violations" | "client">,
  judged: boolean,
): FigureClaim[] {
  const { all, violations, client } = report;
  const answered = all.requests - all.errors;
  const stale = { measured: violations.count, holds: violations.count === 0 };
  return [
    { claim: "requests are answered", ...{ measured: answered, holds: answered > 0 } },
    {
      claim: `the client sends what is due, and nothing more than ${LATE_MS} ms late (p99)`,
      ...{ measured: client.lateMs?.p99 ?? 0, holds: keptTime(client) },
    },
    ...(judged ? [{ claim: "no answer is stale beyond what is allowed", ...stale }] : []),
  ];
}

/** What an origin that is not ours was asked nobody has counted: JSON has null for it. */
const knownOf = (report: LoadReport, judged: boolean): LoadReport =>
  judged ? report : { ...report, offload: { requests: Number.NaN, octets: Number.NaN } };

/** What a workload asks of edges at a rate. */
export function planOf(
  { flags, workload, edges, pathOf = (path) => path }: Running,
  { seed, purges }: { readonly seed: number; readonly purges: number },
): LoadPlan {
  const ask = askOf(workload, seed);
  const purged = askOf(workload, seed + 7);
  let last: { readonly number: number; readonly wanted: Wanted } | null = null;
  // A mix counts what it is asked for, so it is asked once for each request.
  const wantedOf = (number: number, afterMs: number): Wanted => {
    if (last?.number !== number) last = { number, wanted: ask(number, afterMs) };
    return last.wanted;
  };
  return {
    ...{ edges, deadlineMs: DEADLINE_MS, failOver: true },
    perSecond: (afterMs) => flags.rate * rateFactor(workload, afterMs),
    mostPerSecond: flags.rate * mostFactor(workload),
    pathOf: (number, afterMs) => pathOf(wantedOf(number, afterMs).path),
    writes: (number, afterMs) => wantedOf(number, afterMs).write,
    // −ln of what is even is as far apart as independent clients are.
    ...(flags.arrivals === "poisson" && {
      spacing: (number: number) => -Math.log(1 - mixUnit(`arrival ${number}`, seed)),
    }),
    ...(purges > 0 && { purges: { perSecond: purges, pathOf: (number: number) => purged(number, 0).path } }),
  };
}

const TOLD_EVERY_S = 10;

async function shown(
  load: CheckedLoad,
  { seconds, judged }: { seconds: number; judged: boolean },
): Promise<void> {
  for (let passed = 0; passed < seconds; passed += TOLD_EVERY_S) {
    await pass(Math.min(TOLD_EVERY_S, seconds - passed));
    const last = load.seconds().at(-2);
    if (last !== undefined) console.log(printSecond(last, judged));
  }
}

const pass = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
