// A hot key is renewed ahead of its end: nobody meets it expired, and the origin is asked about once a life.

import { describe, expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { MidTier, ReadOutcome } from "../../shared/ports/mid-tier.ts";
import { DIGEST } from "../simulator/digest.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const LIFE = 60_000;
const LIVES = (3600 * 1000) / LIFE;
const AHEAD = { id: "a", key_pattern: "/*", class: "hot", ttl: "1m", refresh_strategy: "refresh-ahead" };

/** What the origin and L2 take, in milliseconds. */
const ORIGIN = 300;
const MID_TIER = 4;

/** L2 with one key: what is filled is found, by everybody, and one has the right to fetch at a time. */
class OneKey implements MidTier {
  private stored: { readonly of: Parameters<MidTier["fill"]>[0]; readonly at: number } | null = null;
  private holder: string | null = null;
  private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  async read({ not, lease }: Parameters<MidTier["read"]>[0]): Promise<ReadOutcome> {
    await this.time.pass(MID_TIER / 2);
    const outcome = this.readNow(not, lease);
    await this.time.pass(MID_TIER / 2);
    return outcome;
  }

  private readNow(not: string | null, lease: Parameters<MidTier["read"]>[0]["lease"]): ReadOutcome {
    if (this.stored !== null && this.stored.of.answer.id !== not) {
      const { answer, body } = this.stored.of;
      const residence = millis(this.time.now - this.stored.at);
      return { kind: "hit", found: { answer, body, verifiedTo: answer.asOf, residence, shard: "one" } };
    }
    if (lease === null) return { kind: "absent" };
    if (this.holder !== null) return { kind: "taken", remaining: millis(1000) };
    this.holder = lease.token;
    return { kind: "leased", granted: { shard: "one", copies: [], silent: [] } };
  }

  async fill(of: Parameters<MidTier["fill"]>[0]) {
    await this.time.pass(MID_TIER / 2);
    if (of.token !== this.holder) return { kind: "refused", reason: "lease" } as const;
    this.holder = null;
    this.stored = { of, at: this.time.now };
    return { kind: "stored", displaced: 0 } as const;
  }

  async release(): Promise<"released"> {
    this.holder = null;
    return "released";
  }

  async renew(): Promise<"renewed"> {
    return "renewed";
  }

  async verified(): Promise<void> {}
}

interface Hour {
  readonly hits: number;
  /** Had to wait for the origin. */
  readonly misses: number;
  readonly stale: number;
  /** When the last of those was sent, in milliseconds of the hour. */
  readonly lastMissAt: number;
  readonly asked: number;
  /** By the auditor. */
  readonly compared: number;
  readonly notModified: number;
  readonly oldestAge: number;
}

interface Plan {
  readonly edges: number;
  readonly perSecond: number;
  readonly strategy?: "refresh-ahead" | "swr";
  /** What the origin says of how long it may be kept; the policy's minute where it says nothing. */
  readonly headers?: HeaderList;
}

/** Edges in turn, over one L2 and one origin that take their time, for an hour of their clocks. */
async function hour({ edges, perSecond, strategy = "refresh-ahead", headers = [] }: Plan): Promise<Hour> {
  const time = new VirtualTime();
  const seen = { hits: 0, misses: 0, stale: 0, lastMissAt: 0, asked: 0, notModified: 0, oldestAge: 0 };
  const now = () => instant(time.now);
  const ports = {
    midTier: new OneKey(time),
    // The runtime's own takes real time, in which the virtual one would run on.
    digest: DIGEST,
    clock: { now, surely: now, backwardSteps: () => 0, wall: () => EPOCH + time.now },
    timers: {
      sleep: (span: number) => time.pass(span),
      after: (span: number, action: () => void) => time.after(span, action),
    },
  };
  const all = Array.from({ length: edges }, () =>
    loneEdge([{ ...AHEAD, refresh_strategy: strategy }], ports),
  );
  for (const lone of all)
    lone.origin = async (request) => {
      seen.asked += 1;
      await time.pass(ORIGIN);
      const known = request.headers.some(([name]) => name === "if-none-match");
      if (known) seen.notModified += 1;
      const body: Body = known ? NO_BODY : { kind: "bytes", bytes: new Uint8Array(9) };
      return { kind: "answer", status: known ? 304 : 200, headers: [...headers, ["etag", '"1"']], body };
    };
  const ask = (n: number): void => {
    const lone = all[n % edges];
    if (lone === undefined) throw new Error("no edge");
    lone.now = time.now;
    void lone.get("/hot").then((reply) => note(reply, n));
  };
  for (let n = 0; n < 3600 * perSecond; n++) time.at((n * 1000) / perSecond, () => ask(n));
  const note = ({ cacheStatus, age }: Reply, n: number): void => {
    const kind = /detail=stale/.test(cacheStatus) ? "stale" : / hit/.test(cacheStatus) ? "hits" : "misses";
    seen[kind] += 1;
    if (kind !== "hits") seen.lastMissAt = Math.max(seen.lastMissAt, (n * 1000) / perSecond);
    seen.oldestAge = Math.max(seen.oldestAge, age ?? 0);
  };
  await time.runUntil(3600 * 1000 + 1000);
  const comparisons = all.flatMap(({ edge }) => [...edge.originChecks.counts.values()]);
  const compared = comparisons.reduce((sum, { same, differs, unknown }) => sum + same + differs + unknown, 0);
  return { ...seen, compared };
}

describe.each([
  [10, 1],
  [100, 3],
])("an hour of %i requests a second over so many edges: %i", { timeout: 120_000 }, (perSecond, edges) => {
  test("nobody misses it once it is there, and the origin is asked at most 1.1 times a life", async () => {
    const { hits, misses, stale, lastMissAt, asked, compared, notModified, oldestAge } = await hour({
      edges,
      perSecond,
    });
    expect(hits + misses + stale).toBe(3600 * perSecond);
    expect(stale).toBe(0);
    // Those of the crowd for which it was fetched the first time.
    expect(lastMissAt).toBeLessThanOrEqual(ORIGIN + 2 * MID_TIER);
    expect(oldestAge).toBeLessThan(LIFE / 1000);
    // The auditor's own questions, one an edge in sixty lives, are no renewals: an hour may begin and end with one.
    expect(compared).toBeLessThanOrEqual(2 * edges);
    expect((asked - compared) / LIVES).toBeLessThanOrEqual(1.1);
    expect((asked - compared) / LIVES).toBeGreaterThanOrEqual(1);
    // Each renewal asks whether what is held has changed.
    expect(notModified).toBe(asked - 1);
  });
});

describe("an hour of ten requests a second over three edges", { timeout: 60_000 }, () => {
  test("is no different", async () => {
    const { stale, lastMissAt, asked } = await hour({ edges: 3, perSecond: 10 });
    expect(stale).toBe(0);
    expect(lastMissAt).toBeLessThanOrEqual(ORIGIN + 2 * MID_TIER);
    expect(asked / LIVES).toBeLessThanOrEqual(1.1);
  });

  test("without renewal ahead somebody meets it expired in every life", async () => {
    const { stale } = await hour({ edges: 3, perSecond: 10, strategy: "swr" });
    expect(stale).toBeGreaterThan(LIVES / 2);
  });

  test("without a stale window either, somebody waits for the origin in every life", async () => {
    const headers = [["cache-control", "max-age=60, stale-while-revalidate=0"]] as const;
    const { stale, misses } = await hour({ edges: 3, perSecond: 10, strategy: "swr", headers });
    expect(stale).toBe(0);
    expect(misses).toBeGreaterThan(LIVES / 2);
    const ahead = await hour({ edges: 3, perSecond: 10, headers });
    expect(ahead.lastMissAt).toBeLessThanOrEqual(ORIGIN + 2 * MID_TIER);
  });
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
