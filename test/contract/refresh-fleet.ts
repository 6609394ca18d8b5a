// Edges in this process over one L2 and one due set, whose clocks and Redis' the test turns, with a beat that refreshes.

import { LIMITS } from "../../control-plane/config.ts";
import { HotLedger } from "../../control-plane/hot/ledger.ts";
import { refreshDue } from "../../control-plane/refresh/refresh.ts";
import type { RedisBackend } from "../../dev/redis/backend.ts";
import { embeddedBackend } from "../../dev/redis/embedded/backend.ts";
import { createEmbeddedStore } from "../../dev/redis/embedded/store.ts";
import { isErrorReply, type Reply } from "../../dev/redis/reply.ts";
import { renewAll } from "../../edge/refresh/renew.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import { createDueKeys, type DueKeys } from "../../shared/mid-tier/due-keys.ts";
import { createHotKeys } from "../../shared/mid-tier/hot-keys.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import type { Redis, RedisReply } from "../../shared/ports/redis.ts";
import type { CallEdge } from "../../shared/wire/call-edge.ts";
import { decodeRenew } from "../../shared/wire/renewal.ts";
import { DIGEST } from "../simulator/digest.ts";
import { EPOCH, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { oneShard } from "../support/one-shard.ts";

const NAMES = ["one", "two", "three"];

export interface Asked {
  readonly path: string;
  readonly conditional: boolean;
}

export interface Fleet {
  readonly edges: readonly LoneEdge[];
  readonly dueKeys: DueKeys;
  readonly asked: Asked[];
  /** Expired before anybody came. */
  missed: number;
  /** What the origin says; 304 to whoever has its validator. */
  status: number;
  headers: HeaderList;
  body: string;
  /** What an edge does with a batch; the usual is to renew it. */
  answers: boolean;
  now: number;
  /** Of one path at one edge; what it brings behind its client's back is done. */
  get(edge: number, path: string): Promise<string>;
  /** A second passes; what was counted is told and merged, and what is due is renewed. */
  beat(): Promise<void>;
  /** What came of renewals at all edges. */
  renewed(): Record<"fetched" | "confirmed" | "shed" | "failed", number>;
  stop(): Promise<void>;
}

/** `limits`: what the site says of its origin. `halfLife`: of what is counted. */
export async function startFleet(
  policies: readonly Record<string, unknown>[],
  {
    limits = {},
    halfLife = LIMITS.refreshHalfLife,
  }: { limits?: Record<string, unknown>; halfLife?: Millis } = {},
): Promise<Fleet> {
  const time = { now: 1000 };
  const backend = embeddedBackend(await createEmbeddedStore({ now: () => EPOCH + time.now }));
  const redis = redisOver(backend);
  const deadline = millis(2000);
  const dueKeys = createDueKeys(redis, {
    ...{ deadline, halfLife, most: LIMITS.refreshKeys, lead: LIMITS.refreshLead },
    ...{ late: LIMITS.refreshLate, again: LIMITS.refreshAgain, looked: LIMITS.refreshLooked },
    leastLife: LIMITS.refreshLeastLife,
  });
  const hotKeys = createHotKeys(redis, { deadline, halfLife: LIMITS.hotHalfLife, most: LIMITS.hotLedger });
  const ledger = new HotLedger(hotKeys, dueKeys);
  const edges = NAMES.map(() => {
    const midTier = createMidTier({
      ...{ ...oneShard(redis), digest: DIGEST },
      ...{ readDeadline: deadline, fillDeadline: deadline, variantsPerKey: 3 },
    });
    const lone = loneEdge(policies, { midTier }, limits);
    lone.now = time.now;
    lone.origin = ({ url, headers }) => {
      const conditional = headers.some(([name]) => name === "if-none-match");
      fleet.asked.push({ path: new URL(url).pathname, conditional });
      return answerOf(fleet, conditional);
    };
    return lone;
  });
  const plane = {
    dueKeys,
    edges: directoryOf(time),
    callEdge: callEdgeOf(() => fleet),
    metrics: countingIn(() => fleet),
  };
  const fleet: Fleet = {
    ...{ edges, dueKeys, asked: [], missed: 0, status: 200, body: "content", answers: true },
    headers: [],
    get now() {
      return time.now;
    },
    set now(at) {
      time.now = at;
      for (const lone of edges) lone.now = at;
    },
    async get(edge, path) {
      const lone = edges[edge % edges.length];
      if (lone === undefined) throw new Error("no edge");
      const { cacheStatus } = await lone.get(path);
      await lone.settled();
      return cacheStatus;
    },
    async beat() {
      fleet.now += 1000;
      const reports = [];
      for (const [index, edge] of NAMES.entries()) {
        const report = await edges[index]?.beat({ hot: ledger.newsFor(edge) });
        if (report !== undefined) reports.push({ edge, report });
      }
      const outcomes = [await ledger.take(reports), await refreshDue(plane as never)];
      if (outcomes.some(({ kind }) => kind !== "done")) throw new Error(JSON.stringify(outcomes));
      for (const lone of edges) await lone.settled();
    },
    renewed() {
      const sum = { fetched: 0, confirmed: 0, shed: 0, failed: 0 };
      const classes = edges.flatMap(({ edge }) => [...edge.counters.sites.values()]);
      for (const counters of classes.flatMap((found) => [...found.values()]))
        for (const name of ["fetched", "confirmed", "shed", "failed"] as const)
          sum[name] += counters.refreshes.due[name];
      return sum;
    },
    stop: () => backend.dispose(),
  };
  return fleet;
}

/** Without the way over HTTP: nothing then takes real time that could run out. */
const redisOver = (backend: RedisBackend): Redis => ({
  async run(commands) {
    const replies = await backend.pipeline(commands.map((command) => command.map(String)));
    return {
      kind: "replies",
      replies: replies.map((reply) =>
        isErrorReply(reply)
          ? { kind: "error", message: reply.message }
          : { kind: "reply", reply: plain(reply) },
      ),
    };
  },
});

function plain(reply: Reply): RedisReply {
  if (reply === null || typeof reply === "number") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(plain);
  return "text" in reply ? reply.text : reply.message;
}

function answerOf({ status, headers, body }: Fleet, conditional: boolean): OriginOutcome {
  if (conditional && status === 200) return { kind: "answer", status: 304, headers, body: NO_BODY };
  const bytes = new TextEncoder().encode(body) as Uint8Array<ArrayBuffer>;
  const content: Body = { kind: "bytes", bytes };
  return { kind: "answer", status, headers: status === 200 ? headers : [], body: content };
}

const directoryOf = (time: { readonly now: number }) => ({
  read: async () => ({
    kind: "directory",
    directory: {
      edges: NAMES.map((id) => ({ id, url: `http://${id}.test` })),
      sightings: new Map(NAMES.map((id) => [id, { position: "1-1", seenAt: time.now, boot: id }])),
      now: time.now,
      head: { epoch: 1, seq: 1 },
    },
  }),
});

const callEdgeOf =
  (fleet: () => Fleet): CallEdge =>
  async ({ url }, { body }) => {
    const lone = fleet().edges[NAMES.indexOf(new URL(url).hostname.replace(".test", ""))];
    const message = decodeRenew(body ?? "");
    if (lone === undefined || message === null || !fleet().answers)
      return { kind: "unreachable", reason: "refused" };
    const tasks: Promise<unknown>[] = [];
    const results = await renewAll(lone.edge, { keep: (task) => void tasks.push(task) }, message);
    while (tasks.length > 0) await Promise.all(tasks.splice(0));
    return { kind: "answer", text: JSON.stringify({ results }) };
  };

const countingIn = (fleet: () => Fleet) => ({
  count: async (_name: string, by: number) => {
    fleet().missed += by;
    return { kind: "counted" } as const;
  },
});
