// What `explain` says the next request gets at an edge, and why, for each state that a tier can be in.

import { describe, expect, test } from "vitest";
import { type Asked, newestAt, nextAt } from "../../cli/explain/next.ts";
import { runCli } from "../support/command-line.ts";
import { scriptedControl } from "../support/scripted-control.ts";

type Holding = NonNullable<Asked["tiers"]>["memory"];
const NOTHING: Holding = { kind: "nothing" };
const answer = (more: object = {}): Holding => ({
  ...{ kind: "answer", status: 200, bytes: 10, ageMs: 10_000, lifetimeMs: 60_000, storedLifetimeMs: 60_000 },
  ...{
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    freshness: "fresh",
    coherence: "current",
    step: "serve",
  },
  ...{ asOf: "1-1", verifiedTo: "1-1", part: "whole", vary: [], newest: null },
  ...more,
});
const hit = (position: string) => ({ position, mode: "hard" as const, selector: "default t product-1" });
const PURGED = { coherence: "hard", step: "fetch", newest: hit("1-9") };
const EXPIRED = { freshness: "expired", step: "revalidate", ageMs: 65_000 };
const PURGES = [
  { position: "1-9", id: "r9", actor: "cms", at: "2026-01-02T03:04:05.000Z", reason: "new price" },
];

const edge = (tiers: object | null, more: object = {}): Asked =>
  ({
    ...{ edge: "edge-1", position: "1-9", key: "k", class: "hot", policy: null, fetches: null, newest: null },
    tiers: tiers === null ? null : { memory: NOTHING, dataCentre: NOTHING, l2: NOTHING, ...tiers },
    ...more,
  }) as Asked;

describe("the next request", () => {
  test.each<[string, Asked, string, string]>([
    ["a cold edge", edge(null), "pass", "knows nothing of the log"],
    ["nothing held", edge({}), "miss", "no tier holds it"],
    ["fresh in memory", edge({ memory: answer() }), "hit", "from memory, fresh for 50 s more"],
    ["fresh in Redis alone", edge({ l2: answer() }), "hit", "from Redis"],
    ["purged in memory, fresh in Redis", edge({ memory: answer(PURGED), l2: answer() }), "hit", "from Redis"],
    [
      "purged everywhere",
      edge({ memory: answer(PURGED), l2: answer(PURGED) }),
      "miss",
      "memory holds one, but it was purged by tag product-1 at 2026-01-02 03:04:05Z, by cms (new price): the origin is asked",
    ],
    [
      "expired",
      edge({ memory: answer(EXPIRED) }),
      "miss",
      "expired 5 s ago: the origin is asked whether it is still good",
    ],
    [
      "stale, and served",
      edge({ memory: answer({ ...EXPIRED, step: "serve-and-refresh", staleWhileRevalidateMs: 30_000 }) }),
      "stale",
      "served for 25 s more while it is renewed",
    ],
    [
      "purged softly",
      edge({ memory: answer({ coherence: "soft", step: "serve-and-refresh" }) }),
      "stale",
      "purged softly",
    ],
    ["to be checked", edge({ l2: answer({ step: "check" }) }), "hit", "if the log says"],
    ["not storable", edge({ l2: { kind: "uncacheable" } }), "pass", "not storable"],
    ["being fetched", edge({ l2: { kind: "being-fetched", forMs: 2000 } }), "wait", "2 s at most"],
    [
      "Redis away",
      edge({ l2: { kind: "unavailable", reason: "timeout" } }),
      "miss",
      "Redis does not answer (timeout)",
    ],
    ["fenced", edge({ memory: answer({ step: "refuse" }) }), "refused", "503"],
    [
      "the journal's value",
      edge(
        {},
        {
          journal: {
            kind: "value",
            exists: true,
            etag: "e",
            bytes: 1,
            ageMs: 1,
            ttlMs: 9,
            operation: "o",
            verifiedTo: null,
          },
        },
      ),
      "hit",
      "the journal",
    ],
  ])("%s", (_, view, word, why) => {
    const next = nextAt(view, PURGES);
    expect(next.word).toBe(word);
    expect(next.why).toContain(why);
  });

  test("an edge that does not tell is not known", () => {
    expect(nextAt({ edge: "e", unavailable: "timeout" }, []).word).toBe("unknown");
  });
});

test("the last purge is the newest of the URL's and of what is held for it, by position and not by text", () => {
  const view = edge({ memory: answer({ newest: hit("1-10") }) }, { newest: hit("1-9") });
  expect(newestAt(view)?.position).toBe("1-10");
  expect(newestAt(edge({}))).toBeNull();
});

test("it is shown edge by edge, with the receipts; what the policies say only where it is asked for", async () => {
  const explanation = {
    ...{
      url: "http://a.test/p",
      site: "default",
      host: "a.test",
      policy: null,
      class: "standard",
      considered: [],
    },
    key: { url: "http://a.test/p", headers: [], cookies: [] },
    ...{ settings: [], selectors: ["default h a.test"], boundMs: 30_000, purges: PURGES },
    edges: [edge({ memory: answer(PURGED) }), { edge: "edge-2", unavailable: "timeout" }],
  };
  const { fetch } = scriptedControl([{ status: 200, json: explanation }]);
  const { stdout } = await runCli(["explain", "http://a.test/p"], { fetch });
  expect(stdout).toContain("edge-1  MISS     memory holds one, but");
  expect(stdout).toContain("edge-2  UNKNOWN  the edge did not tell: timeout");
  expect(stdout).toContain("1-9  tidegate receipts r9");
  expect(stdout).not.toContain("Cache key");
  expect((await runCli(["explain", "http://a.test/p", "--policy"], { fetch })).stdout).toContain("Cache key");
  const one = await runCli(["explain", "http://a.test/p", "--edge", "edge-2", "--json"], { fetch });
  expect(one.json.next).toEqual([{ edge: "edge-2", word: "unknown", why: "the edge did not tell: timeout" }]);
  expect((await runCli(["explain", "http://a.test/p", "--edge", "edge-9"], { fetch })).exit).toBe(4);
});
