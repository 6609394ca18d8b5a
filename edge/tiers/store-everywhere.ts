// Stores one answer: L2 first, because it decides between rivals, then this data centre and this isolate.

import { mixUnit } from "../../shared/core/mix.ts";
import { comparePositions } from "../../shared/core/position.ts";
import { leadOf } from "../../shared/core/refresh-ahead.ts";
import { l2BudgetOf, type Rules } from "../../shared/core/rules.ts";
import { currentLifetime, type HeldAnswer, keepFor } from "../../shared/core/stored-answer.ts";
import { type CacheKey, type Instant, instant, later, millis } from "../../shared/core/units.ts";
import type { VaryMark } from "../../shared/core/vary.ts";
import type { RouteCounters } from "../counters.ts";
import type { Edge } from "../edge.ts";
import type { Right } from "../right.ts";
import type { MemoryAnswer } from "./memory.ts";

export interface Storing {
  readonly key: CacheKey;
  readonly held: HeldAnswer;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly right: Right;
  readonly rules: Rules;
  readonly counters: RouteCounters;
  readonly primary: CacheKey;
  readonly mark: VaryMark;
}

export async function storeEverywhere(edge: Edge, storing: Storing): Promise<void> {
  const { right } = storing;
  // An answer fetched without a known position could be older than any invalidation: it is not kept at all.
  if (right.asOf === null) return right.giveBack(null);
  const inL2 = await storeInL2(edge, storing);
  if (inL2 === "refused") return;
  promote(edge, storing, storing);
  if (storing.rules.cacheApi === "all") {
    await edge.dataCentre.store(storing.key, storing.held, { kind: "bytes", bytes: storing.body });
  }
}

async function storeInL2(edge: Edge, storing: Storing): Promise<"stored" | "refused" | "unavailable"> {
  const { right, held, body, rules } = storing;
  const { token, granted } = right;
  if (token === null || granted === null) return right.l2Unavailable ? "unavailable" : "refused";
  if (body.length > rules.l2MaxBody) {
    await right.giveBack(null);
    return "stored";
  }
  const outcome = await edge.midTier.fill({
    key: await edge.digest.sha256Hex(storing.key),
    primary: await edge.digest.sha256Hex(storing.primary),
    mark: storing.mark,
    leaseKey: right.leaseKey,
    budget: l2BudgetOf(rules),
    token,
    granted,
    answer: held.answer,
    body,
    keepFor: keepFor(held.answer),
  });
  if (outcome.kind === "stored") edge.counters.variantsDisplaced += outcome.displaced;
  if (outcome.kind === "unavailable") {
    storing.counters.tiers.l2.errors += 1;
    // Whether it was stored is unknown; whoever waits for the lease need not wait for it to expire.
    await right.giveBack(null);
  }
  // As with one too large for L2 at all: nobody has a better one.
  return outcome.kind === "no-room" ? "stored" : outcome.kind;
}

/** Another instant at each edge: the first renews it for all. Never where nothing is renewed ahead. */
function renewFrom(edge: Edge, { answer, bornAt }: HeldAnswer, rules: Rules): Instant {
  if (rules.refresh !== "refresh-ahead") return instant(Number.POSITIVE_INFINITY);
  const life = currentLifetime(answer, rules).fresh;
  const drawn = mixUnit(`${answer.lease}\n${edge.id}`);
  const lead = leadOf({ life, took: answer.fetchedIn ?? millis(0) }, drawn);
  return later(bornAt, millis(life - lead));
}

/** Into this isolate's memory, unless what is there was fetched with a newer as-of. */
export function promote(
  edge: Edge,
  place: { readonly key: CacheKey; readonly primary: CacheKey; readonly mark?: VaryMark },
  given: { held: HeldAnswer; body: Uint8Array<ArrayBuffer>; rules: Rules },
): void {
  const { held, body, rules } = given;
  const there = edge.memory.find(rules, place.key)?.held.answer.asOf;
  const { asOf } = held.answer;
  if (there !== undefined && comparePositions(there, asOf) > 0) return;
  if (rules.memoryBudget > 0) edge.memory.store(place.key, entryOf(edge, { held, body, rules }));
  edge.memory.unmarkUncacheable(place.primary);
  edge.memory.unmarkUncacheable(place.key);
  if (place.key === place.primary) return;
  if (place.mark !== undefined) edge.memory.markVaries(place.primary, place.mark);
  const fits = edge.memory.admitVariant({ primary: place.primary, variant: place.key }, rules);
  if (!fits) edge.counters.variantsDisplaced += 1;
}

const entryOf = (
  edge: Edge,
  { held, body, rules }: Pick<MemoryAnswer, "held" | "body" | "rules">,
): MemoryAnswer => ({
  held,
  rules,
  body,
  currentAt: -1,
  saysOfQuery: null,
  freshUntil: instant(0),
  quietUntil: instant(0),
  renewFrom: renewFrom(edge, held, rules),
  sent: null,
  prepared: null,
  names: held.answer.vary.map(([name]) => name),
  answers: null,
  watch: 0,
});
