// An edge that is far behind the log, and everybody who wants it to know more: edges in virtual time, over the real scripts.

import { beforeEach, describe, expect, test } from "vitest";
import { createEmbeddedStore } from "../../dev/redis/embedded/store.ts";
import type { Edge } from "../../edge/edge.ts";
import { instant, millis, type Selector } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import sinceScript from "../../shared/mid-tier/scripts/since.lua";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendOutcome, Log } from "../../shared/ports/mid-tier.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";
import { DIGEST } from "../simulator/digest.ts";
import { TIME_ZERO } from "../simulator/time-zero.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { toReply } from "../support/to-reply.ts";

const PAGES = 4;
const PAGE_TAKES = 100;
const background: Background = { keep: (task) => void task };

let time: VirtualTime;
let edge: Edge;
let log: Log;
let takes: (isPage: boolean) => number;
/** When each page was asked for. */
let asked: number[];

beforeEach(async () => {
  time = new VirtualTime();
  [asked, takes] = [[], () => 1];
  const store = await createEmbeddedStore({ now: () => TIME_ZERO + time.now });
  const redis: Redis = {
    async run(commands) {
      const isPage = commands.some(([, script]) => String(script).includes(sinceScript));
      if (isPage) asked.push(time.now);
      const replies = store.pipeline(commands.map((one) => one.map(String))).map(toReply);
      await time.pass(takes(isPage));
      return { kind: "replies", replies };
    },
  };
  const now = () => instant(time.now);
  const host = {
    digest: DIGEST,
    clock: { now, surely: now, backwardSteps: () => 0, wall: () => TIME_ZERO + time.now },
    timers: {
      sleep: (span: number) => time.pass(span),
      after: (span: number, action: () => void) => time.after(span, action),
    },
  };
  log = createLog(redis, LOG_LIMITS);
  edge = bareEdge(redis, undefined, undefined, { host, journal: { digest: DIGEST } });
  await passing(append("first"), 100);
  await passing(edge.view.pull(background), 100);
  expect(edge.view.position()).toMatchObject({ seq: 1 });
});

async function passing<T>(promise: Promise<T>, span: number): Promise<T> {
  await time.runUntil(time.now + span);
  return promise;
}

function append(operationId: string): Promise<AppendOutcome> {
  const payload = {
    kind: "invalidate",
    mode: "hard",
    selectors: [`default t ${operationId}` as Selector],
  } as const;
  const by = { requestDigest: operationId, actor: "somebody", action: "invalidate", detail: "" };
  return log.append({ operationId, ...by, payload, replicas: 0 });
}

/** The edge has so many pages of the log to learn, each of which takes its time from now on. */
async function fallBehind(): Promise<number> {
  const entries = (PAGES - 1) * VIEW_LIMITS.pullPage + 10;
  const appended = Array.from({ length: entries }, (_, at) => append(`${at}`));
  await time.runUntil(time.now + 100);
  await Promise.all(appended);
  [asked, takes] = [[], (isPage) => (isPage ? PAGE_TAKES : 1)];
  return entries + 1;
}

/** Whether it has the log's head by a pull that was sent since then. */
async function read(): Promise<boolean> {
  const arrival = { at: edge.clock.now(), ticket: edge.view.ticket() };
  await edge.view.within(millis(0), arrival, background);
  return edge.view.pulledSince(arrival.ticket);
}

describe("an edge that is far behind", () => {
  test("asks for no page more than twice, whoever wants it to know more meanwhile", async () => {
    const head = await fallBehind();
    const begin = time.now;
    const reads: Promise<boolean>[] = [];
    for (let at = 0; at < PAGES * PAGE_TAKES; at += 10)
      time.at(begin + at, () => {
        void edge.view.catchUp(background);
        edge.view.receive([], background);
        void edge.view.pull(background);
        reads.push(read());
      });
    await time.runUntil(begin + 3 * PAGES * PAGE_TAKES);
    expect(edge.view.position()).toMatchObject({ seq: head });
    // Those who came behind its last page were served by the next pull.
    expect(asked.length).toBeLessThanOrEqual(2 * PAGES + 2);
    expect(new Set(await Promise.all(reads))).toEqual(new Set([true]));
  });

  test("has a reader served by the page that is sent after him, and not by the one before", async () => {
    await fallBehind();
    const begin = time.now;
    void edge.view.catchUp(background);
    // Behind the last page.
    await time.runUntil(begin + (PAGES - 1) * PAGE_TAKES + 10);
    expect(asked).toHaveLength(PAGES);
    await passing(append("news"), 5);
    const seen = read();
    await time.runUntil(begin + 3 * PAGES * PAGE_TAKES);
    expect(await seen).toBe(true);
    expect(asked.length).toBeGreaterThan(PAGES);
  });
});

test("a page further on that hangs holds up nobody for long", async () => {
  await fallBehind();
  let pages = 0;
  takes = (isPage) => {
    pages += Number(isPage);
    return isPage && pages === 2 ? 3000 : 5;
  };
  const begin = time.now;
  void edge.view.catchUp(background);
  await time.runUntil(begin + 10);
  expect(asked).toHaveLength(2);
  expect(await passing(read(), VIEW_LIMITS.gossipAfter + 2 * VIEW_LIMITS.pullQueue + PAGES * 5)).toBe(true);
});

test("of replies that hang few are waited for at once", async () => {
  takes = (isPage) => (isPage ? 2000 : 1);
  const reads: Promise<boolean>[] = [];
  const begin = time.now;
  asked = [];
  for (let at = 0; at < 1500; at += 10) time.at(begin + at, () => void reads.push(read()));
  await time.runUntil(begin + 1500);
  expect(asked).toHaveLength(VIEW_LIMITS.pullsAtMost);
  await time.runUntil(begin + 20_000);
  await Promise.all(reads);
});

test("a reply that hangs holds up nobody: another is asked for beside it", async () => {
  let hangs = true;
  takes = (isPage) => {
    const span = isPage && hangs ? 2000 : 1;
    if (isPage) hangs = false;
    return span;
  };
  asked = [];
  void edge.view.catchUp(background);
  await time.runUntil(time.now + 10);
  expect(await passing(read(), 100)).toBe(true);
  expect(asked).toHaveLength(2);
});
