// Looks for an answer in this data centre: the isolate's memory, then the Cache API.

import type { LogView } from "../shared/core/log-view.ts";
import type { RequestDirectives } from "../shared/core/request-directives.ts";
import { variesFor } from "../shared/core/vary.ts";
import type { Edge } from "./edge.ts";
import { type Judged, judge, judgeByView } from "./judge.ts";
import { keyFor } from "./lease.ts";
import type { EdgeRequest } from "./request.ts";
import type { Route } from "./router.ts";
import { promote } from "./tiers/store-everywhere.ts";

/** The best answer in this data centre; the memory's where both have one. */
export async function lookNear(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; view: LogView; wants: RequestDirectives },
): Promise<Judged | null> {
  const { route, view, wants } = given;
  const key = keyFor(edge, { route, request });
  const header = (name: string): string | null => request.header(name);
  const { arrivedAt } = request;
  const entry = edge.memory.find(route.rules, key);
  if (entry !== undefined && variesFor(entry.held.answer.vary, header)) {
    const input = {
      held: entry.held,
      body: { kind: "bytes", bytes: entry.body } as const,
      rules: route.rules,
      selectors: route.selectors,
      forSeveralUrls: route.variance !== null,
      arrivedAt,
    };
    const judged =
      judgeByView(view, input, edge.clock.now()).step.kind === "check"
        ? await judge(edge, input, (held) => {
            entry.held = held;
          })
        : judgeByView(view, input, edge.clock.now());
    if (judged !== null && (judged.step.kind !== "fetch" || mayPlease(judged, wants))) return judged;
    edge.memory.drop(key, entry);
  }
  edge.counters.tiers.l1Memory.misses += 1;
  if (route.rules.cacheApi === "none") return null;
  const found = await edge.dataCentre.find(key);
  if (found.kind !== "hit" || !variesFor(found.held.answer.vary, header)) {
    edge.counters.tiers.l1Cache[found.kind === "unavailable" ? "errors" : "misses"] += 1;
    return null;
  }
  const input = {
    held: found.held,
    body: found.body,
    rules: route.rules,
    selectors: route.selectors,
    forSeveralUrls: route.variance !== null,
    arrivedAt,
  };
  const judged = await judge(edge, input, (held) =>
    edge.dataCentre.noteVerified(held.answer.id, held.verifiedTo),
  );
  if (judged === null || judged.step.kind === "fetch") return null;
  edge.counters.tiers.l1Cache.hits += 1;
  if (judged.body.kind === "bytes") {
    promote(
      edge,
      { key, primary: route.key },
      { held: judged.held, body: judged.body.bytes, rules: route.rules },
    );
  }
  return judged;
}

/** Expired beyond all use, but for whoever says that stale answers will do. */
const mayPlease = ({ coherence }: Judged, wants: RequestDirectives): boolean =>
  wants.maxStale !== null && coherence.kind === "current";
