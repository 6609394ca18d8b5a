// A world for the journal: real redis-servers and edges that are killed at random, an origin that fails as it likes, and
// writers that remember what they were acknowledged.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";
import { connectServer } from "../../dev/redis/server-backend.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import type { Reply } from "../../edge/request.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { mebibytes, millis } from "../../shared/core/units.ts";
import { JOURNAL_PARTITIONS } from "../../shared/mid-tier/journal.ts";
import {
  createJournalLedger,
  type JournalFigures,
  type JournalLedger,
} from "../../shared/mid-tier/journal-ledger.ts";
import { JOURNAL_FIGURES, JOURNAL_OPERATIONS } from "../../shared/mid-tier/keys.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { evalCommand, scriptReply } from "../../shared/mid-tier/script.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import type { Chance } from "../simulator/chance.ts";
import { bareEdge } from "./bare-edge.ts";
import { answer, JournalOrigin } from "./journal-origin.ts";
import { memoryBlobs } from "./memory-blobs.ts";
import { until } from "./redis-server.ts";
import { toReply } from "./to-reply.ts";

const HOST = "origin.test";
const SITES = [{ name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST }];
const POLICIES = [
  { id: "merged", key_pattern: "/session/*", class: "session" },
  { id: "each", key_pattern: "/each/*", class: "session", write_back: { merge: false } },
];
/** Claims end soon, so that what killed edges held is taken up within the test. */
const CLAIMED_FOR = millis(1500);
const REPLIES_LOST = 0.01;
const LISTED = 1000;

const NEVER = new Promise<never>(() => undefined);

/** Something that may be killed: what it has begun goes on without it, and nothing comes back to it. */
interface Life {
  alive: boolean;
  readonly ended: PromiseWithResolvers<null>;
}

export interface LivingEdge {
  readonly edge: Edge;
  readonly life: Life;
}

interface Server {
  readonly name: string;
  readonly dir: string;
  readonly port: number;
  process: RedisServer;
  readonly redis: Redis;
  dispose(): Promise<void>;
}

export interface Writer {
  readonly url: string;
  /** The last number that was acknowledged, and those since that may have been taken all the same. */
  acknowledged: number;
  unsure: number[];
  readonly all: number[];
}

export class JournalWorld {
  readonly origin = new JournalOrigin();
  readonly servers: Server[] = [];
  edges: LivingEdge[] = [];
  private readonly chance: Chance;
  /** All edges are in one data centre. */
  private readonly blobs = memoryBlobs();
  private readonly background: Background = { keep: (task) => void task.catch(() => undefined) };

  constructor(chance: Chance) {
    this.chance = chance;
  }

  async begin(edges: number): Promise<void> {
    for (const name of ["a", "b"]) this.servers.push(await startServer(name));
    const env = { CLUSTER_KEY: "k", SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
    const { settings } = readEnvironment(env, null);
    const log = createLog(this.server(0).redis, LOG_LIMITS);
    const answers = async (): Promise<boolean> =>
      (await this.server(0).redis.run([["PING"]], millis(500))).kind === "replies";
    await until("redis-server answers", answers);
    const outcome = await bootConfiguration({ log, digest: systemDigest, settings });
    if (outcome.kind !== "done") throw new Error(outcome.reason);
    for (let at = 0; at < edges; at++) this.edges.push(await this.startEdge());
  }

  async end(): Promise<void> {
    for (const { life } of this.edges) life.alive = false;
    for (const server of this.servers) {
      await server.dispose();
      await server.process.stop();
      rmSync(server.dir, { recursive: true, force: true });
    }
  }

  server(at: number): Server {
    const found = this.servers[at];
    if (found === undefined) throw new Error(`there is no server ${at}`);
    return found;
  }

  async killServer(at: number): Promise<void> {
    const server = this.server(at);
    const gone = once(server.process.process, "exit");
    process.kill(server.process.pid, "SIGKILL");
    await gone;
    server.process = await launchRedisServer({ port: server.port, dir: server.dir });
  }

  /** Another takes its place, that knows nothing yet. */
  async killEdge(at: number): Promise<void> {
    const old = this.edges[at];
    if (old !== undefined) {
      old.life.alive = false;
      old.life.ended.resolve(null);
    }
    this.edges[at] = await this.startEdge();
  }

  private async startEdge(): Promise<LivingEdge> {
    const life: Life = { alive: true, ended: Promise.withResolvers() };
    const databases = new Map(this.servers.map(({ name, redis }) => [name, this.seenFrom(life, redis)]));
    const control = databases.get("a");
    if (control === undefined) throw new Error("there is no control database");
    // Nothing is written through: what a dying edge has sent to the origin itself may arrive whenever it likes.
    const roomy = { depth: 1_000_000, perKey: 10_000, valueOctets: mebibytes(1024) };
    const journal = { databases, claimedFor: CLAIMED_FOR, ...roomy };
    const edge = bareEdge(control, this.originFrom(life), undefined, { journal, blobs: this.blobs });
    return { edge, life };
  }

  private seenFrom(life: Life, redis: Redis): Redis {
    return {
      run: async (commands, deadline) => {
        if (!life.alive) return NEVER;
        const outcome = await redis.run(commands, deadline);
        if (!life.alive) return NEVER;
        return this.chance.hit(REPLIES_LOST) ? { kind: "unavailable", reason: "reply lost" } : outcome;
      },
    };
  }

  private originFrom(life: Life): Origin {
    return {
      fetch: async (request) => {
        if (!life.alive) return NEVER;
        const outcome = await this.origin.fetch(request);
        return life.alive ? outcome : NEVER;
      },
    };
  }

  /** Fails, takes without saying so, or takes its time; and for a while at a stretch all of it is away. */
  originMisbehaves(isAway: () => boolean): void {
    this.origin.instead = async (request: OriginRequest): Promise<OriginOutcome | null> => {
      if (request.method === "GET") return null;
      if (isAway()) return { kind: "unreachable", reason: "refused", detail: "" };
      // Others overtake it meanwhile.
      for (let turns = this.chance.between(0, 20); turns > 0; turns--) await turn();
      if (this.chance.hit(0.03)) return answer(503, "no");
      if (!this.chance.hit(0.03)) return null;
      this.origin.take(request);
      return { kind: "unreachable", reason: "broken", detail: "" };
    };
  }

  /** Null where the edge has died over it. */
  ask(
    { edge, life }: LivingEdge,
    method: "GET" | "PUT",
    { url, body }: { url: string; body: string | null },
  ): Promise<Reply | null> {
    const bytes = new TextEncoder().encode(body ?? "") as Uint8Array<ArrayBuffer>;
    const headers: HeaderList = body === null ? [] : [["content-length", String(bytes.length)]];
    const reply = handleRequest(edge, {
      ...{ method, url, background: this.background, purpose: "client", arrivedAt: edge.clock.now() },
      body: body === null ? NO_BODY : { kind: "bytes", bytes },
      header: (name) => headerValue(headers, name),
      headers: () => headers,
    });
    return Promise.race([reply, life.ended.promise]);
  }

  someEdge(): LivingEdge {
    return this.chance.pick(this.edges);
  }

  /** What the beat does: somebody looks after every partition. */
  sweep(): void {
    for (const { name } of this.servers)
      for (let partition = 0; partition < JOURNAL_PARTITIONS; partition++)
        kickFlush(this.someEdge().edge, { shard: name, partition }, this.background);
  }

  private ledger(): JournalLedger {
    const databases = new Map(this.servers.map(({ name, redis }) => [name, { redis }]));
    return createJournalLedger({ databases, deadline: millis(1000), dueFor: millis(0) });
  }

  /** What is wrong with the databases' accounts, if anything; one that is away has none. */
  async faults(): Promise<string[]> {
    const keys = [JOURNAL_FIGURES, JOURNAL_OPERATIONS];
    const found = await Promise.all(
      this.servers.map(async ({ name, redis }) => {
        const reply = scriptReply(await redis.run([evalCommand(AUDIT, keys, [])], millis(1000)));
        if (reply.kind === "unavailable") return [];
        const [accepted = 0, delivered = 0, pending = 0, dead = 0, dropped = 0, waiting = 0, parked = 0] =
          reply.strings.map(Number);
        const accounts = `${name}: ${reply.strings}`;
        if (accepted !== delivered + pending + dead + dropped) return [`${accounts} do not add up`];
        return pending === waiting && dead === parked ? [] : [`${accounts} are not what is there`];
      }),
    );
    return found.flat();
  }

  /** As somebody would who knows that the origin is well again: what has been put off, for up to half a minute, is due. */
  async hurry(): Promise<void> {
    const ledger = this.ledger();
    const page = await ledger.list({ only: "all", after: null, most: LISTED });
    if (page.kind === "unavailable") return;
    const putOff = page.operations.filter(({ state, tries }) => state === "pending" && tries > 0);
    await Promise.all(putOff.map((operation) => ledger.change(operation, "retry")));
  }

  /** Null where some database doesn't tell. */
  async figures(): Promise<Pick<
    JournalFigures,
    "accepted" | "delivered" | "pending" | "deadLettered"
  > | null> {
    const ledger = this.ledger();
    const sums = { accepted: 0, delivered: 0, pending: 0, deadLettered: 0 };
    for (const each of (await ledger.figures()).values()) {
      if ("kind" in each) return null;
      for (const name of ["accepted", "delivered", "pending", "deadLettered"] as const)
        sums[name] += each[name];
    }
    return sums;
  }
}

/** What a database says that it holds, and what there is. */
const AUDIT = `
  local writes, parked = 0, 0
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], '0', '-1')) do
    local o = redis.call('HMGET', 'tg:jo:' .. id, 'n', 'dead')
    if o[2] then parked = parked + tonumber(o[1]) else writes = writes + tonumber(o[1]) end
  end
  local reply = redis.call('HMGET', KEYS[1], 'accepted', 'delivered', 'pending', 'dead', 'dropped')
  for i = 1, 5 do reply[i] = reply[i] or '0' end
  reply[6], reply[7] = tostring(writes), tostring(parked)
  return reply`;

async function startServer(name: string): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-journal-"));
  const port = await freePort();
  const process = await launchRedisServer({ port, dir });
  const backend = connectServer({ host: "127.0.0.1", port });
  const redis: Redis = {
    async run(commands) {
      try {
        const texts = commands.map((command) => command.map(String));
        const replies = await Promise.all(texts.map((command) => backend.call(command)));
        return { kind: "replies", replies: replies.map(toReply) };
      } catch (error) {
        return { kind: "unavailable", reason: error instanceof Error ? error.name : "unknown" };
      }
    },
  };
  return { name, dir, port, process, redis, dispose: () => backend.dispose() };
}
