// What clients and the origin notice of losses: a shard that is killed and comes back empty, all caches emptied, all of Redis away.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Verdict } from "./claim.ts";
import { mostBeyond, type PhaseName, type PhaseResult, phaseResults } from "./outage/phase.ts";
import { type Databases, startDatabases } from "./outside/databases.ts";
import { keptTime, type OpenLoopCounts } from "./outside/open-loop.ts";
import { zipfPicker } from "./outside/pick.ts";
import { startSystem } from "./outside/start-system.ts";
import { startTraffic, type Traffic } from "./outside/traffic.ts";

export interface OutageResult {
  readonly name: "outage";
  readonly shards: number;
  readonly edges: number;
  readonly requestsPerSecond: number;
  /** What the origin is to be asked for at most, all edges together. */
  readonly originBudget: { readonly rate: number; readonly burst: number };
  /** Hits in the steady state, and what failed of it: as a rule what was under way as the shard was killed. */
  readonly hitsBefore: number;
  readonly errorsBefore: number;
  /** One of four shards is killed. */
  readonly killed: PhaseResult;
  /** It comes back empty. */
  readonly back: PhaseResult;
  /** Every database is emptied, the log included: what edges hold is of another epoch, and as good as gone. */
  readonly cold: PhaseResult;
  /** All databases are killed. */
  readonly away: PhaseResult;
  /** They come back with what they had written. */
  readonly again: PhaseResult;
  /** Of the whole run: requests to the origin beyond rate · t, in the span where there were most. */
  readonly originMostBeyondRate: number;
  /** How the client that measured all this kept time. */
  readonly client: OpenLoopCounts;
  readonly verdict: Verdict;
}

type Measured = Omit<OutageResult, "verdict">;

const SHARDS = 4;
const EDGES = 3;
const PATHS = 400;
const REQUESTS_PER_SECOND = 200;
const DEADLINE_MS = 10_000;
/** Above what is asked for when nobody can vouch for what is older than a window: that is about 70 a second here. */
const BUDGET = { rate: 100, burst: 100 };
/** A database that is emptied forgets what was spent, and edges that can't reach it spend shares: one burst more, either way. */
const MOST_BEYOND = 2 * BUDGET.burst;
/** Before anything is lost. */
const STEADY_MS = 10_000;
/** In the steady state, of all requests. */
const LEAST_HITS = 0.5;
const HOST = "bench.test";
const KILLED = 2;
/** Short of the class's own 60 s, so that every phase sees answers expire. */
const TTL_S = 20;
const POLICY = { key_pattern: "/hot/*", class: "hot", ttl: TTL_S, ttl_mode: "override" };

interface Site {
  readonly server: Server;
  /** When it was asked, by this process's clock. */
  readonly asked: number[];
}

export async function benchOutage(quick: boolean): Promise<OutageResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const site = await startSite();
  const databases = await startDatabases(dir, SHARDS);
  const cluster = await startSystem({
    ...{ dir, origin: site.server, edges: EDGES, policies: [POLICY] },
    redis: { kind: "urls", urls: databases.urls },
    protection: { ...BUDGET, concurrency: null },
  });
  const traffic = startTraffic({
    edges: cluster.edges,
    host: HOST,
    perSecond: REQUESTS_PER_SECOND,
    deadlineMs: DEADLINE_MS,
    pathOf: zipfPicker(
      Array.from({ length: PATHS }, (_, n) => `/hot/${n}`),
      7,
    ),
  });
  try {
    const measured = await measure({ site, databases, traffic, awayFor: quick ? 60_000 : 180_000 });
    return { ...measured, verdict: verdictOn(measured) };
  } finally {
    await traffic.stop();
    await cluster.stop();
    await databases.stop();
    site.server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Run {
  readonly site: Site;
  readonly databases: Databases;
  readonly traffic: Traffic;
  readonly awayFor: number;
}

async function measure({ site, databases, traffic, awayFor }: Run): Promise<Measured> {
  const begun: { readonly name: PhaseName; readonly at: number }[] = [];
  const begins = (name: PhaseName): void => void begun.push({ name, at: performance.now() });
  await passes(1.5 * TTL_S * 1000 - STEADY_MS);
  begins("before");
  await passes(STEADY_MS);
  begins("killed");
  databases.kill(KILLED);
  await passes(25_000);
  // Who is being started is not back yet.
  await databases.launch(KILLED, "second");
  begins("back");
  await passes(30_000);
  begins("cold");
  await databases.empty();
  await passes(35_000);
  begins("away");
  for (let at = 0; at < SHARDS; at++) databases.kill(at);
  await passes(awayFor);
  for (let at = 0; at < SHARDS; at++) await databases.launch(at, at === KILLED ? "second" : "first");
  begins("again");
  await passes(30_000);
  const endedAt = performance.now();
  // What is under way now is of the phase in which it was due, however it ends.
  const client = await traffic.stop();
  const { before, ...phases } = phaseResults(traffic.exchanges, {
    begun,
    endedAt,
    asked: site.asked,
    rate: BUDGET.rate,
  });
  return {
    ...{ name: "outage", shards: SHARDS, edges: EDGES, requestsPerSecond: REQUESTS_PER_SECOND },
    ...{ originBudget: BUDGET, hitsBefore: before.hitRatio, errorsBefore: before.errors, ...phases, client },
    originMostBeyondRate: mostBeyond(site.asked, BUDGET.rate),
  };
}

/** While all of Redis is away who can't be served may be told so: that is shown, and not claimed. */
export function verdictOn(
  of: Omit<Measured, "name" | "shards" | "edges" | "requestsPerSecond" | "originBudget" | "away">,
): Verdict {
  const above = (["killed", "back", "cold", "again"] as const)
    .filter((phase) => of[phase].requests === 0 || of[phase].errors > 0)
    .map((phase) => `${phase}: ${of[phase].errors} of ${of[phase].requests} failed`);
  if (of.errorsBefore > 0) above.push(`before: ${of.errorsBefore} failed`);
  // What is not well to begin with shows nothing by being as it was.
  if (!(of.hitsBefore >= LEAST_HITS)) above.push(`before: hits were ${of.hitsBefore}`);
  if (!(of.originMostBeyondRate <= MOST_BEYOND))
    above.push(`the origin: ${of.originMostBeyondRate} beyond ${BUDGET.rate} a second`);
  if (!keptTime(of.client))
    above.push(`the client: ${of.client.withheld} not sent, p99 sent ${of.client.lateMs?.p99 ?? 0} ms late`);
  const claim = `no request fails as a shard dies, comes back or all is emptied, nor when Redis is back; the origin is asked for no more than ${BUDGET.rate} a second and ${MOST_BEYOND} at once`;
  return { claim, met: above.length === 0, above };
}

/** The traffic goes on by itself. */
const passes = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function startSite(): Promise<Site> {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    asked.push(performance.now());
    response.end(`content of ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, asked };
}
