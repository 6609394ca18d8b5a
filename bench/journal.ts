// Acknowledged writes on real processes, while databases, edges and the origin are killed at random: the origin's history judges.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../dev/cluster.ts";
import type { Verdict } from "./claim.ts";
import { createValueClient, type ValueClient } from "./journal/client.ts";
import { startWrittenOrigin, type WrittenOrigin } from "./journal/origin.ts";
import { type Databases, startDatabases } from "./outside/databases.ts";
import { startSystem } from "./outside/start-system.ts";

export interface JournalResult {
  readonly name: "journal";
  readonly acknowledged: number;
  /** Answered otherwise or not at all: whether they were taken is not known. */
  readonly unsure: number;
  readonly seconds: number;
  readonly kills: { databases: number; edges: number; origin: number };
  readonly ledger: Readonly<Record<"accepted" | "delivered" | "pending" | "deadLettered", number | null>>;
  readonly atOrigin: { readonly effects: number; readonly requests: number };
  /** Acknowledged writes that the origin never had; that it had twice; or after a later one of their key. */
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
  /** Reads right after an acknowledgement, at another edge, that showed something older. */
  readonly olderReads: number;
  readonly reads: number;
  readonly verdict: Verdict;
}

type Measured = Omit<JournalResult, "verdict">;

const EDGES = 3;
const DATABASES = 3;
const HOST = "bench.test";
const WRITERS = 200;
const READ_BACK = 10;
const KILL_EVERY_MS = 5000;
/** As long as whoever was refused waits. */
const RETRY_MS = 200;
/** Every operation is to reach the origin: none takes the place of another. */
const POLICIES = [{ key_pattern: "/session/*", class: "session", write_back: { merge: false } }];
const DRAINED_WITHIN_MS = 180_000;

interface Stage {
  readonly cluster: Cluster;
  readonly databases: Databases;
  readonly origin: WrittenOrigin;
  readonly client: ValueClient;
  readonly kills: JournalResult["kills"];
  over: boolean;
}

interface Writer {
  readonly path: string;
  readonly acknowledged: number[];
  readonly unsure: number[];
}

export async function benchJournal(quick: boolean): Promise<JournalResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const databases = await startDatabases(dir, DATABASES);
    stops.push(() => databases.stop());
    const origin = await startWrittenOrigin();
    stops.push(() => origin.server.close());
    const cluster = await startSystem({
      ...{ dir, origin: origin.server, edges: EDGES, policies: POLICIES },
      redis: { kind: "urls", urls: databases.urls },
    });
    stops.push(() => cluster.stop());
    const client = createValueClient(cluster.edges, HOST);
    stops.push(() => client.close());
    const kills = { databases: 0, edges: 0, origin: 0 };
    const stage = { cluster, databases, origin, client, kills, over: false };
    const measured = await run(stage, quick ? 4000 : 100_000);
    return { ...measured, verdict: verdictOn(measured) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Nothing is shown where nobody wrote, read or was killed. */
export function verdictOn(of: Measured): Verdict {
  const { kills, ledger } = of;
  const above = (["lost", "twice", "outOfOrder", "olderReads"] as const)
    .filter((name) => of[name] > 0)
    .map((name) => `${name}: ${of[name]}`);
  if (ledger.accepted === null || ledger.accepted !== ledger.delivered || ledger.pending !== 0)
    above.push(`accepted ${ledger.accepted}, delivered ${ledger.delivered}, pending ${ledger.pending}`);
  if (of.acknowledged === 0 || of.reads === 0 || Object.values(kills).every((count) => count === 0))
    above.push("nothing was tried");
  const claim =
    "each acknowledged write reaches the origin once and in its order, and a read right after it shows nothing older";
  return { claim, met: above.length === 0, above };
}

async function run(stage: Stage, writes: number): Promise<Measured> {
  const writers: Writer[] = Array.from({ length: WRITERS }, (_, at) => ({
    path: `/session/${at}`,
    ...{ acknowledged: [], unsure: [] },
  }));
  const tally = { reads: 0, olderReads: 0 };
  const begunAt = performance.now();
  const killing = killAtRandom(stage);
  await Promise.all(
    writers.map((writer, at) => write(stage, { writer, at, writes: writes / WRITERS, tally })),
  );
  stage.over = true;
  await killing;
  const seconds = Math.round((performance.now() - begunAt) / 1000);
  const ledger = await drained(stage);
  const { taken, asked } = stage.origin;
  const histories = writers.map((writer) => judge(writer, (taken.get(writer.path) ?? []).map(Number)));
  const sum = (of: (one: (typeof histories)[number]) => number): number =>
    histories.reduce((total, one) => total + of(one), 0);
  return {
    ...{ name: "journal", seconds, kills: stage.kills, ledger, ...tally },
    acknowledged: writers.reduce((total, { acknowledged }) => total + acknowledged.length, 0),
    unsure: writers.reduce((total, { unsure }) => total + unsure.length, 0),
    atOrigin: { effects: [...taken.values()].reduce((total, one) => total + one.length, 0), requests: asked },
    lost: sum(({ lost }) => lost),
    twice: sum(({ twice }) => twice),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
  };
}

async function write(
  { client }: Stage,
  given: {
    readonly writer: Writer;
    readonly at: number;
    readonly writes: number;
    readonly tally: { reads: number; olderReads: number };
  },
): Promise<void> {
  const { writer, at, writes, tally } = given;
  const { path } = writer;
  for (let number = 1; writer.acknowledged.length < writes; number++) {
    const { status } = await client.put({ edge: (at + number) % EDGES, path }, String(number));
    if (status === 202) writer.acknowledged.push(number);
    else {
      writer.unsure.push(number);
      await pause(RETRY_MS);
    }
    if (status !== 202 || number % READ_BACK !== 0) continue;
    const read = await client.get({ edge: (at + number + 1) % EDGES, path });
    if (read.status !== 200) continue;
    tally.reads += 1;
    // Later than this one there is none yet.
    if (Number(read.text) !== number) tally.olderReads += 1;
  }
}

/** One thing at a time, and each comes back. */
async function killAtRandom(stage: Stage): Promise<void> {
  const { cluster, databases, origin, kills } = stage;
  for (let turn = 0; !stage.over; turn++) {
    await pause(KILL_EVERY_MS);
    switch (turn % 3) {
      case 0: {
        const at = Math.floor(Math.random() * DATABASES);
        databases.kill(at);
        await pause(300);
        await databases.launch(at, "first");
        kills.databases += 1;
        break;
      }
      case 1: {
        const pid = await pidOf(cluster, Math.floor(Math.random() * EDGES));
        if (pid !== null) process.kill(-pid, "SIGKILL");
        if (pid !== null) kills.edges += 1;
        break;
      }
      default:
        origin.away = true;
        await pause(1500);
        origin.away = false;
        kills.origin += 1;
    }
  }
}

async function controlSays(cluster: Cluster, path: string): Promise<Record<string, unknown> | null> {
  const headers = { authorization: `Bearer ${cluster.token}` };
  const answer = await fetch(cluster.control + path, { headers }).catch(() => null);
  return answer?.status === 200 ? ((await answer.json()) as Record<string, unknown>) : null;
}

async function pidOf(cluster: Cluster, at: number): Promise<number | null> {
  const edges = await controlSays(cluster, "/edges");
  const items = (edges?.items ?? []) as { id: string; pid: number | null }[];
  return items.find(({ id }) => id === cluster.edges[at]?.id)?.pid ?? null;
}

async function drained({ cluster }: Stage): Promise<JournalResult["ledger"]> {
  const giveUpAt = performance.now() + DRAINED_WITHIN_MS;
  while (true) {
    const journal = (await controlSays(cluster, "/cache-metrics"))?.journal as JournalResult["ledger"];
    if (journal?.pending === 0 || performance.now() > giveUpAt) return journal;
    await pause(500);
  }
}

function judge(
  { acknowledged }: Writer,
  taken: readonly number[],
): { readonly lost: number; readonly twice: number; readonly outOfOrder: number } {
  const sure = new Set(acknowledged);
  const there = new Set(taken);
  const known = taken.filter((number) => sure.has(number));
  return {
    lost: acknowledged.filter((number) => !there.has(number)).length,
    twice: taken.length - there.size,
    outOfOrder: known.filter((number, at) => at > 0 && number < (known[at - 1] ?? 0)).length,
  };
}
