// What is remembered of a shard's clock: never later than it can be, and only while it is worth anything.

import { expect, test } from "vitest";
import { type Instant, instant, millis } from "../../shared/core/units.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import type { Clock } from "../../shared/ports/clock.ts";

const SHARD = { id: "b", life: 3 };
const known = () => new KnownShards({ clockRemembered: millis(1000), silenceRemembered: millis(500) });
const clockAt = (now: number, surely = now): Clock => ({
  now: () => instant(now),
  surely: () => instant(surely),
  backwardSteps: () => 0,
  wall: () => 0,
});

test("a shard that was never heard has no clock", () => {
  expect(known().clockOf(SHARD, clockAt(0))).toBeNull();
});

test("its clock goes on by a little less than the time that has surely passed", () => {
  const shards = known();
  shards.heard(SHARD, 50_000, clockAt(100));
  expect(shards.clockOf(SHARD, clockAt(100))).toBe(50_000);
  expect(shards.clockOf(SHARD, clockAt(1100))).toBe(50_999);
  // The host's wall clock was set forward: only one of its clocks says that so much has passed.
  expect(shards.clockOf(SHARD, clockAt(1100, 110))).toBe(50_009);
});

test("a reading that is old, or of another life, is none", () => {
  const shards = known();
  shards.heard(SHARD, 50_000, clockAt(100));
  expect(shards.clockOf(SHARD, clockAt(1101))).toBeNull();
  expect(shards.clockOf({ ...SHARD, life: 4 }, clockAt(100))).toBeNull();
  shards.heard(SHARD, 51_100, clockAt(1200));
  expect(shards.clockOf(SHARD, clockAt(1200))).toBe(51_100);
});

test("a shard is known to have been silent for a while", () => {
  const shards = known();
  const at = (now: number): Instant => instant(now);
  expect(shards.silentLately("b", at(0))).toBe(false);
  shards.wasSilent("b", at(100));
  expect(shards.silentLately("b", at(600))).toBe(true);
  expect(shards.silentLately("b", at(601))).toBe(false);
  expect(shards.silentLately("c", at(100))).toBe(false);
});
