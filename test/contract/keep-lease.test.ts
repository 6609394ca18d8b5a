// A lease lasts as long as its holder fetches, and no renewal follows once it is over or lost.

import { expect, test } from "vitest";
import { CACHE_LIMITS } from "../../client/cache/limits.ts";
import { LIMITS } from "../../edge/config.ts";
import { keepLease } from "../../shared/mid-tier/keep-lease.ts";
import type { RenewQuery } from "../../shared/ports/mid-tier.ts";

type Outcome = "renewed" | "lost" | "unavailable";

/** A holder whose timer fires when it is told to. */
function renewing(outcomes: Outcome[]) {
  const asked: RenewQuery[] = [];
  const due: { span: number; action: () => void }[] = [];
  const holder = {
    midTier: {
      renew: async (query: RenewQuery): Promise<Outcome> => {
        asked.push(query);
        return outcomes.shift() ?? "renewed";
      },
    },
    timers: {
      after(span: number, action: () => void) {
        const one = { span, action };
        due.push(one);
        return () => void due.splice(due.indexOf(one), 1);
      },
    },
  };
  return {
    ...{ holder, asked, due },
    async fire() {
      due.shift()?.action();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
}

const LEASE = { key: "key", token: "mine", at: "two" };

test("a lease is renewed, several times within its life, until its holder is done", async () => {
  const { holder, asked, due, fire } = renewing(["renewed", "unavailable"]);
  const done = keepLease(holder, LEASE, LIMITS);
  for (let times = 0; times < 3; times++) {
    expect(due.map(({ span }) => span)).toEqual([LIMITS.leaseRenewal]);
    await fire();
  }
  for (const { leaseRenewal, leaseDuration } of [LIMITS, CACHE_LIMITS])
    expect(leaseRenewal * 3).toBeLessThan(leaseDuration);
  expect(asked).toEqual(Array(3).fill({ ...LEASE, duration: LIMITS.leaseDuration }));
  done();
  expect(due).toEqual([]);
});

test("a flight that takes longer than anybody waits for keeps its lease no longer", async () => {
  const { holder, asked, due, fire } = renewing([]);
  keepLease(holder, LEASE, LIMITS);
  while (due.length > 0 && asked.length < 1000) await fire();
  expect(asked.length).toBe(LIMITS.leaseRenewals);
  // Whoever has waited since it began has given up by then.
  expect(LIMITS.leaseRenewals * LIMITS.leaseRenewal).toBeGreaterThan(LIMITS.longestWait);
});

test("a lease that is lost is not asked for again", async () => {
  const { holder, asked, due, fire } = renewing(["lost"]);
  keepLease(holder, LEASE, LIMITS);
  await fire();
  expect(asked.length).toBe(1);
  expect(due).toEqual([]);
});

test("a renewal that is under way when the holder is done has no successor", async () => {
  const { holder, due } = renewing([]);
  const done = keepLease(holder, LEASE, LIMITS);
  due.shift()?.action();
  done();
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(due).toEqual([]);
});
