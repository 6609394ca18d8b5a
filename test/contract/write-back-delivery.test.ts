// What hangs at an origin holds up nothing else of what was acknowledged: edges in virtual time, over the real scripts.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import { createEmbeddedStore } from "../../dev/redis/embedded/store.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { OriginGuard } from "../../edge/origin/guard.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { JOURNAL_PARTITIONS } from "../../shared/mid-tier/journal.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import claimScript from "../../shared/mid-tier/scripts/journal-claim.lua";
import type { Background } from "../../shared/ports/clock.ts";
import type { Origin } from "../../shared/ports/origin.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { Chance } from "../simulator/chance.ts";
import { DIGEST } from "../simulator/digest.ts";
import { TIME_ZERO } from "../simulator/time-zero.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { answer } from "../support/journal-origin.ts";
import { toReply } from "../support/to-reply.ts";
import { virtualHost } from "../support/virtual-host.ts";

const SITES = ["a", "b"].map((name) => ({
  ...{ name, hosts: [`${name}.test`], aliases: [], canonicalHost: `${name}.test` },
}));
const POLICIES = SITES.map(({ name }) => ({ id: name, site: name, key_pattern: "/*", class: "session" }));
/** Twice as long as what is under way is waited for. */
const SOON = 500;

let time: VirtualTime;
let redis: Redis;
let claims: number;
let edge: Edge;
/** When each URL was first sent. */
let sentAt: Map<string, number>;
let hangs: (url: string) => boolean;
let answersIn: number;
/** How long a claim's reply takes, by what it was asked. */
let repliesIn: (words: readonly string[]) => number;
const background: Background = { keep: (task) => void task };

const origin: Origin = {
  async fetch({ url, deadline }) {
    if (!sentAt.has(url)) sentAt.set(url, time.now);
    for (let waited = 0; hangs(url); waited += 100) {
      if (waited >= deadline) return { kind: "unreachable", reason: "timeout", detail: "" };
      await time.pass(100);
    }
    await time.pass(answersIn);
    return answer(204, "");
  },
};

function anEdge(): Edge {
  const host = virtualHost(time, new Chance("write-back"));
  return bareEdge(redis, origin, undefined, { host });
}

beforeEach(async () => {
  time = new VirtualTime();
  [sentAt, hangs, answersIn, claims] = [new Map(), () => false, 20, 0];
  repliesIn = () => 0;
  written.clear();
  const store = await createEmbeddedStore({ now: () => TIME_ZERO + time.now });
  redis = {
    async run(commands) {
      const claiming = commands.filter(([, script]) => String(script).includes(claimScript));
      claims += claiming.length;
      await time.pass(1);
      const replies = store.pipeline(commands.map((one) => one.map(String))).map(toReply);
      for (const words of claiming) await time.pass(repliesIn(words.map(String)));
      return { kind: "replies", replies };
    },
  };
  const env = { CLUSTER_KEY: "k", SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
  const { settings } = readEnvironment(env, null);
  const booted = bootConfiguration({ log: createLog(redis, LOG_LIMITS), digest: DIGEST, settings });
  edge = anEdge();
  await time.runUntil(100);
  expect(await booted).toEqual({ kind: "done" });
  void edge.view.pull(background);
  await time.runUntil(200);
});

/** Acknowledged writes, and when they were. */
const written = new Map<string, number>();

async function put(url: string): Promise<void> {
  const bytes = new TextEncoder().encode("x") as Uint8Array<ArrayBuffer>;
  const headers: HeaderList = [["content-length", "1"]];
  const reply = await handleRequest(edge, {
    ...{ method: "PUT", url, background, purpose: "client", arrivedAt: edge.clock.now() },
    body: { kind: "bytes", bytes },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
  });
  expect(reply.status).toBe(202);
  written.set(url, time.now);
}

/** Writes one after another, and how long the slowest of them took to reach the origin. */
async function slowest(each: number, span: number, url: (at: number) => string): Promise<number> {
  const urls = Array.from({ length: Math.floor(span / each) }, (_, at) => url(at));
  const begin = time.now;
  for (const [at, one] of urls.entries()) time.at(begin + at * each, () => void put(one));
  await time.runUntil(begin + span + SOON);
  return Math.max(
    ...urls.map((one) => (sentAt.get(one) ?? Number.POSITIVE_INFINITY) - (written.get(one) ?? 0)),
  );
}

/** As the beat has it done, each second. */
function sweep(until: number): void {
  for (let at = time.now; at < until; at += 1000)
    time.at(at, () => {
      for (let partition = 0; partition < JOURNAL_PARTITIONS; partition++)
        kickFlush(edge, { shard: "one", partition }, background);
    });
}

test("an origin that takes its time, and is well, gets what has piled up one batch after the other", async () => {
  answersIn = 400;
  sweep(30_000);
  const begin = time.now;
  for (let at = 0; at < 300; at++) void put(`http://a.test/${at}`);
  await time.runUntil(begin + 20_000);
  expect(sentAt.size).toBe(300);
  // Ten batches of 32.
  expect(Math.max(...sentAt.values()) - begin).toBeLessThan(10 * (answersIn + 100));
});

describe("a delivery that hangs", () => {
  test("holds up no other key's, however long it does, and nobody has to look after these", async () => {
    hangs = (url) => url.endsWith("/hangs");
    void put("http://a.test/hangs");
    expect(await slowest(200, 40_000, (at) => `http://a.test/well/${at}`)).toBeLessThan(SOON);
  });

  test("nor another site's, however many of one hang", async () => {
    hangs = (url) => url.startsWith("http://b.test/");
    sweep(60_000);
    for (let at = 0; at < 900; at++) void put(`http://b.test/${at}`);
    await time.runUntil(time.now + 1000);
    expect(await slowest(200, 40_000, (at) => `http://a.test/${at}`)).toBeLessThan(SOON);
  });

  test("once it has failed, holds up nothing that is new of its site", async () => {
    hangs = (url) => url.includes("/hangs/");
    // Where nothing but such failures falls together, it would hold up the whole site for a moment.
    vi.spyOn(OriginGuard.prototype, "closedFor").mockReturnValue(null);
    sweep(180_000);
    await slowest(100, 75_000, (at) => `http://a.test/${at % 5 === 0 ? "hangs" : "well"}/${at}`);
    const again = [...(edge.flushing.get("one")?.underWay ?? [])].filter(({ lane }) => lane === "again a");
    expect(again.length).toBeGreaterThanOrEqual(32);
    expect(await slowest(200, 20_000, (at) => `http://a.test/well/later/${at}`)).toBeLessThan(SOON);
  });
});

test("what is written while all places are taken is delivered when one is free", async () => {
  hangs = (url) => url.includes("/hangs/") && time.now < 5000;
  for (let at = 0; at < 32; at++) void put(`http://a.test/hangs/${at}`);
  await time.runUntil(time.now + 500);
  expect(edge.flushing.get("one")?.underWay.size).toBe(32);
  void put("http://a.test/well");
  sweep(20_000);
  await time.runUntil(5000);
  expect(sentAt.has("http://a.test/well")).toBe(false);
  await time.runUntil(7000);
  expect(sentAt.has("http://a.test/well")).toBe(true);
});

test("what an origin answers soon costs one call a batch to hand out and to tell of", async () => {
  answersIn = 200;
  await slowest(20, 10_000, (at) => `http://a.test/${at}`);
  expect(claims).toBeLessThan(10_000 / answersIn);
});

test("a reply that comes late takes nothing back of what was told since", async () => {
  const toldAt = () => edge.flushing.get("one")?.teller.toldAt ?? 0;
  repliesIn = (words) => (words.includes("delivered") && time.now < 5000 ? 20_000 : 0);
  void put("http://a.test/first");
  await time.runUntil(10_000);
  expect([sentAt.has("http://a.test/first"), toldAt()]).toEqual([true, 0]);
  void put("http://a.test/second");
  await time.runUntil(12_000);
  const second = toldAt();
  expect(second).toBeGreaterThan(TIME_ZERO + 10_000);
  await time.runUntil(40_000);
  expect(toldAt()).toBe(second);
});
