// Where answers are kept: what the origin sent in L2 first, because that decides between rivals, then in this data centre
// and this isolate; what L2 had in those two.

import { mixUnit } from "../../shared/core/mix.ts";
import { comparePositions } from "../../shared/core/position.ts";
import { leadOf } from "../../shared/core/refresh-ahead.ts";
import { l2BudgetOf, type Rules } from "../../shared/core/rules.ts";
import { currentLifetime, type HeldAnswer, keepFor } from "../../shared/core/stored-answer.ts";
import { type CacheKey, type Instant, instant, later, millis } from "../../shared/core/units.ts";
import type { VaryMark } from "../../shared/core/vary.ts";
import type { Edge } from "../edge.ts";
import { giveBack } from "../give-back.ts";
import { asVerified, type Judged, standsForSeveral } from "../judge.ts";
import type { Exchange, Made } from "../make-answer.ts";
import { MARKERS } from "../markers.ts";
import type { Lease } from "../right.ts";
import type { Route } from "../router.ts";
import type { DataCentreTier } from "./data-centre.ts";
import type { MemoryAnswer } from "./memory.ts";

type Storing = Made & { readonly held: HeldAnswer; readonly body: Uint8Array<ArrayBuffer> };

export async function storeEverywhere(edge: Edge, exchange: Exchange, storing: Storing): Promise<void> {
  const { keeping } = exchange.right;
  if (keeping.kind === "nowhere") return;
  if (keeping.kind === "everywhere" && !(await fillL2(edge, exchange, { storing, lease: keeping.lease })))
    return;
  const { held, body } = storing;
  const { rules } = exchange.job.route;
  promote(edge, storing, { held, body, rules });
  if (rules.cacheApi !== "all") return;
  await edge.dataCentre.store(storing.key, held, { kind: "bytes", bytes: body });
  await leaveMark(edge.dataCentre, storing, held);
}

type Variant = Pick<Made, "key" | "primary" | "mark">;

export const variantOf = (edge: Edge, { key: primary }: Route, key: CacheKey): Variant => ({
  ...{ key, primary },
  mark: edge.memory.markOf(primary),
});

/** Where a variant stands, its resource says by what: who has not heard of that finds it all the same. */
export async function leaveMark(
  tier: DataCentreTier,
  { key, primary, mark }: Variant,
  { answer }: HeldAnswer,
): Promise<void> {
  if (key !== primary && mark.names.length > 0) await tier.storeMark(primary, mark, keepFor(answer));
}

/**
 * What L2 had, or another isolate has brought. It comes into this one, and what L2 had into the data centre, for the others
 * there, each of which would have to ask L2 for itself. What is stale has its successor on the way.
 */
export async function bringNear(
  edge: Edge,
  { key, route }: { readonly key: CacheKey; readonly route: Route },
  judged: Judged,
): Promise<void> {
  const { held, body, step, tier } = judged;
  const { rules } = route;
  if (body.kind !== "bytes") return;
  promote(edge, { key, primary: route.key }, { held, body: body.bytes, rules });
  if (rules.cacheApi !== "all" || step.kind !== "serve" || tier === "l1Cache") return;
  // What stands for several URLs is hit by invalidations that this verdict did not look for.
  await edge.dataCentre.store(key, standsForSeveral(held.answer, route) ? held : asVerified(judged), body);
  await leaveMark(edge.dataCentre, variantOf(edge, route, key), held);
}

/** False where somebody has a better one. */
async function fillL2(
  edge: Edge,
  exchange: Exchange,
  { storing, lease }: { readonly storing: Storing; readonly lease: Lease },
): Promise<boolean> {
  const { held, body } = storing;
  const { rules, counters } = exchange.job.route;
  if (body.length > rules.l2MaxBody) {
    // Who waits for the lease would get nothing by it but the next turn.
    await giveBack(edge, exchange, MARKERS.large);
    return true;
  }
  const outcome = await edge.midTier.fill({
    key: await edge.digest.sha256Hex(storing.key),
    primary: await edge.digest.sha256Hex(storing.primary),
    mark: storing.mark,
    leaseKey: lease.key,
    budget: l2BudgetOf(rules),
    token: lease.token,
    granted: lease.granted,
    answer: held.answer,
    body,
    keepFor: keepFor(held.answer),
  });
  if (outcome.kind === "stored") edge.counters.variantsDisplaced += outcome.displaced;
  if (outcome.kind === "unavailable") {
    counters.tiers.l2.errors += 1;
    // Whether it was stored is unknown; whoever waits for the lease need not wait for it to expire.
    await giveBack(edge, exchange, null);
  }
  return outcome.kind !== "refused";
}

/** Another instant in each isolate: the first renews it for all. Never where nothing is renewed ahead. */
function renewFrom(edge: Edge, { answer, bornAt }: HeldAnswer, rules: Rules): Instant {
  if (rules.refresh !== "refresh-ahead") return instant(Number.POSITIVE_INFINITY);
  const life = currentLifetime(answer, rules).fresh;
  const drawn = mixUnit(`${answer.lease}\n${edge.id}\n${edge.seed}`);
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
  edge.memory.forgetDoubts(place.primary);
  edge.memory.forgetDoubts(place.key);
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
