// Looks for an answer in this data centre: the isolate's memory, then the Cache API.

import type { LogView } from "../shared/core/log-view.ts";
import type { RequestDirectives } from "../shared/core/request-directives.ts";
import type { CacheKey, Instant } from "../shared/core/units.ts";
import { answersFor } from "./answers-for.ts";
import { isPassed } from "./askers.ts";
import { discard } from "./content.ts";
import type { Edge } from "./edge.ts";
import { inputFor, type Judged, type JudgeInput, judge, judgeByView, judgeNow } from "./judge.ts";
import type { EdgeRequest } from "./request.ts";
import type { Route } from "./router.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import { findInDataCentre, recallTogether } from "./tiers/shared-look.ts";
import { promote } from "./tiers/store-everywhere.ts";
import { stageBegins } from "./timing.ts";
import { keyFor, learnVariant } from "./variant.ts";

interface Look {
  readonly route: Route;
  readonly view: LogView;
  readonly wants: RequestDirectives;
}

type Found = Judged | null;

/** The best answer in this data centre; the memory's where both have one. At once where nobody need be asked. */
export function lookNear(edge: Edge, request: EdgeRequest, look: Look): Found | Promise<Found> {
  const { route } = look;
  const key = keyFor(edge, { route, request });
  const since = stageBegins(edge, request);
  const entry = edge.memory.find(route.rules, key);
  if (entry === undefined) return beyondMemory(edge, request, { look, key, since, inMemory: null });
  return judgeEntry(edge, request, { look, key, entry }).then((inMemory) =>
    beyondMemory(edge, request, { look, key, since, inMemory }),
  );
}

function beyondMemory(
  edge: Edge,
  request: EdgeRequest,
  found: {
    readonly look: Look;
    readonly key: CacheKey;
    readonly since: Instant;
    readonly inMemory: Judged | "expired" | null;
  },
): Found | Promise<Found> {
  const { look, key, since, inMemory } = found;
  const { route, wants } = look;
  edge.timings?.note(request, "l1-memory", { since, said: saidOf(inMemory) });
  countLook(route, "l1Memory", inMemory);
  if (inMemory !== null && inMemory !== "expired") return inMemory;
  // What another isolate may have brought since is looked for by the flight that follows, once for all of a crowd.
  if (inMemory === "expired" || route.rules.cacheApi === "none") return null;
  // It goes to the origin for everybody, and a look costs as much as that.
  if (isPassed(edge, { route, request }) && !wants.onlyIfCached) return null;
  return lookInDataCentre(edge, request, { route, key });
}

/** `expired`: it is not invalidated, and of no use all the same, not even as a validator. */
async function judgeEntry(
  edge: Edge,
  request: EdgeRequest,
  { look, key, entry }: { readonly look: Look; readonly key: CacheKey; readonly entry: MemoryAnswer },
): Promise<Judged | "expired" | null> {
  const { route, view, wants } = look;
  const { held, renewFrom } = entry;
  if (!answersFor(held.answer, { route, request })) return null;
  const body = { kind: "bytes", bytes: entry.body } as const;
  const input = inputFor(edge, { route, request }, { held, body, tier: "l1Memory", renewFrom });
  const byView = judgeByView(view, input, edge.clock.now());
  const judged =
    byView.step.kind === "check"
      ? await judge(edge, input, (checked) => {
          entry.held = checked;
        })
      : byView;
  if (judged !== null) edge.tail.note(request, judged);
  if (judged !== null && (judged.step.kind !== "fetch" || mayPlease(judged, wants))) return judged;
  // Kept until its successor is here, so that all of a crowd see that it has expired.
  if (judged?.coherence.kind === "current") return "expired";
  if (input.stands()) edge.memory.drop(key, entry);
  return null;
}

async function lookInDataCentre(
  edge: Edge,
  request: EdgeRequest,
  { route, key }: { readonly route: Route; readonly key: CacheKey },
): Promise<Judged | null> {
  const since = stageBegins(edge, request);
  // What memory takes none of goes on to the client as it comes.
  const as = route.rules.memoryBudget === 0 ? "stream" : "whole";
  const found = await findInDataCentre(edge, key, as);
  if (found.kind === "varies" && key === route.key)
    return lookInDataCentre(edge, request, {
      route,
      key: learnVariant(edge, { route, request }, found.mark),
    });
  if (found.kind !== "hit" || !answersFor(found.held.answer, { route, request })) {
    if (found.kind === "hit") discard(found.body);
    const away = found.kind === "unavailable";
    route.counters.tiers.l1Cache[away ? "errors" : "misses"] += 1;
    edge.timings?.note(request, "l1-cache", { since, said: away ? "error" : "miss" });
    return null;
  }
  const { held, body } = found;
  const input = inputFor(edge, { route, request }, { held, body, tier: "l1Cache" });
  const byView = judgeNow(edge, input);
  const judged = byView?.step.kind === "check" ? await judgeFurther(edge, request, input) : byView;
  if (judged !== null) edge.tail.note(request, judged);
  edge.timings?.note(request, "l1-cache", { since, said: saidOf(judged) });
  countLook(route, "l1Cache", judged);
  if (judged === null || judged.step.kind === "fetch") {
    discard(body);
    return null;
  }
  if (judged.body.kind === "bytes") {
    const answer = { held: judged.held, body: judged.body.bytes, rules: route.rules };
    promote(edge, { key, primary: route.key }, answer);
  }
  return judged;
}

/** Another isolate may have had it checked: that costs less than to have it checked again. */
async function judgeFurther(edge: Edge, request: EdgeRequest, input: JudgeInput): Promise<Judged | null> {
  const held = await recallTogether(edge, input.held);
  return judge(edge, { ...input, held }, (verified) =>
    request.background.keep(edge.dataCentre.recordVerified(verified)),
  );
}

/** Each look once: what is found and only has its origin asked about it answers nobody. */
function countLook(route: Route, tier: "l1Memory" | "l1Cache", found: Judged | "expired" | null): void {
  const step = found === null || found === "expired" ? null : found.step.kind;
  const answers = step === "serve" || step === "serve-and-refresh";
  route.counters.tiers[tier][answers ? "hits" : "misses"] += 1;
}

function saidOf(found: Judged | "expired" | null): "hit" | "stale" | "miss" {
  if (found === null) return "miss";
  return found !== "expired" && found.step.kind === "serve" ? "hit" : "stale";
}

/** Expired beyond all use, but for whoever says that stale answers will do. */
const mayPlease = ({ coherence }: Judged, wants: RequestDirectives): boolean =>
  wants.maxStale !== null && coherence.kind === "current";
