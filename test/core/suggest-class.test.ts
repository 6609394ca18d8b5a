// Classes from traffic: right where the signs are clear, careful where they are not, silent where there are too few.

import { describe, expect, test } from "vitest";
import { suggestClass, type Traffic } from "../../shared/core/suggest-class.ts";
import {
  addFigure,
  addSize,
  type Count,
  noFigures,
  sizeQuantile,
} from "../../shared/core/traffic-figures.ts";

const HOUR = 3_600_000;

function traffic(
  counts: Partial<Record<Count, number>>,
  more: Partial<Omit<Traffic, "figures">> & { size?: number } = {},
): Traffic {
  const figures = noFigures();
  for (const [name, count] of Object.entries(counts)) addFigure(figures, name as Count, count);
  addSize(figures, more.size ?? 2000, counts.requests ?? 0);
  return { pattern: "/x", requestsPerSecond: 0.1, share: 0.01, ...more, figures };
}

const classOf = (given: Traffic): string => {
  const found = suggestClass(given);
  return found === "too little" ? found : found.class;
};

const MANY = { requests: 5000, answers: 100 };
const BUSY = { requestsPerSecond: 20, share: 0.3 };

test.each([
  ["much asked for, and short-lived", traffic({ ...MANY, lifeShort: 100 }, BUSY), "hot"],
  [
    "much asked for, and changing",
    traffic({ ...MANY, compared: 50, changed: 20, comparedMs: HOUR }, BUSY),
    "hot",
  ],
  ["much asked for, and neither", traffic({ ...MANY }, BUSY), "standard"],
  ["much asked for, but large", traffic({ ...MANY, lifeShort: 100 }, { ...BUSY, size: 5e6 }), "standard"],
  [
    "much asked for, but not to be stored",
    traffic({ ...MANY, lifeShort: 100, noStore: 90 }, BUSY),
    "standard",
  ],
  ["much asked for, but mostly errors", traffic({ ...MANY, lifeShort: 100, errors: 60 }, BUSY), "standard"],
  ["named by its content", traffic({ ...MANY, hashed: 5000 }), "immutable"],
  ["said to be immutable", traffic({ ...MANY, immutable: 100, lifeLong: 100 }), "immutable"],
  ["long-lived alone", traffic({ ...MANY, lifeLong: 100 }), "standard"],
  [
    "named by its content, but changing",
    traffic({ ...MANY, hashed: 5000, compared: 9, changed: 1, comparedMs: HOUR }),
    "standard",
  ],
  ["setting cookies", traffic({ ...MANY, setCookie: 100 }, { pattern: "/session/:id" }), "session"],
  ["private", traffic({ ...MANY, private: 100 }, { pattern: "/session/:id" }), "session"],
  ["authorized", traffic({ ...MANY, authorized: 4000 }), "session"],
  ["hot, but one user's", traffic({ ...MANY, lifeShort: 100, private: 90 }, BUSY), "session"],
  ["hashed, but one user's", traffic({ ...MANY, hashed: 5000, private: 90 }), "session"],
  ["nothing in particular", traffic({ ...MANY, lifeShort: 50 }), "standard"],
  ["a handful", traffic({ requests: 40, hashed: 40 }), "too little"],
])("what is %s", (_what, given, expected) => expect(classOf(given)).toBe(expected));

describe("how sure it is", () => {
  const confidence = (given: Traffic): number => {
    const found = suggestClass(given);
    return found === "too little" ? 0 : found.confidence;
  };

  test("grows with the requests that showed it, and never beyond 1", () => {
    const sure = [80, 300, 3000, 1e9].map((requests) =>
      confidence(traffic({ requests, answers: 100, hashed: requests, immutable: 100, lifeLong: 100 })),
    );
    expect([...sure].sort((a, b) => a - b)).toEqual(sure);
    expect(sure[0]).toBeLessThan(0.7);
    expect(sure[3]).toBeLessThanOrEqual(1);
  });

  test("is less where its URLs are the same for all users", () => {
    const own = traffic({ ...MANY, private: 100 }, { pattern: "/session/:id" });
    const shared = traffic({ ...MANY, private: 100 }, { pattern: "/account" });
    expect(confidence(shared)).toBeLessThan(confidence(own));
  });

  test("every suggestion has its reasons", () => {
    for (const given of [
      traffic(MANY),
      traffic({ ...MANY, hashed: 5000 }),
      traffic({ ...MANY, private: 100 }),
    ]) {
      const found = suggestClass(given);
      expect(found === "too little" ? [] : found.reasons.length).toBeGreaterThan(0);
    }
  });
});

test("a share of the sizes is known to within a size class", () => {
  const figures = noFigures();
  for (const size of [100, 100, 100, 5000, 1e9]) addSize(figures, size, 8);
  expect([0.5, 0.8, 1].map((share) => sizeQuantile(figures, share))).toEqual([256, 16_384, 2 * 16_777_216]);
  expect(sizeQuantile(noFigures(), 0.5)).toBeNull();
});
