// Rules: a policy's own words over its class's defaults, and the bound that follows from them.

import { describe, expect, test } from "vitest";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import {
  boundOf,
  type ClassSettings,
  DEFAULT_HANDLING,
  type Handling,
  type Policy,
  resolveRules,
  rulesOfClass,
  WHOLE_URL,
} from "../../shared/core/rules.ts";
import { hours, millis, minutes, seconds } from "../../shared/core/units.ts";
import { policyOf } from "./samples.ts";

const policyWith = (changes: Partial<Policy>): Policy => policyOf("/*", { id: "p", ...changes });

function classOf(name: string): ClassSettings {
  const settings = DEFAULT_CLASSES.get(name);
  if (settings === undefined) throw new Error(`no class ${name}`);
  return settings;
}

describe("a policy", () => {
  test("that says nothing leaves its class as it is", () => {
    expect(resolveRules(policyWith({}), classOf("hot"))).toEqual({
      ...classOf("hot"),
      policyId: "p",
      ttlMode: "respect",
      kept: "for all",
      ...DEFAULT_HANDLING,
    });
  });

  test("says all of how its URLs deal with requests and answers", () => {
    const said: Handling = {
      key: { ...WHOLE_URL, sort: true },
      tags: ["a"],
      setCookie: "strip",
      requestDirectives: "honor",
      answer: { tags: "keep", targeted: "strip", immutable: "say" },
    };
    expect(resolveRules(policyWith(said), classOf("hot"))).toMatchObject(said);
  });

  test("overrides field by field, and zero is a word too", () => {
    const said = {
      ttl: millis(0),
      staleWhileRevalidate: millis(0),
      staleIfError: millis(0),
      window: millis(0),
      eviction: "lru",
      refresh: "none",
      write: "write-back",
    } as const;
    expect(resolveRules(policyWith(said), classOf("hot"))).toMatchObject(said);
  });

  test.each([
    ["immutable", "serve-stale", { kind: "serve-stale", cap: hours(1) }],
    ["hot", "serve-stale", { kind: "serve-stale", cap: seconds(5) }],
    ["immutable", "refuse", { kind: "refuse" }],
    ["immutable", "revalidate", { kind: "revalidate" }],
    ["immutable", null, { kind: "serve-stale", cap: hours(1) }],
  ] as const)("of class %s that names the fence %s has %j", (name, fence, expected) => {
    expect(resolveRules(policyWith({ fence }), classOf(name)).fence).toEqual(expected);
  });
});

describe("the bound on staleness", () => {
  test.each([
    ["hot", seconds(5)],
    ["session", 0],
    ["standard", seconds(30)],
    ["immutable", minutes(10) + hours(1)],
  ])("of %s is Δ, and the cap too where the fence serves stale", (name, bound) => {
    expect(boundOf(classOf(name))).toBe(bound);
  });

  test("follows a policy's window and fence", () => {
    const rules = resolveRules(policyWith({ window: seconds(1), fence: "refuse" }), classOf("immutable"));
    expect(boundOf(rules)).toBe(1000);
  });
});

test("without a policy nothing is shared or shown that somebody might not want to be", () => {
  expect(rulesOfClass(classOf("hot"))).toMatchObject({
    policyId: null,
    key: WHOLE_URL,
    tags: [],
    setCookie: "refuse",
    requestDirectives: "restrict",
    answer: { tags: "strip", targeted: "keep", immutable: "say" },
  });
});
