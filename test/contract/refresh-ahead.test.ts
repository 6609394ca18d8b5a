// A hot key is renewed ahead of its end: nobody meets it expired, and the origin is asked about once a life.

import { expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import type { MidTier, ReadOutcome } from "../../shared/ports/mid-tier.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const LIFE = 60_000;
const AHEAD = { id: "a", key_pattern: "/*", class: "hot", ttl: "1m", refresh_strategy: "refresh-ahead" };

/** L2 with one key: what is filled is found, by everybody, and one has the right to fetch at a time. */
class OneKey implements MidTier {
  private stored: { readonly of: Parameters<MidTier["fill"]>[0]; readonly at: number } | null = null;
  private holder: string | null = null;
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  async read({ not, lease }: Parameters<MidTier["read"]>[0]): Promise<ReadOutcome> {
    if (this.stored !== null && this.stored.of.answer.id !== not) {
      const { answer, body } = this.stored.of;
      const residence = millis(this.now() - this.stored.at);
      return { kind: "hit", found: { answer, body, verifiedTo: answer.asOf, residence, shard: "one" } };
    }
    if (lease === null) return { kind: "absent" };
    if (this.holder !== null) return { kind: "taken", remaining: millis(1000) };
    this.holder = lease.token;
    return { kind: "leased", granted: { shard: "one", copies: [], silent: [] } };
  }

  async fill(of: Parameters<MidTier["fill"]>[0]) {
    if (of.token !== this.holder) return { kind: "refused", reason: "lease" } as const;
    this.holder = null;
    this.stored = { of, at: this.now() };
    return { kind: "stored", displaced: 0 } as const;
  }

  async release(): Promise<"released"> {
    this.holder = null;
    return "released";
  }

  async verified(): Promise<void> {}
}

interface Hour {
  readonly statuses: Readonly<Record<string, number>>;
  readonly asked: number;
  readonly oldestAge: number;
}

/** Edges in turn, over one L2, for an hour of their clocks: `perSecond` requests. */
async function hour(edges: number, policy: Record<string, unknown>, perSecond = 10): Promise<Hour> {
  let now = 1000;
  const midTier = new OneKey(() => now);
  const all: LoneEdge[] = Array.from({ length: edges }, () => loneEdge([policy], { midTier }));
  let asked = 0;
  for (const lone of all)
    lone.origin = () => {
      asked += 1;
      return { kind: "answer", status: 200, headers: [], body: { kind: "bytes", bytes: new Uint8Array(9) } };
    };
  const statuses: Record<string, number> = {};
  let oldestAge = 0;
  for (let n = 0; n < 3600 * perSecond; n++) {
    now += 1000 / perSecond;
    const lone = all[n % edges];
    if (lone === undefined) throw new Error("no edge");
    lone.now = now;
    const { cacheStatus, age } = await lone.get("/hot");
    const said = / hit/.test(cacheStatus) ? (/detail=stale/.test(cacheStatus) ? "stale" : "hit") : "miss";
    statuses[said] = (statuses[said] ?? 0) + 1;
    oldestAge = Math.max(oldestAge, age ?? 0);
    await lone.settled();
  }
  return { statuses, asked, oldestAge };
}

const LIVES = (3600 * 1000) / LIFE;

test("an hour over three edges: one miss, no stale answer, at most 1.1 origin requests a life", async () => {
  const { statuses, asked, oldestAge } = await hour(3, AHEAD);
  // The first of all, and what each other edge brings from L2 for the first time.
  expect(statuses.stale ?? 0).toBe(0);
  expect(statuses.miss).toBeLessThanOrEqual(3);
  expect(oldestAge).toBeLessThan(LIFE / 1000);
  expect(asked / LIVES).toBeLessThanOrEqual(1.1);
  expect(asked / LIVES).toBeGreaterThanOrEqual(1);
});

test("without it the same hour has somebody meet it expired in every life", async () => {
  const { statuses } = await hour(3, { ...AHEAD, refresh_strategy: "swr" });
  expect(statuses.stale ?? 0).toBeGreaterThan(LIVES / 2);
});

test("who gets it while it is renewed gets a plain hit", async () => {
  const lone = loneEdge([AHEAD]);
  const gate = Promise.withResolvers<void>();
  let held = false;
  lone.origin = async () => {
    if (held) await gate.promise;
    return { kind: "answer", status: 200, headers: [], body: { kind: "bytes", bytes: new Uint8Array(9) } };
  };
  await lone.beat();
  await lone.get("/a");
  await lone.settled();
  held = true;
  const renewFrom = memoryEntry(lone, "/a").renewFrom;
  lone.now = Math.ceil(renewFrom);
  await lone.beat();
  const replies = await Promise.all([lone.get("/a"), lone.get("/a"), lone.get("/a")]);
  for (const { cacheStatus } of replies) expect(cacheStatus).toMatch(/^tidegate-l1; hit; ttl=\d+$/);
  gate.resolve();
  await lone.settled();
  expect(lone.asked).toHaveLength(2);
  expect(memoryEntry(lone, "/a").renewFrom).toBeGreaterThan(lone.now);
});

function memoryEntry(lone: LoneEdge, path: string) {
  const route = lone.edge.router.route({ url: `https://${HOST}${path}`, header: () => null });
  const entry = route === null ? undefined : lone.edge.memory.peek(route.rules, route.key);
  if (entry === undefined) throw new Error("it is not in memory");
  return entry;
}
