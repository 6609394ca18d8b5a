// Answers with a great many fields: what these take of an isolate counts towards the class's budget.

import { expect, test } from "vitest";
import { STANDARD_CLASS } from "../../shared/core/classes.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
import { loneEdge } from "../support/lone-edge.ts";

const FIELDS = 2000;
/** What a name and a value take at least, with the pair that holds them: two objects, and a list with two places. */
const LEAST = 100;

test("memory keeps no more of them than there is room for", async () => {
  const lone = loneEdge();
  await lone.beat();
  const flood = Array.from({ length: FIELDS }, (_, at): HeaderPair => [`x${at}`, ""]);
  lone.origin = () => ({
    ...{ kind: "answer", status: 200, body: { kind: "bytes", bytes: new Uint8Array(5) } },
    headers: [["cache-control", "max-age=600"], ...flood],
  });
  for (let n = 0; n < 250; n++) await lone.get(`/${n}`);
  await lone.settled();
  const held = [...lone.edge.memory.all()].length;
  expect(held).toBeGreaterThan(50);
  expect(held * FIELDS * LEAST).toBeLessThan(STANDARD_CLASS.memoryBudget);
});
