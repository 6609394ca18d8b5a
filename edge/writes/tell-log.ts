// Tells the log which URLs writes have made out of date, in one entry: itself, or through a peer that can reach it.

import { positionOf } from "../../shared/core/log-view.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import { FULL } from "../../shared/mid-tier/script.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import type { Peer } from "../../shared/wire/internal.ts";
import {
  decodeWritesReply,
  encodeWrites,
  type OriginWrite,
  type ToldWrites,
  WRITES_PATH,
  type WritesCall,
} from "../../shared/wire/told-writes.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { invalidationOf } from "./unsent.ts";

/** Null where the log did not take it, from here or through a peer. */
export async function tellLog(
  edge: Edge,
  writes: readonly OriginWrite[],
  background: Background,
): Promise<ToldWrites | null> {
  const told = await tellItself(edge, { edge: edge.id, writes }, background);
  if (told !== "away") return told;
  const heard = await tellThroughPeers(edge, writes);
  // The log can't be asked for it: whoever wrote reads his write here at once all the same.
  if (heard !== null) edge.view.receive(heard.entries, background);
  return heard;
}

/**
 * Named anew where the configuration has changed meanwhile, and at last so that no policy matters (docs/adr/0017). `away`:
 * the log can't be reached from here, or this edge knows too little to say what it names; a peer may do better.
 */
export async function tellItself(
  edge: Edge,
  call: WritesCall,
  background: Background,
): Promise<ToldWrites | "away" | null> {
  for (let naming = 1; ; naming++) {
    const wide = naming === LIMITS.namings;
    const outcome = await tellOnce(edge, call, wide);
    switch (outcome.kind) {
      case "appended": {
        const { position, preceding, entry } = outcome;
        return { at: position, entries: entry === null ? [] : [...preceding, entry] };
      }
      case "conflict":
        return { at: null, entries: [] };
      case "outdated":
        if (wide) return null;
        await edge.view.pull(background);
        continue;
      case "unreplicated":
        return null;
      case "unavailable":
        return outcome.reason === FULL ? null : "away";
    }
  }
}

async function tellOnce(edge: Edge, { edge: by, writes }: WritesCall, wide: boolean): Promise<AppendOutcome> {
  const { router } = edge;
  const view = edge.view.current();
  if (view === null || !edge.router.isConfigured) return { kind: "unavailable", reason: "cold" };
  const replicas = replicasAsked(view.configuration);
  const naming = { router, position: positionOf(view), wide, edge: by, replicas };
  const outcome = await appendConfirmed(edge.log, invalidationOf(writes, naming));
  // It goes on answering: without this word, all others would serve what has been written over (docs/adr/0008).
  if (outcome.kind === "unavailable" && outcome.reason === FULL) await edge.log.withhold();
  return outcome;
}

/**
 * An edge that is cut off from the log goes on by what its peers tell it; so what it writes has to be told through them,
 * or no other edge would hear of it for as long as that lasts (docs/adr/0008). By the operation's id it is appended once,
 * however many of them are asked.
 */
async function tellThroughPeers(edge: Edge, writes: readonly OriginWrite[]): Promise<ToldWrites | null> {
  const { clock, peers, random, unsent } = edge;
  // While none of them reaches the log either, not every write waits for them.
  if (!unsent.mayAskPeers(clock.now())) return null;
  const body = encodeWrites({ edge: edge.id, writes });
  const asked = peers.choose(LIMITS.writesFanOut, { now: clock.now(), random });
  const told = await firstOf(asked.map((peer) => tellThrough(edge, peer, body)));
  unsent.peersAnswered(told !== null);
  return told;
}

async function tellThrough(edge: Edge, peer: Peer, body: string): Promise<ToldWrites | null> {
  const answer = await edge.callPeer(peer, { path: WRITES_PATH, body }, LIMITS.writesDeadline);
  if (answer.kind === "answer") return decodeWritesReply(answer.text);
  edge.peers.silent(peer.id, edge.clock.now());
  return null;
}

/** The first that is something; null where none is. */
function firstOf(promises: readonly Promise<ToldWrites | null>[]): Promise<ToldWrites | null> {
  const { promise, resolve } = Promise.withResolvers<ToldWrites | null>();
  for (const one of promises) void one.then((told) => told !== null && resolve(told));
  void Promise.all(promises).then(() => resolve(null));
  return promise;
}
