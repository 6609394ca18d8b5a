// Asks edges how they are, which also makes them learn the log, folds what they have counted, and has samples judged.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { formatPosition, type Position } from "../../shared/core/position.ts";
import { elapsed, type Instant, type Millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { FoldOutcome, NamedReport } from "../../shared/mid-tier/fold-reports.ts";
import { type Background, UNKEPT } from "../../shared/ports/clock.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeStatusCall, type Peer, STATUS_PATH, type StatusReport } from "../../shared/wire/internal.ts";
import { decodeStatus } from "../../shared/wire/replies.ts";
import type { KeptBatch } from "../../shared/wire/request-tail.ts";
import type { Moment } from "../audit/tally.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Newcomers } from "../hot/newcomers.ts";
import { type Ask, Attention } from "./attention.ts";
import { inGoodTime } from "./in-good-time.ts";

type Ports = Pick<
  ControlPlane,
  | "edges"
  | "callEdge"
  | "metrics"
  | "foldedReports"
  | "distinctCounts"
  | "auditor"
  | "hotLedger"
  | "observedLedger"
  | "requestTails"
  | "logTail"
  | "clock"
  | "timers"
  | "settings"
>;

export interface Round {
  /** Everybody, or only those that lag behind or are silent. */
  readonly whole: boolean;
  readonly attention: Attention;
  /** Answers that take longer are folded behind it. */
  readonly grace: Millis;
  readonly background: Background;
  /** Told who has come; the edges are then told what is hot. Where left out, both are left to the rounds of others. */
  readonly newcomers?: Newcomers;
}

/** Everybody, and nobody's answer is left out. */
const everybody = (): Round => ({
  whole: true,
  attention: new Attention(),
  grace: LIMITS.statusDeadline,
  background: UNKEPT,
});

/**
 * `lagging`: the ids of listed edges that did not answer, or have not got as far as the log. `now` and `logMark`: as the
 * directory had them at first.
 */
export type Collected =
  | ({ readonly kind: "done"; readonly lagging: readonly string[] } & Pick<Directory, "now" | "logMark">)
  | Unavailable;

export async function collectStatus(plane: Ports, round: Round = everybody()): Promise<Collected> {
  const askedAt = plane.clock.now();
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { directory } = outcome;
  const asks = round.attention.whomToAsk(directory, { whole: round.whole, now: plane.clock.now() });
  const readAt = { now: directory.now, askedAt, answeredAt: plane.clock.now() };
  // Quick rounds make do with what the last whole one has read: they come often, and for another reason.
  const [tails] = await Promise.all([
    tailsFor(plane, asks),
    round.whole ? readAhead(plane, round, directory) : null,
  ]);
  const watch = plane.auditor.watched(directory.now);
  const telling: Telling = { round, directory, tails, watch, readAt };
  let failed: Unavailable | null = null;
  const found: Report[] = [];
  await inGoodTime(
    asks.map((ask) => ({ result: askStatus(plane, ask, telling), isAwaited: true })),
    {
      ...round,
      timers: plane.timers,
      async take(reports) {
        found.push(...reports);
        failed = (await record(plane, reports, telling)) ?? failed;
      },
    },
  );
  const { now, logMark } = directory;
  const lagging = round.attention.lagging(seen(directory, found));
  return failed ?? { kind: "done", lagging, now, logMark };
}

/** What edges are told from. Where it can't be read, what is known of it stays as it was. */
async function readAhead(
  { auditor, hotLedger, clock }: Ports,
  { newcomers }: Round,
  { logMark }: Directory,
): Promise<void> {
  await Promise.all([
    auditor.keepUp(logMark),
    newcomers === undefined ? null : hotLedger.keepUp(clock.now()),
  ]);
}

/** Null where all of it was taken in. */
async function record(
  plane: Ports,
  reports: readonly Report[],
  { round, directory }: Telling,
): Promise<Unavailable | null> {
  for (const named of reports) {
    if (named.report.position !== directory.sightings.get(named.edge)?.position) round.attention.movesOn();
    round.newcomers?.see(named, directory);
  }
  const { distinctCounts, auditor, hotLedger, observedLedger, requestTails } = plane;
  const [, ...outcomes] = await Promise.all([
    // Lost without harm: whoever watches is told that something is.
    requestTails.append(shownRequests(reports)),
    foldAll(plane, reports, directory.now),
    auditor.judge(reports, directory.now),
    hotLedger.take(reports),
    observedLedger.take(reports),
    distinctCounts.take(reports, directory.now),
  ]);
  return outcomes.find((outcome) => outcome.kind === "unavailable") ?? null;
}

/** What could not be folded comes again with the next reports, and counts once. */
async function foldAll(
  { metrics, foldedReports }: Ports,
  reports: readonly Report[],
  now: number,
): Promise<FoldOutcome> {
  const outcome = await metrics.fold(reports, now);
  for (const { edge, report } of reports)
    if (report.told && (outcome.kind === "folded" || outcome.but.includes(edge)))
      foldedReports.add({ edge, boot: report.boot, batch: report.told });
  return outcome;
}

/** What they show of single requests, for those who watch. */
const shownRequests = (reports: readonly Report[]): KeptBatch[] =>
  reports.flatMap(({ edge, report: { boot, region, tail = null } }) =>
    tail === null ? [] : [{ edge, boot, region, batch: tail }],
  );

/** The directory as these reports change it. */
function seen(directory: Directory, reports: readonly NamedReport[]): Directory {
  const fresh = reports.map(({ edge, report }) => [edge, { ...report, seenAt: directory.now }] as const);
  return { ...directory, sightings: new Map([...directory.sightings, ...fresh]) };
}

/** Whoever is not seen any more for long is named to nobody; edges that still hear of it keep it. */
const peersOf = ({ edges, sightings, now }: Directory): Peer[] =>
  edges.flatMap(({ id, url }) => {
    const seenAt = sightings.get(id)?.seenAt;
    return seenAt === undefined || now - seenAt <= LIMITS.peerNamedFor ? [{ id, url }] : [];
  });

type Tails = ReadonlyMap<string, readonly LogEntry[]>;

/** What edges lack, by where they stand: they may be reached where they can't reach the log. */
async function tailsFor({ logTail, settings }: Ports, asks: readonly Ask[]): Promise<Tails> {
  if (!settings.push) return new Map();
  const places = new Map<string, Position>();
  for (const { lacksAfter } of asks)
    if (lacksAfter !== null && places.size < LIMITS.tailsPerRound)
      places.set(formatPosition(lacksAfter), lacksAfter);
  return new Map(
    await Promise.all([...places].map(async ([name, place]) => [name, await logTail(place)] as const)),
  );
}

/** Redis TIME when the directory was read, between these two instants. */
interface ReadAt {
  readonly now: number;
  readonly askedAt: Instant;
  readonly answeredAt: Instant;
}

/** What one round tells everybody, and needs to read the answers. */
interface Telling {
  readonly round: Round;
  readonly directory: Directory;
  readonly tails: Tails;
  readonly watch: ReturnType<ControlPlane["auditor"]["watched"]>;
  readonly readAt: ReadAt;
}

type Report = NamedReport & { readonly at: Moment };

/** Null where there is no report: the directory then shows for how long. */
async function askStatus(
  { callEdge, auditor, foldedReports, hotLedger, observedLedger, clock }: Ports,
  ask: Ask,
  { round: { attention, newcomers }, directory, tails, watch, readAt }: Telling,
): Promise<Report | null> {
  const { edge, deadline, patience, lacksAfter } = ask;
  const entries = lacksAfter === null ? [] : (tails.get(formatPosition(lacksAfter)) ?? []);
  const counted = auditor.countedOf(edge.id);
  const { counted: merged, keys } = hotLedger.newsFor(edge.id);
  const hot = { counted: merged, keys: newcomers === undefined ? null : keys };
  const observed = observedLedger.countedOf(edge.id);
  const folded = foldedReports.lastOf(edge.id);
  const news = { folded, hot, observed, tail: directory.watches };
  const body = encodeStatusCall({ peers: peersOf(directory), watch, counted, patience, entries, ...news });
  const sentAt = clock.now();
  if (!attention.asked(ask, sentAt)) return null;
  let report: StatusReport | null = null;
  try {
    const answer = await callEdge(edge, { path: STATUS_PATH, body }, deadline);
    const said = answer.kind === "answer" ? decodeStatus(answer.text) : null;
    // Whoever else answers at its address speaks for itself.
    report = said?.edge === edge.id ? said : null;
  } finally {
    attention.answered(ask, report !== null);
  }
  if (report === null) return null;
  const at = madeAt(readAt, { sentAt, tookMs: report.tookMs, at: clock.now() });
  return { edge: edge.id, report, at };
}

/** An edge that took its time over the answer made it at the end of that. */
function madeAt(
  { now, askedAt, answeredAt }: ReadAt,
  { sentAt, tookMs, at }: { sentAt: Instant; tookMs: number; at: Instant },
): Moment {
  const took = Math.min(tookMs, elapsed(sentAt, at));
  return { earliest: now + elapsed(answeredAt, sentAt) + took, latest: now + elapsed(askedAt, at) };
}
