// Sources' shared buckets in memory: tokens are taken as `take.lua` takes them.

import { type Bucket, fullBucket, takeTokens } from "../../shared/core/token-bucket.ts";
import { millis } from "../../shared/core/units.ts";
import type { OriginBudget, TakeQuery } from "../../shared/ports/origin-budget.ts";
import type { Reachable } from "./reachable.ts";

export class FakeBudget implements OriginBudget {
  private readonly buckets = new Map<string, Bucket>();
  private readonly reachable: Reachable;

  constructor(reachable: Reachable) {
    this.reachable = reachable;
  }

  take({ buckets, patience }: TakeQuery): ReturnType<OriginBudget["take"]> {
    return this.reachable.call(() => {
      const now = this.reachable.now();
      const asked = buckets.map((terms) => {
        const bucket = this.buckets.get(terms.name) ?? fullBucket(terms, now);
        return { terms, bucket, given: takeTokens({ ...bucket }, { ...terms, patience }, now) };
      });
      const wait = millis(
        Math.max(...asked.map(({ given }) => (given.kind === "granted" ? given.after : given.wait))),
      );
      if (asked.some(({ given }) => given.kind === "refused")) return { kind: "refused", wait } as const;
      // From all of them or from none: only now that each has enough.
      for (const { terms, bucket } of asked) {
        takeTokens(bucket, { ...terms, patience }, now);
        this.buckets.set(terms.name, bucket);
      }
      return { kind: "granted", after: wait } as const;
    });
  }
}
