// A fleet of keys that is filled within one second expires evenly over the jitter's window, by χ², and alike on every replica.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cacheKey, variantKey } from "../../shared/core/cache-key.ts";
import { DEFAULT_CLASSES, STANDARD_CLASS } from "../../shared/core/classes.ts";
import { rulesOfClass, WHOLE_URL } from "../../shared/core/rules.ts";
import { currentLifetime, grantLifetime } from "../../shared/core/stored-answer.ts";
import { type CacheKey, millis } from "../../shared/core/units.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const HOT = rulesOfClass(DEFAULT_CLASSES.get("hot") ?? STANDARD_CLASS);
const TTL = HOT.ttl ?? 0;
const WINDOW = TTL * HOT.jitter;
const FLEET = 10_000;

/** 32 digits as a lease's token has them, from a generator that has nothing in common with the mix that is tested. */
const token = (seed: string, n: number): string =>
  createHash("sha256").update(`${seed} ${n}`).digest("hex").slice(0, 32);
/** In [0, 1). */
const unit = (seed: string, n: number): number => Number.parseInt(token(seed, n).slice(0, 12), 16) / 2 ** 48;

function keyOf(target: string, host = "shop.example"): CacheKey {
  const [path = "", query = ""] = target.split("?");
  const url = { scheme: "https", host, path, query, hasQuery: target.includes("?") };
  return cacheKey({ site: "shop", recipe: WHOLE_URL, url, request: { header: () => null } });
}

const lifeOf = (key: string, lease: string): number => {
  const answer = { status: 200, headers: [["content-type", "text/html"]], receivedAtWall: 0 } as const;
  return grantLifetime({ ...answer, key, lease, rules: HOT })?.fresh ?? Number.NaN;
};

/** Σ (observed − expected)² / expected. `shares`: of each bin, adding up to 1. */
function chiSquare(
  values: readonly number[],
  bins: { from: number; width: number; shares: readonly number[] },
) {
  const counts = bins.shares.map(() => 0);
  for (const value of values) {
    const bin = Math.floor((value - bins.from) / bins.width);
    if (counts[bin] === undefined) throw new Error(`${value} is outside`);
    counts[bin] += 1;
  }
  return bins.shares.reduce((sum, share, bin) => {
    const expected = share * values.length;
    return sum + ((counts[bin] ?? 0) - expected) ** 2 / expected;
  }, 0);
}

const even = (count: number): number[] => Array.from({ length: count }, () => 1 / count);

/**
 * What χ² exceeds once in a thousand times where the spread is as stated, by degrees of freedom (bins less one). Keys,
 * leases and instants are the same in every run: these tests pass always or never.
 */
const CRITICAL = { 27: 55.476, 49: 85.351, 99: 148.23 } as const;

/** Whole milliseconds from TTL − WINDOW to TTL, the former excluded: a life is rounded down. */
const LIVES = { from: TTL - WINDOW, width: WINDOW / 50, shares: even(50) };

const SLUGS = [
  "red",
  "blue",
  "long",
  "short",
  "wool",
  "silk",
  "summer",
  "winter",
  "shirt",
  "coat",
  "shoe",
  "hat",
];
const slug = (n: number): string =>
  [n, Math.floor(n / 12), Math.floor(n / 144), Math.floor(n / 1728)].map((at) => SLUGS[at % 12]).join("-");

const FLEETS: readonly (readonly [string, (n: number) => CacheKey])[] = [
  ["sequential ids", (n) => keyOf(`/products/${n}`)],
  ["ids of one width", (n) => keyOf(`/products/${String(n).padStart(8, "0")}`)],
  ["a long common prefix", (n) => keyOf(`/shop/de/catalogue/season/2026/winter/women/coats/${n}`)],
  ["a common ending", (n) => keyOf(`/${n}/reviews/latest/index.html`)],
  ["pages of one list", (n) => keyOf(`/search?q=coat&page=${n}&size=20`)],
  ["words in every order", (n) => keyOf(`/p/${slug(n)}`)],
  ["as many hosts", (n) => keyOf("/", `tenant-${n}.shop.example`)],
  ["UUIDs", (n) => keyOf(`/o/${token("uuid", n)}`)],
  [
    "languages of fewer resources",
    (n) => {
      const language = `${"abcdefghij"[n % 10]}e`;
      const mark = { names: ["accept-language"], languages: [], codings: [] };
      return variantKey(keyOf(`/news/${Math.floor(n / 10)}`), mark, { header: () => language });
    },
  ],
];

describe.each(FLEETS)("%s", (_name, keys) => {
  const fleet = Array.from({ length: FLEET }, (_, n) => ({ key: keys(n), lease: token("lease", n) }));

  test("are all different keys", () => {
    expect(new Set(fleet.map(({ key }) => key)).size).toBe(FLEET);
  });

  test("live evenly long over the window, each under its own lease", () => {
    const lives = fleet.map(({ key, lease }) => lifeOf(key, lease));
    expect(chiSquare(lives, LIVES)).toBeLessThan(CRITICAL[49]);
  });

  test("and do so under one lease, by their keys alone", () => {
    const lives = fleet.map(({ key }) => lifeOf(key, token("one", 0)));
    expect(chiSquare(lives, LIVES)).toBeLessThan(CRITICAL[49]);
  });

  test("expire as evenly as the second in which they were filled allows", () => {
    const expiries = fleet.map(({ key, lease }, n) => 1000 * unit("filled", n) + lifeOf(key, lease));
    // The sum of two even spreads: it rises for a second, stays, and falls for a second.
    const [from, width] = [TTL - WINDOW, 250];
    const bins = Array.from({ length: (WINDOW + 1000) / width }, (_, bin) => (bin + 0.5) * width);
    const shares = bins.map((middle) => {
      const beside = Math.min(middle, WINDOW + 1000 - middle, 1000);
      return (beside / 1000) * (width / WINDOW);
    });
    expect(shares).toHaveLength(28);
    expect(chiSquare(expiries, { from, width, shares })).toBeLessThan(CRITICAL[27]);
  });

  test("and what follows another in the list is as free of it as any", () => {
    const tenth = ({ key, lease }: { key: string; lease: string }): number =>
      Math.min(9, Math.floor(((lifeOf(key, lease) - LIVES.from) / WINDOW) * 10));
    const pairs = fleet.slice(1).map((one, n) => 10 * tenth(fleet[n] ?? one) + tenth(one));
    expect(chiSquare(pairs, { from: 0, width: 1, shares: even(100) })).toBeLessThan(CRITICAL[99]);
  });
});

test("the statistic would find what a lesser jitter does", () => {
  const spread = (fractionOf: (n: number) => number): number =>
    chiSquare(
      Array.from({ length: FLEET }, (_, n) => LIVES.from + WINDOW * fractionOf(n)),
      LIVES,
    );
  const sum = (text: string): number => [...text].reduce((all, char) => all + char.charCodeAt(0), 0);
  expect(spread((n) => (sum(keyOf(`/products/${n}`)) % 100) / 100)).toBeGreaterThan(CRITICAL[49]);
  expect(spread((n) => unit("a", n) ** 1.1)).toBeGreaterThan(CRITICAL[49]);
  expect(spread(() => 0.5)).toBeGreaterThan(CRITICAL[49]);
  expect(spread((n) => unit("a", n))).toBeLessThan(CRITICAL[49]);
});

test("every replica makes the same expiry of the same fill, whenever it looks, and however often it was sent", () => {
  for (let n = 0; n < 1000; n++) {
    const [key, lease] = [keyOf(`/products/${n}`), token("lease", n)];
    const fresh = lifeOf(key, lease);
    const stored = { id: `${n}`, asOf: { epoch: 1, seq: 1 }, length: 0, key, lease, fresh: millis(fresh) };
    // What was stored is granted anew at each look: the lesser of the two, and they are one.
    expect(currentLifetime(storedAnswer(stored), HOT).fresh).toBe(fresh);
    expect(lifeOf(key, lease)).toBe(fresh);
  }
});
