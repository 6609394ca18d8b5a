// A control plane in virtual time: the real one over the real Lua, with edges that are as far away as the test says.

import { createHash, createHmac } from "node:crypto";
import { LIMITS } from "../../control-plane/config.ts";
import { type Environment, readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { createControlPlane } from "../../control-plane/create-control-plane.ts";
import { slowTurns, type Turns } from "../../control-plane/edges/few-at-once.ts";
import { readReceipt } from "../../control-plane/invalidate/await.ts";
import { invalidate } from "../../control-plane/invalidate/invalidate.ts";
import type { Receipt } from "../../control-plane/invalidate/receipt.ts";
import { Pulse } from "../../control-plane/tick/pulse.ts";
import { comparePositions, formatPosition, type Position } from "../../shared/core/position.ts";
import { instant, type Millis } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { HttpOutcome, HttpRequest } from "../../shared/ports/http.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import {
  decodePush,
  decodeStatusCall,
  PUSH_PATH,
  STATUS_PATH,
  type StatusReport,
} from "../../shared/wire/internal.ts";
import { SIGNATURE_HEADER, signReply } from "../../shared/wire/signature.ts";
import { Chance } from "../simulator/chance.ts";
import { History } from "../simulator/history.ts";
import { Isolate } from "../simulator/isolate.ts";
import { Link, PERFECT } from "../simulator/network.ts";
import { SimulatedRedis } from "../simulator/redis.ts";
import { TIME_ZERO } from "../simulator/time-zero.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { memoryAuditWitness } from "./memory-audit-witness.ts";
import { memoryWitness } from "./memory-witness.ts";

export interface VirtualEdge {
  readonly id: string;
  /** Whether the control plane's calls arrive: what does not arrive costs them their deadline. */
  reachable: boolean;
  /** Whether it learns the log by itself when it is asked. */
  pulls: boolean;
  /** How long it takes to answer, in milliseconds. */
  slowness: number;
  position: Position;
  /** When it was asked how it is. */
  readonly asked: number[];
  underWay: number;
  mostUnderWay: number;
  /** What it says of itself beside where it stands. */
  said: Partial<StatusReport>;
}

export interface VirtualPlane {
  readonly time: VirtualTime;
  readonly plane: ControlPlane;
  readonly edges: readonly VirtualEdge[];
  /** When Redis was called. */
  readonly redisCalls: number[];
  /** What of the beat's calls may hang takes turns by. */
  readonly slow: Turns;
  /** Accepted and pushed; its id. */
  purge(): Promise<string>;
  receipt(id: string): Promise<Receipt>;
  /** Beats as the control plane's owner does, until that time. */
  beatUntil(end: number): Promise<void>;
}

const KEY = "cluster-key";

/** Everything is worked out at once: nothing here may wait for anything but virtual time. */
const DIGEST: Digest = {
  sha256Hex: async (text) => createHash("sha256").update(text).digest("hex"),
  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
  hmacHex: async (key, text) => createHmac("sha256", key).update(text).digest("hex"),
};

/** What the plane finds outside beside its edges. */
export interface Outside {
  readonly databases?: (time: VirtualTime) => Promise<ControlPlane["databases"]>;
  /** Who is at every other address. */
  readonly elsewhere?: (request: HttpRequest) => Promise<HttpOutcome>;
  /** On the way to `control`. */
  readonly through?: (redis: Redis) => Redis;
}

export async function startVirtualPlane(
  ids: readonly string[],
  seed: string,
  { env = {}, outside = {} }: { readonly env?: Environment; readonly outside?: Outside } = {},
): Promise<VirtualPlane> {
  const time = new VirtualTime();
  const chance = new Chance(seed);
  const history = new History();
  const store = await SimulatedRedis.begin({ time, history }, false);
  const isolate = new Isolate({ time, history, wakesAt: () => 0 });
  const over = store.over(new Link("control", PERFECT, { time, chance }), isolate);
  const redisCalls: number[] = [];
  const noted: Redis = {
    run(commands, deadline) {
      redisCalls.push(time.now);
      return over.run(commands, deadline);
    },
  };
  const redis = outside.through?.(noted) ?? noted;
  const edges = ids.map(edgeNamed);
  const log = createLog(over, LOG_LIMITS);
  const head = async (): Promise<Position | null> => {
    const outcome = await log.snapshot(0);
    return outcome.kind === "snapshot" ? outcome.head : null;
  };
  const EDGES = JSON.stringify(ids.map((id) => ({ id, url: `http://${id}.test` })));
  const SITES = JSON.stringify([
    { name: "default", hosts: ["*"], aliases: [], canonicalHost: "origin.test" },
  ]);
  const plane = createControlPlane(
    {
      databases: (await outside.databases?.(time)) ?? new Map(),
      clock: {
        now: () => instant(time.now),
        surely: () => instant(time.now),
        backwardSteps: () => 0,
        wall: () => TIME_ZERO + time.now,
      },
      timers: { sleep: (span) => time.pass(span), after: (span, act) => time.after(span, act) },
      random: { token: () => chance.token(), unit: () => chance.unit() },
      digest: DIGEST,
      parseUrl,
      http: {
        send: (request, deadline) =>
          edges.some(({ id }) => new URL(request.url).hostname === `${id}.test`)
            ? sendTo(edges, { request, deadline, time, head })
            : (outside.elsewhere?.(request) ?? nobodyAt(request)),
      },
      redis,
      witness: { note: async () => {} },
      auditWitness: memoryAuditWitness(),
    },
    {
      clusterKey: KEY,
      environment: readEnvironment({ CLUSTER_KEY: KEY, EDGES, SITES, ...env }, "0".repeat(64)),
    },
  );
  return withBeat({ time, plane, edges, redisCalls });
}

function withBeat(made: Pick<VirtualPlane, "time" | "plane" | "edges" | "redisCalls">): VirtualPlane {
  const { time, plane } = made;
  const slow = slowTurns();
  const pulse = new Pulse(slow);
  const witness = memoryWitness();
  let [next, purges] = [0, 0];
  return {
    ...{ ...made, slow },
    async purge() {
      purges += 1;
      const id = `purge-${purges}`;
      const operation = { id, requestDigest: id, actor: "test", reason: null };
      const pushing = { grace: LIMITS.pushGrace, background: UNKEPT };
      const body = { urls: ["/a"] };
      const outcome = await passing(time, invalidate(plane, { body, operation, pushing }));
      if (outcome.kind !== "accepted") throw new Error(outcome.kind);
      return id;
    },
    async receipt(id) {
      const read = await passing(time, readReceipt(plane, id));
      if (read.kind !== "receipt") throw new Error(read.kind);
      return read.receipt;
    },
    async beatUntil(end) {
      while (next < end) {
        await time.runUntil(Math.max(next, time.now));
        next = time.now + LIMITS.beat;
        await passing(time, pulse.run(plane, { witness, agenda: plane.agenda.read() }), 10);
        next = Math.max(next, time.now);
      }
      await time.runUntil(end);
    },
  };
}

/** Lets time pass, step by step, until the task is done. */
export async function passing<T>(time: VirtualTime, task: Promise<T>, step = 1): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  task.then(mark, mark);
  for (let steps = 0; !done && steps < 100_000; steps++) await time.runUntil(time.now + step);
  return task;
}

const edgeNamed = (id: string): VirtualEdge => ({
  id,
  reachable: true,
  pulls: true,
  slowness: 2,
  position: { epoch: 1, seq: 0 },
  asked: [],
  underWay: 0,
  mostUnderWay: 0,
  said: {},
});

interface Sending {
  readonly request: HttpRequest;
  readonly deadline: Millis;
  readonly time: VirtualTime;
  readonly head: () => Promise<Position | null>;
}

function nobodyAt({ url }: HttpRequest): Promise<HttpOutcome> {
  throw new Error(`nobody is at ${url}`);
}

/** A call that got lost stays so: healing later does not bring it back. */
async function sendTo(edges: readonly VirtualEdge[], sending: Sending): Promise<HttpOutcome> {
  const { request, deadline, time } = sending;
  const url = new URL(request.url);
  const edge = edges.find(({ id }) => url.hostname === `${id}.test`);
  if (edge === undefined) return nobodyAt(request);
  if (url.pathname === STATUS_PATH) edge.asked.push(time.now);
  edge.underWay += 1;
  edge.mostUnderWay = Math.max(edge.mostUnderWay, edge.underWay);
  const answered = edge.reachable ? answerOf(edge, url.pathname, sending) : new Promise<never>(() => {});
  const late = time.pass(deadline).then((): HttpOutcome => ({ kind: "unreachable", reason: "timeout" }));
  const outcome = await Promise.race([answered, late]);
  edge.underWay -= 1;
  return outcome;
}

async function answerOf(edge: VirtualEdge, path: string, sending: Sending): Promise<HttpOutcome> {
  const { request, time } = sending;
  await time.pass(edge.slowness);
  const body = request.body ?? "";
  const entries = path === PUSH_PATH ? decodePush(body) : (decodeStatusCall(body)?.entries ?? null);
  for (const { epoch, seq } of entries ?? [])
    if (epoch > edge.position.epoch || (epoch === edge.position.epoch && seq === edge.position.seq + 1))
      edge.position = { epoch, seq };
  const head = edge.pulls && path === STATUS_PATH ? await sending.head() : null;
  if (head !== null && comparePositions(head, edge.position) > 0) edge.position = head;
  const report = {
    edge: edge.id,
    position: formatPosition(edge.position),
    boot: "boot",
    region: "test",
    knownAgeMs: 0,
    memoryBytes: 0,
    memoryEntries: 0,
    counters: {},
    ...edge.said,
  };
  const text = JSON.stringify(report);
  const signed = await signReply(
    { request: request.headers[SIGNATURE_HEADER] ?? "", body: text },
    { key: KEY, digest: DIGEST },
  );
  return { kind: "answer", status: 200, text, header: (name) => (name === SIGNATURE_HEADER ? signed : null) };
}
