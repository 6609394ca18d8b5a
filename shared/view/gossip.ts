// Asks peers for what the log can't be asked for, and tells them what this edge knows.

import { type Standing, tell } from "../core/gossip.ts";
import type { LogView } from "../core/log-view.ts";
import { elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import type { Background, Clock } from "../ports/clock.ts";
import type { Random } from "../ports/identity.ts";
import type { CallEdge } from "../wire/call-edge.ts";
import { decodeTold, encodeQuestion, GOSSIP_PATH, type Told } from "../wire/gossip.ts";
import type { Peer } from "../wire/internal.ts";
import type { Knowledge } from "./knowledge.ts";
import { VIEW_LIMITS } from "./limits.ts";
import type { Peers } from "./peers.ts";

/** What whoever keeps a view counts of it. */
export interface ViewCounts {
  pulls: number;
  pushes: number;
  /** Rounds of questions to peers, what peers have answered, and what they were answered. */
  gossipRounds: number;
  gossipHeard: number;
  gossipTold: number;
}

export interface GossipPorts {
  readonly self: string;
  readonly clock: Clock;
  /** When this life of the isolate began: what was known before then is not enough. */
  readonly begunAt: Instant;
  readonly random: Random;
  readonly counters: ViewCounts;
  readonly callPeer: CallEdge;
  readonly peers: Peers;
  /** The log, or a peer that knows of it, has just answered: what could not be told before can be told now. */
  readonly reached: (background: Background) => Promise<void>;
}

/** One round: a few peers at once. Resolves when all of them have answered or were given up. */
export async function gossipRound(
  knowledge: Knowledge,
  ports: GossipPorts,
  { within, background }: { readonly within: Millis; readonly background: Background },
): Promise<void> {
  const { clock, random, peers } = ports;
  const asked = peers.choose(VIEW_LIMITS.gossipFanOut, { now: clock.now(), random });
  ports.counters.gossipRounds += 1;
  const told = await Promise.all(asked.map((peer) => askPeer(knowledge, ports, { peer, within })));
  if (told.includes(true)) background.keep(ports.reached(background));
}

/** Whether it has told something. */
async function askPeer(
  knowledge: Knowledge,
  ports: GossipPorts,
  { peer, within }: { peer: Peer; within: Millis },
): Promise<boolean> {
  const { begunAt, clock, counters, peers, self, callPeer } = ports;
  for (let page = 0; page < VIEW_LIMITS.gossipPages; page++) {
    const view = knowledge.current();
    const sentAt = clock.now();
    const steps = clock.backwardSteps();
    const young = millis(Math.min(within, elapsed(begunAt, sentAt)));
    const body = encodeQuestion({ edge: self, standing: standingOf(view), within: young });
    const answer = await callPeer(peer, { path: GOSSIP_PATH, body }, VIEW_LIMITS.gossipDeadline);
    const told = answer.kind === "answer" ? decodeTold(answer.text) : null;
    if (told === null) {
      peers.silent(peer.id, clock.now());
      return false;
    }
    // Nothing can be dated by an instant from before a clock stepped back.
    if (clock.backwardSteps() !== steps) return false;
    peers.told(peer.id, told.kind === "telling" ? told.telling.age : null, clock.now());
    counters.gossipHeard += 1;
    if (!takeTold(knowledge, { told, view, sentAt })) return told.kind === "telling";
  }
  return true;
}

/** Whether the same peer has more to tell. */
function takeTold(
  knowledge: Knowledge,
  { told, view, sentAt }: { told: Told; view: LogView | null; sentAt: Instant },
): boolean {
  switch (told.kind) {
    case "cold":
    case "behind":
      return false;
    case "fork":
      if (view !== null) knowledge.forget(view);
      return false;
    case "telling": {
      const hearing = knowledge.hear(told.telling, sentAt);
      return hearing.kind === "learnt" && hearing.more;
    }
  }
}

const standingOf = (view: LogView | null): Standing =>
  view === null ? null : { epoch: view.epoch, seq: view.cursor, hash: view.hash };

/** What this edge knows, of one instant. A fork is one for both: neither can tell who is right. */
export function tellPeer(knowledge: Knowledge, asker: Standing, now: Instant): Told {
  const view = knowledge.current();
  if (view === null) return { kind: "cold" };
  const tale = tell(view, asker, { now, most: VIEW_LIMITS.gossipPage });
  if (tale.kind === "fork") knowledge.forget(view);
  return tale;
}

/** Whether the asker has heard of something that we have not. */
export function isAhead(asker: Standing, view: LogView | null): boolean {
  if (asker === null) return false;
  if (view === null) return true;
  return asker.epoch > view.epoch || (asker.epoch === view.epoch && asker.seq > view.cursor);
}
