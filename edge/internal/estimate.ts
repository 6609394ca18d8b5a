// How many answers in this isolate's memory an invalidation would hit: a bounded look, spread over all of them.

import type { Look } from "../../shared/core/estimate.ts";
import { coherenceOf, type LogView } from "../../shared/core/log-view.ts";
import type { Selector } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { MemoryAnswer } from "../tiers/memory.ts";

export function lookIntoMemory(edge: Edge, selectors: readonly Selector[]): Look {
  const view = edge.view.current();
  const of = edge.memory.entries;
  // A cold edge reads nothing: whatever it holds can't be served before it has learnt the log.
  if (view === null || of === 0) return { entries: 0, bytes: 0, sampled: of, of };
  const wanted = new Set(selectors);
  // One of each so many, any of them: what comes in a regular order must not always meet the same.
  const step = Math.ceil(of / LIMITS.estimateLooks);
  let chosen = 0;
  let [index, entries, bytes, sampled] = [0, 0, 0, 0];
  for (const answer of edge.memory.all()) {
    if (index % step === 0) chosen = index + Math.floor(edge.random.unit() * step);
    if (index === chosen) {
      sampled += 1;
      if (isHit(edge, view, { answer, wanted })) {
        entries += 1;
        bytes += answer.body.length;
      }
    }
    index += 1;
  }
  return { entries, bytes, sampled, of };
}

/** What has been invalidated already can't be hit once more. */
function isHit(
  edge: Edge,
  view: LogView,
  { answer, wanted }: { answer: MemoryAnswer; wanted: ReadonlySet<Selector> },
): boolean {
  const { held } = answer;
  const selectors = edge.router.selectorsNow(held.answer.selectors);
  if (!selectors.some((selector) => wanted.has(selector))) return false;
  const { kind } = coherenceOf(view, held.verifiedTo, selectors);
  return kind !== "hard" && kind !== "other-epoch";
}
