// Purges under load: how soon every edge has them by the receipts and by an outside client, and whether a receipt ever lied.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../dev/cluster.ts";
import type { Verdict } from "./claim.ts";
import { startContentOrigin } from "./outside/content-origin.ts";
import type { Exchange } from "./outside/exchange.ts";
import { startOpenLoop } from "./outside/open-loop.ts";
import { zipfPicker } from "./outside/pick.ts";
import { startSystem } from "./outside/start-system.ts";
import { startTraffic } from "./outside/traffic.ts";
import { VersionedContent } from "./outside/versioned-content.ts";
import {
  lies,
  type PurgeRecord,
  type Receipt,
  readReceipt,
  seenAfterMs,
  servedOldAfterMs,
} from "./receipts.ts";
import { type Spread, spread } from "./spread.ts";

export interface PurgeResult {
  readonly name: "purge";
  readonly edges: number;
  readonly requestsPerSecond: number;
  readonly purgesPerSecond: number;
  readonly purges: number;
  /** Of each purge, its slowest edge: how long after the acceptance it had applied it. */
  readonly convergenceMs: Spread;
  /** Receipts with an edge that had not applied it. */
  readonly notApplied: number;
  /** From sending the purge to reading its 202. */
  readonly acknowledgedMs: Spread;
  /**
   * Of each purge and edge: from sending the purge until the edge was first seen to serve what came after it. How often
   * an edge is asked, every 120 or 160 ms, is most of it.
   */
  readonly firstSeenMs: Spread;
  /** Of each answer with purged content whose request was sent after the acknowledgement: how long after. */
  readonly servedOld: Spread;
  /** Receipts that say that an edge had applied what it gave purged content after. */
  readonly receiptsThatLied: number;
  /** From the scheduled instant. */
  readonly requestMs: Spread;
  readonly requestsFailed: number;
  readonly verdict: Verdict;
}

type Measured = Omit<PurgeResult, "verdict">;

const EDGES = 8;
const PATHS = 32;
const REQUESTS_PER_SECOND = 200;
const PURGES_PER_SECOND = 10;
const DEADLINE_MS = 5000;
/**
 * What all edges are asked for in one round after another: the path purged last, the one before it and so on, or any.
 * Asked at random, an edge would seldom show when a purge arrives there.
 */
const ROUNDS: readonly (0 | 1 | 2 | 3 | null)[] = [0, 1, 2, 0, 1, 3, null];
/** At the end, for edges to be asked for what was purged last. */
const PURGES_LEFT_OUT = 5;
const HOST = "bench.test";
const TOKEN = "a-token-for-the-bench";

export async function benchPurge(quick: boolean): Promise<PurgeResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const content = new VersionedContent({ headersOf: () => ({ "cache-control": "max-age=3600" }) });
  const origin = await startContentOrigin(content);
  const cluster = await startSystem({ dir, origin: origin.server, edges: EDGES, token: TOKEN });
  try {
    const measured = await measure(cluster, content, quick ? 100 : 1000);
    return { ...measured, verdict: verdictOn(measured) };
  } finally {
    await cluster.stop();
    await origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** How soon is a matter of the machine; whether what a receipt says is so is not. */
export function verdictOn(
  of: Pick<Measured, "purges" | "notApplied" | "receiptsThatLied" | "requestsFailed">,
): Verdict {
  const above = (["notApplied", "receiptsThatLied", "requestsFailed"] as const)
    .filter((name) => of[name] > 0)
    .map((name) => `${name}: ${of[name]}`);
  if (of.purges === 0) above.push("nothing was purged");
  const claim =
    "every edge has applied every purge, no answer contradicts a receipt, and no request fails meanwhile";
  return { claim, met: above.length === 0, above };
}

async function measure(cluster: Cluster, content: VersionedContent, count: number): Promise<Measured> {
  const paths = Array.from({ length: PATHS }, (_, i) => `/page/${i}`);
  const usual = zipfPicker(paths, 1);
  const purges: PurgeRecord[] = [];
  /** Number of the purge that was sent last; none while every edge is asked for everything once. */
  let newest: number | null = null;
  const recent = (back: number): string => paths[((newest ?? 0) + PATHS - back) % PATHS] ?? "/";
  const pathOf = (number: number): string => {
    const round = Math.floor(number / EDGES);
    if (newest === null) return paths[round % PATHS] ?? "/";
    const back = ROUNDS[round % ROUNDS.length] ?? null;
    return back === null ? usual(number) : recent(back);
  };
  const traffic = startTraffic({
    edges: cluster.edges,
    host: HOST,
    perSecond: REQUESTS_PER_SECOND,
    deadlineMs: DEADLINE_MS,
    pathOf,
  });
  await untilWarm(traffic.exchanges, paths);
  const begun = traffic.exchanges.length;
  const enough = Promise.withResolvers<void>();
  const loop = startOpenLoop({
    perSecond: PURGES_PER_SECOND,
    mostInFlight: 100,
    async send(number) {
      if (number >= count + PURGES_LEFT_OUT) enough.resolve();
      if (number >= count) return;
      newest = number;
      purges.push(await purge(cluster, content, paths[number % PATHS] ?? "/"));
    },
  });
  await enough.promise;
  await loop.stop();
  await traffic.stop();
  const receipts = await readReceipts(cluster, purges);
  return resultOf({ purges, receipts, exchanges: traffic.exchanges.slice(begun) });
}

/** Every edge has answered for every path. */
async function untilWarm(exchanges: readonly Exchange[], paths: readonly string[]): Promise<void> {
  const warm = (): boolean =>
    new Set(exchanges.map(({ edge, path }) => `${edge} ${path}`)).size === EDGES * paths.length;
  while (!warm()) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function purge(cluster: Cluster, content: VersionedContent, path: string): Promise<PurgeRecord> {
  const { version } = content.write(path);
  const sentAt = performance.now();
  const answer = await fetch(`${cluster.control}/invalidate`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ urls: [`http://${HOST}${path}`] }),
  });
  const { id } = (await answer.json()) as { id?: string };
  if (answer.status !== 202 || id === undefined)
    throw new Error(`a purge was answered with ${answer.status}`);
  return { id, path, version, sentAt, acknowledgedAt: performance.now() };
}

async function readReceipts(cluster: Cluster, purges: readonly PurgeRecord[]): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for (const { id } of purges)
    receipts.push(await readReceipt({ control: cluster.control, token: TOKEN, id }));
  return receipts;
}

function resultOf(run: {
  purges: readonly PurgeRecord[];
  receipts: readonly Receipt[];
  exchanges: readonly Exchange[];
}): Measured {
  const { purges, receipts, exchanges } = run;
  const slowest = receipts.flatMap(({ edges }) => {
    const after = edges.flatMap(({ state, afterMs }) =>
      state === "applied" && afterMs !== null ? [afterMs] : [],
    );
    return after.length === EDGES ? [Math.max(...after)] : [];
  });
  const answered = exchanges.filter(({ outcome }) => outcome.kind === "answered" && outcome.status === 200);
  return {
    name: "purge",
    edges: EDGES,
    requestsPerSecond: REQUESTS_PER_SECOND,
    purgesPerSecond: PURGES_PER_SECOND,
    purges: purges.length,
    convergenceMs: spread(slowest),
    notApplied: receipts.length - slowest.length,
    acknowledgedMs: spread(purges.map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt)),
    firstSeenMs: spread(seenAfterMs(purges, exchanges)),
    servedOld: spread(servedOldAfterMs(purges, exchanges)),
    receiptsThatLied: new Set(lies({ purges, receipts, exchanges }).map((lie) => lie.purge.id)).size,
    requestMs: spread(answered.map(({ scheduledAt, endedAt }) => endedAt - scheduledAt)),
    requestsFailed: exchanges.length - answered.length,
  };
}
