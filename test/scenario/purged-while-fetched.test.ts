// Purges that come faster than the origin answers: readers wait for one fetch, or two, and never for the purges to stop.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { renewAll } from "../../edge/refresh/renew.ts";
import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import { coherenceOf } from "../../shared/core/log-view.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { edgesTogether } from "../support/edges-together.ts";
import { HOST } from "../support/lone-edge.ts";

const EDGES = 4;
const TAKES = 1500;
const PURGED_EVERY = 700;
const ASKED_EVERY = 20;
const FILL_TAKES = 60;
const LASTS = 14_000;
/** How much later a waiting edge may look than what it waits for has come. */
const LOOKS = 500;

const answer = (staleFor: number, content = "content"): OriginOutcome => {
  const pieces = [new TextEncoder().encode(content), null];
  const source = { length: null, read: async () => pieces.shift() ?? null, cancel: () => undefined };
  const headers = [
    ["cache-control", `max-age=60, stale-while-revalidate=${staleFor}`],
    ["cache-tag", "news"],
  ] as const;
  return { kind: "answer", status: 200, headers, body: { kind: "source", source } };
};

interface Storm {
  /** Milliseconds from arrival to answer, all edges together. */
  readonly waits: readonly number[];
  readonly statuses: readonly number[];
  /** Of each edge, what it answered, by when it had been asked: how many requests the origin had seen when it answered. */
  readonly versions: readonly (readonly number[])[];
  readonly fills: number;
  readonly asked: number;
  /** Origin requests at one instant. */
  readonly most: number;
}

/** Every edge learns of each purge at once, and is asked all the time. */
const TAG = "default t news" as Selector;
const URL = `default u ${HOST}/a` as Selector;

async function storm(mode: InvalidationMode, staleFor: number, named = TAG): Promise<Storm> {
  const together = await edgesTogether(EDGES);
  const { edges, l2 } = together;
  together.origin(() => answer(staleFor));
  for (const edge of edges) await edge.get("/a");
  await together.pass(100);
  const [fills, asked] = [l2.fills, together.asked()];
  const atOrigin = { now: 0, most: 0, version: 0 };
  l2.fillTakes = () => together.takes(FILL_TAKES);
  together.origin(async () => {
    atOrigin.now += 1;
    atOrigin.most = Math.max(atOrigin.most, atOrigin.now);
    atOrigin.version += 1;
    const { version } = atOrigin;
    await together.takes(TAKES);
    atOrigin.now -= 1;
    return answer(staleFor, String(version));
  });
  const waits: number[] = [];
  const statuses: number[] = [];
  const versions: number[][] = edges.map(() => []);
  const read = async (edge: (typeof edges)[number]): Promise<void> => {
    const since = edge.now;
    const { status, body } = await edge.get("/a");
    waits.push(edge.now - since);
    statuses.push(status);
    if (body.kind === "bytes")
      versions[edges.indexOf(edge)]?.push(Number(new TextDecoder().decode(body.bytes)) || 0);
  };
  const reads: Promise<void>[] = [];
  for (let at = 0; at < LASTS; at += ASKED_EVERY) {
    if (at % PURGED_EVERY === 0)
      for (const edge of edges) {
        edge.append({ kind: "invalidate", mode, selectors: [named] });
        await edge.beat();
      }
    reads.push(...edges.map(read));
    await together.pass(ASKED_EVERY);
  }
  await together.pass(3 * TAKES);
  await Promise.all(reads);
  return {
    waits,
    statuses,
    versions,
    fills: l2.fills - fills,
    asked: together.asked() - asked,
    most: atOrigin.most,
  };
}

const FETCHES = Math.floor(LASTS / TAKES);
const well = ({ statuses }: Storm) => statuses.every((status) => status === 200);

/** Whether no edge has gone back to an older answer. */
const goesOn = ({ versions }: Storm) =>
  versions.every((seen) => seen.every((version, at) => version >= (seen[at - 1] ?? 0)));

test("softly, where it may be served stale: nobody waits, and one edge at a time asks for all", async () => {
  const seen = await storm("soft", 6);
  expect([well(seen), goesOn(seen)]).toEqual([true, true]);
  expect(Math.max(...seen.waits)).toBe(0);
  expect(seen.most).toBe(1);
  expect(seen.fills).toBeGreaterThanOrEqual(FETCHES - 2);
});

test("softly, where it may not: whoever waits has what was asked for after he came", async () => {
  const seen = await storm("soft", 0);
  expect(well(seen)).toBe(true);
  expect(Math.max(...seen.waits)).toBeLessThanOrEqual(2 * TAKES + LOOKS);
  expect(seen.most).toBe(1);
});

test.each([TAG, URL])(
  "hard, by %s: whoever waits has what was asked for after he came, and the lease is taken over once",
  async (named) => {
    const seen = await storm("hard", 6, named);
    expect(well(seen)).toBe(true);
    expect(Math.max(...seen.waits)).toBeLessThanOrEqual(2 * TAKES + LOOKS);
    expect(seen.most).toBeLessThanOrEqual(2);
    expect(seen.fills).toBeGreaterThanOrEqual(FETCHES / 2);
  },
);

test("an overtaker that hangs gives way after a while", async () => {
  const { edges, ...together } = await edgesTogether(3);
  for (const [at, edge] of edges.entries())
    edge.origin = async () => {
      await together.takes(at < 2 ? 29_000 : 100);
      return answer(0);
    };
  const purge = async (): Promise<void> => {
    for (const edge of edges) {
      edge.append({ kind: "invalidate", mode: "hard", selectors: [URL] });
      await edge.beat();
    }
  };
  const reads: Promise<unknown>[] = [];
  for (const edge of edges.slice(0, 2)) {
    reads.push(edge.get("/a"));
    await together.pass(300);
    await purge();
  }
  const last = edges[2];
  if (last === undefined) throw new Error("no third edge");
  let waited = -1;
  const since = last.now;
  void last.get("/a").then(() => {
    waited = last.now - since;
  });
  for (let at = 0; at < 31_000; at += 500) {
    await together.pass(500);
    for (const edge of edges) await edge.beat();
  }
  await Promise.all(reads);
  expect(waited).toBeGreaterThan(0);
  expect(waited).toBeLessThanOrEqual(LIMITS.overtakerPatience + LOOKS);
});

describe("behind a soft purge of what is being fetched", () => {
  async function fetching() {
    const together = await edgesTogether(1, [{ key_pattern: "/*", class: "hot" }]);
    const [edge] = together.edges;
    if (edge === undefined) throw new Error("no edge");
    together.origin(async () => {
      await together.takes(TAKES);
      return answer(30);
    });
    const first = edge.get("/a");
    await together.pass(500);
    edge.append({ kind: "invalidate", mode: "soft", selectors: [TAG, URL] });
    await edge.beat();
    await together.pass(100);
    const isCurrent = (): boolean => {
      const [view, route] = [
        edge.edge.view.current(),
        edge.edge.router.route({ url: `https://${HOST}/a`, header: () => null }),
      ];
      if (view === null || route === null) throw new Error("a cold edge");
      const held = edge.edge.memory.peek(route.rules, route.key)?.held;
      return (
        held !== undefined && coherenceOf(view, held.verifiedTo, held.answer.selectors).kind === "current"
      );
    };
    return { together, edge, first, isCurrent };
  }

  test("a client joins, and has it fetched anew behind him", async () => {
    const { together, edge, first, isCurrent } = await fetching();
    const joined = edge.get("/a");
    await together.pass(6000);
    expect((await joined).cacheStatus).toContain("stale");
    expect([(await first).status, together.asked(), isCurrent()]).toEqual([200, 2, true]);
  });

  test("a warm-up has it fetched anew", async () => {
    const { together, edge, isCurrent } = await fetching();
    const warmed = edge.get("/a", { purpose: "warm-up" });
    await together.pass(6000);
    expect([(await warmed).status, together.asked(), isCurrent()]).toEqual([200, 2, true]);
  });

  test("a renewal has it fetched anew", async () => {
    const { together, edge, isCurrent } = await fetching();
    const targets = [{ url: `https://${HOST}/a`, headers: [] }];
    const background = { keep: () => undefined };
    const renewed = renewAll(edge.edge, background, { targets, leastMs: 10_000, concurrency: 1 });
    await together.pass(6000);
    expect(await renewed).toMatchObject([{ result: "fetched" }]);
    expect([together.asked(), isCurrent()]).toEqual([2, true]);
  });
});
