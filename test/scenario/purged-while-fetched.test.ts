// Purges that come faster than the origin answers: readers wait for one fetch, or two, and never for the purges to stop.

import { expect, test } from "vitest";
import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { edgesTogether } from "../support/edges-together.ts";
import { HOST } from "../support/lone-edge.ts";

const EDGES = 4;
const TAKES = 1500;
const PURGED_EVERY = 700;
const ASKED_EVERY = 100;
const LASTS = 14_000;
/** How much later a waiting edge may look than what it waits for has come. */
const LOOKS = 500;

const answer = (staleFor: number): OriginOutcome => {
  const pieces = [new TextEncoder().encode("content"), null];
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
  const atOrigin = { now: 0, most: 0 };
  together.origin(async () => {
    atOrigin.now += 1;
    atOrigin.most = Math.max(atOrigin.most, atOrigin.now);
    await together.takes(TAKES);
    atOrigin.now -= 1;
    return answer(staleFor);
  });
  const waits: number[] = [];
  const statuses: number[] = [];
  const read = async (edge: (typeof edges)[number]): Promise<void> => {
    const since = edge.now;
    const { status } = await edge.get("/a");
    waits.push(edge.now - since);
    statuses.push(status);
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
  return { waits, statuses, fills: l2.fills - fills, asked: together.asked() - asked, most: atOrigin.most };
}

const FETCHES = Math.floor(LASTS / TAKES);
const well = ({ statuses }: Storm) => statuses.every((status) => status === 200);

test("softly, where it may be served stale: nobody waits, and one edge at a time asks for all", async () => {
  const seen = await storm("soft", 6);
  expect(well(seen)).toBe(true);
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
