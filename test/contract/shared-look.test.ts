// Of a crowd one looks in the data centre: what it finds is handed round, and where it is lost one other looks again.

import { expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Edge } from "../../edge/edge.ts";
import type { DataCentreOutcome } from "../../edge/tiers/data-centre.ts";
import { findInDataCentre } from "../../edge/tiers/shared-look.ts";
import type { CacheKey } from "../../shared/core/units.ts";

const KEY = "a site|http://example.test/" as CacheKey;
const ABSENT: DataCentreOutcome = { kind: "absent" };

/** An edge whose clock and timers are moved by hand, and whose data centre answers when it is told to. */
function crowded() {
  let now = 0;
  const due: { at: number; action: () => void }[] = [];
  const looks: PromiseWithResolvers<DataCentreOutcome>[] = [];
  const edge = {
    looks: new Map(),
    clock: { now: () => now },
    dataCentre: {
      find() {
        const look = Promise.withResolvers<DataCentreOutcome>();
        looks.push(look);
        return look.promise;
      },
    },
    timers: {
      after(span: number, action: () => void) {
        const one = { at: now + span, action };
        due.push(one);
        return () => {
          if (due.includes(one)) due.splice(due.indexOf(one), 1);
        };
      },
    },
  } as unknown as Edge;
  const look = () => findInDataCentre(edge, KEY, "whole");
  return {
    ...{ edge, looks, due, look },
    async pass(span: number) {
      now += span;
      for (const one of due.splice(0)) {
        if (one.at <= now) one.action();
        else due.push(one);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
}

test("all who come while one looks are handed what it finds, and the next one looks anew", async () => {
  const { edge, looks, due, look } = crowded();
  const crowd = [look(), look(), look()];
  expect(looks).toHaveLength(1);
  looks[0]?.resolve(ABSENT);
  expect(await Promise.all(crowd)).toEqual([ABSENT, ABSENT, ABSENT]);
  expect([edge.looks.size, due.length]).toEqual([0, 0]);
  const next = look();
  looks[1]?.resolve(ABSENT);
  expect(await next).toBe(ABSENT);
  expect(looks).toHaveLength(2);
});

test("a look whose request is gone holds nobody up for long, and then one looks for all", async () => {
  const { looks, look, pass } = crowded();
  void look();
  const crowd = [look(), look(), look()];
  await pass(LIMITS.lookGuard - 1);
  expect(looks).toHaveLength(1);
  await pass(1);
  expect(looks).toHaveLength(2);
  looks[1]?.resolve(ABSENT);
  expect(await Promise.all(crowd)).toEqual([ABSENT, ABSENT, ABSENT]);
});

test("where all looks are slow, whoever has waited for two of them looks for himself", async () => {
  const { looks, look, pass } = crowded();
  void look();
  const crowd = [look(), look(), look()];
  await pass(LIMITS.lookGuard);
  expect(looks).toHaveLength(2);
  await pass(LIMITS.lookGuard);
  expect(looks).toHaveLength(4);
  for (const { resolve } of looks.slice(1)) resolve(ABSENT);
  expect(await Promise.all(crowd)).toEqual([ABSENT, ABSENT, ABSENT]);
});

test("a body that is a stream has one reader: the others look for themselves", async () => {
  const { looks, look } = crowded();
  const source = { length: 1, read: async () => null, cancel: () => undefined };
  const streamed = { kind: "hit", body: { kind: "source", source } } as unknown as DataCentreOutcome;
  const [first, second] = [look(), look()];
  looks[0]?.resolve(streamed);
  expect(await first).toBe(streamed);
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(looks).toHaveLength(2);
  looks[1]?.resolve(ABSENT);
  expect(await second).toBe(ABSENT);
});

test("a look that fails fails for its own request alone, and is not kept", async () => {
  const { edge, looks, due, look } = crowded();
  const crowd = Promise.allSettled([look(), look()]);
  looks[0]?.reject(new Error("broken"));
  await new Promise<void>((resolve) => setImmediate(resolve));
  looks[1]?.resolve(ABSENT);
  expect((await crowd).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect([edge.looks.size, due.length]).toEqual([0, 0]);
});
