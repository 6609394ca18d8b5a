// Copies that an edge failed to make: with the beat it looks whether others have, and forgets what was purged meanwhile.

import { expect, test } from "vitest";
import type { Selector } from "../../shared/core/units.ts";
import type { Wanted } from "../../shared/mid-tier/missing-copies.ts";
import { loneEdge } from "../support/lone-edge.ts";

const PURGED = "default t news" as Selector;

test("with each beat it is looked for what is missing, but not for what a purge has hit since", async () => {
  let looks: ((wanted: Wanted) => boolean)[] = [];
  const lone = loneEdge([], {
    lookForCopies: async (isOver) => void looks.push(isOver),
  });
  await lone.beat();
  const [before] = looks;
  const position = lone.edge.view.position();
  if (position === null || before === undefined) throw new Error("the edge has no view, or has not looked");
  const news = { key: "k", asOf: position, selectors: [PURGED] };
  const other = { key: "l", asOf: position, selectors: ["default t other" as Selector] };
  expect([before(news), before(other)]).toEqual([false, false]);
  lone.append({ kind: "invalidate", mode: "soft", selectors: ["default t other" as Selector] });
  lone.append({ kind: "invalidate", mode: "hard", selectors: [PURGED] });
  lone.now += 60_000;
  looks = [];
  await lone.beat();
  await lone.settled();
  const [after] = looks;
  expect([after?.(news), after?.(other)]).toEqual([true, false]);
  expect(after?.({ ...other, asOf: { epoch: position.epoch - 1, seq: 1 } })).toBe(true);
});
