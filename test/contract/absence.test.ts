// A control plane that was away, or could not look, judges no edge by what it saw before that.

import { describe, expect, test } from "vitest";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { LIMITS } from "../../control-plane/config.ts";
import { Absence } from "../../control-plane/tick/absence.ts";
import { nextPhase } from "../../shared/core/alert.ts";

describe("an absence", () => {
  test("is before the first look, and wherever looks are further apart than sightings count", () => {
    const absence = new Absence();
    expect(absence.wasAway(1_000_000)).toBe(true);
    absence.looked(1_000_000);
    expect(absence.wasAway(1_000_000 + LIMITS.beat)).toBe(false);
    // By then those of the last look may be too old, whoever looked in time.
    expect(absence.wasAway(1_000_000 + LIMITS.liveFor)).toBe(true);
  });
});

test("no rule that asks for longer than two looks fires by two, however long nobody looked between them", () => {
  const slow = RULES.filter((rule) => rule.for > LIMITS.alertSeenFor);
  expect(slow.map(({ id }) => id)).toEqual(expect.arrayContaining(["edge-silent", "edges-vanished"]));
  for (const terms of slow)
    for (const gap of [20_000, 25_000, 120_000, 3_600_000]) {
      const first = nextPhase(null, "breach", { now: 0, terms });
      expect(nextPhase(first, "breach", { now: gap, terms })).toMatchObject({ kind: "pending" });
    }
});
