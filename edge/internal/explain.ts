// What this edge makes of a request, and what it and the mid-tier hold for it: looked at, not used, and nothing is fetched.

import { variantKey } from "../../shared/core/cache-key.ts";
import { headerValue } from "../../shared/core/headers.ts";
import { knownAge, type LogView, positionOf } from "../../shared/core/log-view.ts";
import { type Hit, newestHit } from "../../shared/core/newest-hit.ts";
import { formatPosition } from "../../shared/core/position.ts";
import { l2BudgetOf } from "../../shared/core/rules.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import { ageOf, currentLifetime, type HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey } from "../../shared/core/units.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { ExplainReply, Holding, JournalHolding, ShownHit } from "../../shared/wire/explain.ts";
import type { TierName } from "../counters.ts";
import type { Edge } from "../edge.ts";
import { inputFor, judgeByView } from "../judge.ts";
import { shownHeaders } from "../reply.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";
import { heldFromL2 } from "../tiers/from-l2.ts";
import { keyFor } from "../variant.ts";
import { journalKey } from "../writes/journalled-value.ts";

export async function explain(edge: Edge, request: EdgeRequest): Promise<ExplainReply> {
  await edge.view.catchUp(request.background);
  const route = edge.router.route(request);
  const view = edge.view.current();
  const known = { edge: edge.id, position: view === null ? null : formatPosition(positionOf(view)) };
  if (route === null) return { ...known, key: null, class: null, policy: null, fetches: null, tiers: null };
  const { rules } = route;
  const about = {
    ...known,
    ...{ key: keyFor(edge, { route, request }), class: rules.name, policy: rules.policyId },
    fetches: route.sharedHref,
    knownAgeMs: view === null ? null : knownAge(view, edge.clock.now()),
    newest: view === null ? null : shownHit(newestHit(view, route.selectors)),
    journal: rules.write === "write-back" ? await inJournal(edge, request, route) : null,
  };
  // Without a view nothing is served from a store, whatever it holds.
  if (view === null) return { ...about, tiers: null };
  // What was kept when the path had one meaning is served to nobody.
  if (rules.kept === "for nobody")
    return { ...about, tiers: { memory: NOTHING, dataCentre: NOTHING, l2: NOTHING } };
  const look: Look = { edge, request, route, view };
  const tiers = { memory: inMemory(look), dataCentre: await inDataCentre(look), l2: await inL2(look) };
  return { ...about, tiers };
}

const NOTHING: Holding = { kind: "nothing" };

const shownHit = (hit: Hit | null): ShownHit | null =>
  hit === null ? null : { ...hit, position: formatPosition(hit.position) };

interface Look {
  readonly edge: Edge;
  readonly request: EdgeRequest;
  readonly route: Route;
  readonly view: LogView;
}

async function inJournal(edge: Edge, request: EdgeRequest, route: Route): Promise<JournalHolding> {
  const read = await edge.journal.read(await journalKey(edge, request, route), "look");
  if (read.kind === "unavailable") return { kind: read.kind, reason: read.reason };
  if (read.kind === "absent") return { kind: "nothing" };
  if (read.kind === "held") return read;
  const { exists, etag, body, age, ttl, operation, verifiedTo } = read.value;
  return {
    ...{ kind: "value", exists, etag, bytes: body.length, ageMs: age, ttlMs: ttl, operation },
    verifiedTo: verifiedTo === null ? null : formatPosition(verifiedTo),
  };
}

function inMemory(look: Look): Holding {
  const { edge, route, request } = look;
  const entry = edge.memory.peek(route.rules, keyFor(edge, { route, request }));
  if (entry === undefined) return { kind: "nothing" };
  return shown(look, { held: entry.held, body: { kind: "bytes", bytes: entry.body }, tier: "l1Memory" });
}

async function inDataCentre(look: Look): Promise<Holding> {
  const { edge, route, request } = look;
  const first = await edge.dataCentre.find(keyFor(edge, { route, request }));
  const found =
    first.kind === "varies" ? await edge.dataCentre.find(variantKey(route.key, first.mark, request)) : first;
  if (found.kind === "unavailable") return found;
  if (found.kind !== "hit") return { kind: "nothing" };
  if (found.body.kind === "source") found.body.source.cancel("only looked at");
  return shown(look, { ...found, tier: "l1Cache" });
}

async function inL2(look: Look): Promise<Holding> {
  const { edge, route, request } = look;
  const first = await readL2(look, keyFor(edge, { route, request }));
  return first.kind === "varies" ? readL2Variant(look, first.key) : first;
}

async function readL2Variant(look: Look, key: CacheKey): Promise<Holding> {
  const outcome = await readL2(look, key);
  return outcome.kind === "varies" ? { kind: "nothing" } : outcome;
}

async function readL2(
  look: Look,
  key: CacheKey,
): Promise<Holding | { readonly kind: "varies"; readonly key: CacheKey }> {
  const { edge, route, request, view } = look;
  const digest = await edge.digest.sha256Hex(key);
  const home = key === route.key ? digest : await edge.digest.sha256Hex(route.key);
  const askedAt = edge.clock.now();
  const at = positionOf(view);
  const outcome = await edge.midTier.read({
    ...{ key: digest, home, replicas: route.rules.replicas, spread: false, budget: l2BudgetOf(route.rules) },
    ...{ need: at, asOf: at, lease: null, not: null, looking: true },
  });
  switch (outcome.kind) {
    case "hit": {
      const { answer, body, shard } = outcome.found;
      if (answer.key !== key) return { kind: "nothing" };
      const held = heldFromL2(outcome.found, { askedAt, now: edge.clock.now() });
      return { ...shown(look, { held, body: { kind: "bytes", bytes: body }, tier: "l2" }), shard };
    }
    case "varies":
      return { kind: "varies", key: variantKey(route.key, outcome.mark, request) };
    case "unavailable":
      return { kind: "unavailable", reason: outcome.reason };
    case "taken":
      return { kind: "being-fetched", forMs: outcome.remaining };
    case "uncacheable":
      return { kind: "uncacheable" };
    default:
      return { kind: "nothing" };
  }
}

/** By the view alone: what has to be checked with the log says so. */
function shown(
  { edge, request, route, view }: Look,
  found: { readonly held: HeldAnswer; readonly body: Body; readonly tier: TierName },
): Holding & { readonly kind: "answer" } {
  const { held } = found;
  const { answer } = held;
  const now = edge.clock.now();
  const { coherence, freshness, step } = judgeByView(view, inputFor(edge, { route, request }, found), now);
  const lifetime = currentLifetime(answer, route.rules);
  return {
    kind: "answer",
    status: answer.status,
    bytes: answer.length,
    ageMs: ageOf(held, now),
    lifetimeMs: lifetime.fresh,
    storedLifetimeMs: answer.fresh,
    staleWhileRevalidateMs: lifetime.staleWhileRevalidate,
    staleIfErrorMs: lifetime.staleIfError,
    freshness: freshness.kind,
    coherence: coherence.kind,
    step: step.kind,
    asOf: formatPosition(answer.asOf),
    verifiedTo: formatPosition(held.verifiedTo),
    part: answer.part.kind,
    newest: shownHit(newestHit(view, allSelectors(answer.selectors, route.selectors))),
    vary: answer.vary.map(([name]) => name),
    ...(held.chunks === undefined ? {} : { chunkBytes: held.chunks.size }),
    cacheControl: headerValue(shownHeaders(answer, route.rules), "cache-control"),
  };
}
