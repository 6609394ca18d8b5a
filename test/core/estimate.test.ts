// What a look at some answers says of all of them.

import { describe, expect, test } from "vitest";
import { estimateFrom, selectorsNow } from "../../shared/core/estimate.ts";
import { parsePattern } from "../../shared/core/pattern.ts";
import { compileRouting } from "../../shared/core/routing.ts";
import { DEFAULT_HANDLING, type Policy } from "../../shared/core/rules.ts";
import { selectorsOf } from "../../shared/core/selector.ts";

/** The same numbers every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("an estimate", () => {
  test("of all of them is a count", () => {
    expect(estimateFrom({ entries: 3, bytes: 10, sampled: 7, of: 7 })).toEqual({
      ...{ entries: 3, bytes: 10, sampled: 7, of: 7 },
      ...{ exact: true, least: 3, most: 3 },
    });
  });

  test("of nobody says nothing", () => {
    expect(estimateFrom({ entries: 0, bytes: 0, sampled: 0, of: 50 })).toMatchObject({
      ...{ exact: false, least: 0, most: 50 },
    });
  });

  test("without a match does not say that there is none", () => {
    const { entries, least, most } = estimateFrom({ entries: 0, bytes: 0, sampled: 200, of: 10_000 });
    expect({ entries, least }).toEqual({ entries: 0, least: 0 });
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThan(300);
  });

  test("never contradicts what was seen", () => {
    expect(estimateFrom({ entries: 9, bytes: 0, sampled: 9, of: 10 })).toMatchObject({ least: 9, most: 10 });
    expect(estimateFrom({ entries: 0, bytes: 0, sampled: 9, of: 10 })).toMatchObject({ least: 0, most: 1 });
  });

  test.each([0.002, 0.02, 0.2, 0.5, 0.97])(
    "holds the truth 95 times in 100: where a share of %d matches",
    (share) => {
      const unit = seeded(Math.round(share * 1000));
      const [of, sampled, runs] = [2000, 200, 2000];
      let held = 0;
      for (let run = 0; run < runs; run++) {
        const matching = Math.round(share * of);
        let [left, drawn, entries] = [matching, 0, 0];
        for (; drawn < sampled; drawn++)
          if (unit() < left / (of - drawn)) {
            left -= 1;
            entries += 1;
          }
        const { least, most } = estimateFrom({ entries, bytes: 0, sampled, of });
        if (least <= matching && matching <= most) held += 1;
      }
      expect(held / runs).toBeGreaterThan(0.94);
    },
  );
});

describe("what can hit a stored answer now", () => {
  const parsed = parsePattern("/img/*");
  if (parsed.kind === "invalid") throw new Error(parsed.message);
  const policy: Policy = {
    ...{ id: "img", site: "shop", pattern: parsed.pattern, class: "hot", ttl: null, ttlMode: "respect" },
    ...{
      staleWhileRevalidate: null,
      staleIfError: null,
      eviction: null,
      refresh: null,
      write: null,
      journal: {},
    },
    ...{ window: null, fence: null, priority: 0 },
    ...DEFAULT_HANDLING,
    tags: ["pictures"],
  };
  const site = { name: "shop", hosts: ["shop.test"], aliases: [], canonicalHost: "shop.test" };
  const routing = compileRouting([site], [policy]);
  const stored = (pathAndQuery: string, host = "shop.test") =>
    selectorsOf({ site: "shop", host, pathAndQuery, class: "standard", tags: ["t"] });

  test("is what it was stored with, and its policy's class and tags", () => {
    const now = selectorsNow(stored("/img/a?b"), routing);
    for (const selector of [...stored("/img/a?b"), "shop c hot", "shop t pictures"])
      expect(now).toContain(selector);
    expect(selectorsNow(stored("/a"), routing)).not.toContain("shop t pictures");
  });

  test("is all that its URL is named by, though it was stored under its letters alone", () => {
    const now = selectorsNow(stored("/%69mg/a%2Fb"), routing);
    for (const selector of ["u shop.test/img/a%2Fb", "u shop.test/img/a/b", "p shop.test/img", "t pictures"])
      expect(now).toContain(`shop ${selector}`);
  });

  test("is what it was stored with where no site serves it any more, or nothing says what it is", () => {
    expect(selectorsNow(stored("/img/a", "gone.test"), routing)).toEqual(stored("/img/a", "gone.test"));
    expect(selectorsNow([], routing)).toEqual([]);
  });
});
