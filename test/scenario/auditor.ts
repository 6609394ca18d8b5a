// The auditor over edges that heed what they are told: whatever happens to them, it accuses nobody.

import { expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { askForPages, servePages, staleFigures } from "./audited-pages.ts";

/** Declares the test, on two edges with `AUDITED_POLICY`. */
export function auditor(stage: () => TestCluster): void {
  test("edges that forget nothing are accused of nothing", async () => {
    const sound = stage();
    const before = await staleFigures(sound);
    await servePages(sound);
    await sound.purge({ tags: ["news"] });
    const seen = await until(
      async () => {
        await askForPages(sound);
        return staleFigures(sound);
      },
      ({ sampled }) => sampled >= before.sampled + 20,
      { withinMs: 40_000, everyMs: 1 },
    );
    expect(seen).toMatchObject({ violations: 0, upperBound95: 3 / seen.sampled, lastViolation: null });
  }, 60_000);
}
