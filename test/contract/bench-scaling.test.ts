// What many data centres come to together: each counts by what comes in a second, however long it was simulated for.

import { expect, test } from "vitest";
import { type Fleet, simulateFleet } from "../../bench/scaling/fleet.ts";
import { millis, minutes } from "../../shared/core/units.ts";

/** One data centre has nearly all traffic, and is simulated for a few windows; the others for an hour. */
const FLEET: Fleet = {
  ...{ dataCentres: 4, requestsPerDay: 20_000 * 86_400, zipf: 8, perIsolate: 5, leastIsolates: 2, swing: 0 },
  ...{ isolateLife: minutes(600), window: millis(1000), shares: false },
};

test("a purge that is late somewhere weighs as much as there are isolates that are late", () => {
  const effort = { events: 20_000, longest: minutes(60) };
  const { lateness } = simulateFleet(FLEET, effort, "seed");
  const busiest = simulateFleet({ ...FLEET, dataCentres: 1 }, effort, "seed");
  // Four thousand isolates that are asked five times a second are beside six that are asked now and then.
  expect(lateness.p50).toBe(busiest.lateness.p50);
});
