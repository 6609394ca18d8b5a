// Five thousand sessions that beat over three edges, in virtual time: what a heartbeat costs Redis, and what of it arrives.

import { expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import { createEmbeddedStore } from "../../dev/redis/embedded/store.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import type { Reply } from "../../edge/request.ts";
import { JOURNAL_LIMITS } from "../../edge/writes/journal-limits.ts";
import { instant } from "../../shared/core/units.ts";
import { createJournal } from "../../shared/mid-tier/journal.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { DIGEST } from "../simulator/digest.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { EPOCH, HOST, loneEdge } from "../support/lone-edge.ts";
import { toReply } from "../support/to-reply.ts";

const SESSIONS = 5000;
/** Of each session, in milliseconds. */
const BEAT = 10_000;
const SECONDS = 12;
const EDGES = 3;
/** One way, and at the origin, in milliseconds. */
const [WAY, ORIGIN] = [1, 20];

async function put(edge: Edge, path: string, text: string): Promise<Reply> {
  const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
  return handleRequest(edge, {
    ...{ method: "PUT", url: `https://${HOST}${path}`, purpose: "client", background: UNKEPT },
    ...{ arrivedAt: edge.clock.now(), header: () => null, headers: () => [] },
    body: { kind: "bytes", bytes },
  });
}

test("a heartbeat costs at most two commands, and the origin has the last of each session", async () => {
  const time = new VirtualTime();
  const store = await createEmbeddedStore({ now: () => EPOCH + time.now });
  let commands = 0;
  const calls = (list: readonly (readonly (string | number)[])[]) => ({
    kind: "replies" as const,
    replies: list.map((command) => toReply(store.call(command.map(String)))),
  });
  const redis: Redis = {
    async run(list) {
      commands += list.length;
      await time.pass(WAY);
      const outcome = calls(list);
      await time.pass(WAY);
      return outcome;
    },
  };
  const sites = [{ name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST }];
  const policies = [{ id: "s", key_pattern: "/session/*", class: "session" }];
  const env = { CLUSTER_KEY: "k", SITES: JSON.stringify(sites), POLICIES: JSON.stringify(policies) };
  const { settings } = readEnvironment(env, null);
  const booted = {
    log: createLog({ run: async (list) => calls(list) }, LOG_LIMITS),
    digest: systemDigest,
    settings,
  };
  expect(await bootConfiguration(booted)).toEqual({ kind: "done" });
  const now = () => instant(time.now);
  const databases = new Map([["control", redis]]);
  const ports = {
    log: createLog(redis, LOG_LIMITS),
    journal: createJournal({ databases, digest: DIGEST, ...JOURNAL_LIMITS }),
    digest: DIGEST,
    clock: { now, surely: now, backwardSteps: () => 0, wall: () => EPOCH + time.now },
    timers: {
      sleep: (span: number) => time.pass(span),
      after: (span: number, action: () => void) => time.after(span, action),
    },
  };
  const latest = new Map<string, string>();
  const edges = Array.from({ length: EDGES }, () => loneEdge([], ports));
  for (const lone of edges)
    lone.origin = async ({ url, body }) => {
      await time.pass(ORIGIN);
      if (body.kind === "bytes") latest.set(url, new TextDecoder().decode(body.bytes));
      return { kind: "answer", status: 204, headers: [], body: NO_BODY };
    };
  let acknowledged = 0;
  const beats = (SECONDS * 1000 * SESSIONS) / BEAT;
  const beat = (n: number): void => {
    const lone = edges[n % EDGES];
    if (lone === undefined) throw new Error("no edge");
    void put(lone.edge, `/session/${n % SESSIONS}`, `beat ${n}`).then(({ status }) => {
      if (status === 202) acknowledged += 1;
    });
  };
  for (const lone of edges) void lone.get("/session/first");
  await time.runUntil(1000);
  commands = 0;
  for (let n = 0; n < beats; n++) time.at(1000 + (n * BEAT) / SESSIONS, () => beat(n));
  await time.runUntil(1000 + SECONDS * 1000 + 5000);
  expect(acknowledged).toBe(beats);
  console.log(`${(commands / beats).toFixed(2)} commands a heartbeat`);
  expect(commands / beats).toBeLessThanOrEqual(2);
  expect(latest.size).toBe(SESSIONS);
  for (let n = beats - SESSIONS; n < beats; n++)
    expect(latest.get(`https://${HOST}/session/${n % SESSIONS}`)).toBe(`beat ${n}`);
}, 60_000);
