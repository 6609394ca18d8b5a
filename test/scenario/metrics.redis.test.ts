// What an outside client counts is what the figures say, by class and result; a killed edge takes no more than they say.

import { beforeAll, expect, test } from "vitest";
import { type Exactness, measureExactness } from "../../bench/metrics/exactness.ts";
import { bundledOnce } from "../support/bundles.ts";

const REQUESTS = 3000;
let measured: Exactness;

beforeAll(async () => {
  measured = await measureExactness(REQUESTS, bundledOnce);
}, 90_000);

test("every answer is counted once, as the client tells it by its Cache-Status", () => {
  expect(measured.missing).toEqual({});
  const results = Object.values(measured.answered).flatMap((of) => Object.keys(of));
  // Whether requests meet in a flight, or an answer ages between two, is the machine's doing.
  for (const result of ["hits", "misses", "passes", "refused"]) expect(results).toContain(result);
});

test("a killed edge takes at most what it had counted since its last report, and the figures say that it did", () => {
  const { answered, unanswered, missing, inLastPeriod, lost } = measured.crash;
  expect(answered + unanswered).toBe(REQUESTS);
  expect(lost.lives).toBe(1);
  expect(lost.upToMs).toBeGreaterThan(0);
  // What was counted and told, but never reached the client, is among those that nobody answered.
  expect(missing).toBeGreaterThanOrEqual(-unanswered);
  expect(missing).toBeLessThanOrEqual(inLastPeriod);
});
