// Asks edges how they are, which also makes them learn the log, and folds what they have counted.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { formatPosition, type Position } from "../../shared/core/position.ts";
import type { Millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { NamedReport } from "../../shared/mid-tier/metrics.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeStatusCall, type Peer, STATUS_PATH } from "../../shared/wire/internal.ts";
import { decodeStatus } from "../../shared/wire/replies.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type Ask, Attention } from "./attention.ts";
import { inGoodTime } from "./in-good-time.ts";

type Ports = Pick<
  ControlPlane,
  "edges" | "callEdge" | "metrics" | "logTail" | "clock" | "timers" | "settings"
>;

export interface Round {
  /** Everybody, or only those that lag behind or are silent. */
  readonly whole: boolean;
  readonly attention: Attention;
  /** Answers that take longer are folded behind it. */
  readonly grace: Millis;
  readonly background: Background;
}

/** Everybody, and nobody's answer is left out. */
const everybody = (): Round => ({
  whole: true,
  attention: new Attention(),
  grace: LIMITS.statusDeadline,
  background: { keep: () => {} },
});

/** `lagging`: the ids of listed edges that did not answer, or have not got as far as the log. */
export type Collected = { readonly kind: "done"; readonly lagging: readonly string[] } | Unavailable;

export async function collectStatus(plane: Ports, round: Round = everybody()): Promise<Collected> {
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { directory } = outcome;
  const asks = round.attention.whomToAsk(directory, { whole: round.whole, now: plane.clock.now() });
  const tails = await tailsFor(plane, asks);
  let failed: Unavailable | null = null;
  const found: NamedReport[] = [];
  await inGoodTime(
    asks.map((ask) => askStatus(plane, ask, { attention: round.attention, directory, tails })),
    {
      ...round,
      timers: plane.timers,
      async take(reports) {
        found.push(...reports);
        const folded = await plane.metrics.fold(reports, directory.now);
        if (folded.kind === "unavailable") failed = folded;
      },
    },
  );
  return failed ?? { kind: "done", lagging: round.attention.lagging(seen(directory, found)) };
}

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

/** Null where there is no report: the directory then shows for how long. */
async function askStatus(
  { callEdge, clock }: Ports,
  ask: Ask,
  given: { attention: Attention; directory: Directory; tails: Tails },
): Promise<NamedReport | null> {
  const { edge, deadline, patience, lacksAfter } = ask;
  const entries = lacksAfter === null ? [] : (given.tails.get(formatPosition(lacksAfter)) ?? []);
  const body = encodeStatusCall({ peers: peersOf(given.directory), watch: [], patience, entries });
  given.attention.asked(ask, clock.now());
  const answer = await callEdge(edge, { path: STATUS_PATH, body }, deadline);
  const report = answer.kind === "answer" ? decodeStatus(answer.text) : null;
  given.attention.answered(ask, report !== null);
  return report === null ? null : { edge: edge.id, report };
}
