// For tests of the control plane: the whole of it in this process, over a real gateway, with edges that are stand-ins.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createApi } from "../../control-plane/api/app.ts";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { createControlPlane } from "../../control-plane/create-control-plane.ts";
import { Refill } from "../../control-plane/hot/refill.ts";
import type { WitnessStore } from "../../control-plane/log/witness.ts";
import { ShardWatch } from "../../control-plane/shards/watch.ts";
import { beat } from "../../control-plane/tick/beat.ts";
import { countedOf } from "../../edge/audit/sampler.ts";
import { LIMITS as EDGE_LIMITS } from "../../edge/config.ts";
import { CounterReports } from "../../edge/internal/counter-reports.ts";
import type { Look } from "../../shared/core/estimate.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock, systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import type { AuditBatch } from "../../shared/wire/audit.ts";
import { CLOCK_PATH } from "../../shared/wire/clock.ts";
import { CONTROL } from "../../shared/wire/databases.ts";
import {
  DOCUMENT_PATH,
  type DocumentCall,
  type DocumentReply,
  decodeDocumentCall,
} from "../../shared/wire/document.ts";
import { decodeHeldCall, HELD_PATH, type HeldReply } from "../../shared/wire/held.ts";
import type { HotBatch } from "../../shared/wire/hot.ts";
import {
  decodePush,
  decodeStatusCall,
  decodeWarm,
  ESTIMATE_PATH,
  PUSH_PATH,
  STATUS_PATH,
  type StatusCall,
  type StatusReport,
  WARM_PATH,
  type WarmResult,
} from "../../shared/wire/internal.ts";
import type { TailBatch } from "../../shared/wire/request-tail.ts";
import { SIGNATURE_HEADER, SignatureChecker, signRequest } from "../../shared/wire/signature.ts";
import { memoryAuditWitness } from "../support/memory-audit-witness.ts";
import { memoryWitness } from "../support/memory-witness.ts";
import { type RestFixture, until } from "../support/redis-server.ts";
import { tickHttp, tickTimers } from "../support/tick-timers.ts";

export const CLUSTER_KEY = "cluster-key";
export const TOKEN = "admin-token";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  readonly json: any;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface TestPlane {
  readonly plane: ControlPlane;
  readonly witness: WitnessStore;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** A streamed answer's body, which whoever asked has to end. */
  open(path: string, headers: Record<string, string>): Promise<ReadableStream>;
  /** With the token, and a body where there is one: then it is a POST. */
  call(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** What answers have left running behind them. */
  settled(): Promise<void>;
}

export async function startPlane(
  rest: RestFixture | Redis,
  env: Record<string, unknown> = {},
  clock: Clock = systemClock(),
  databases?: ControlPlane["databases"],
): Promise<TestPlane> {
  const texts = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const { CLUSTER_KEY: clusterKey = CLUSTER_KEY } = texts;
  const environment = readEnvironment({ CLUSTER_KEY, ...texts }, await systemDigest.sha256Hex(TOKEN));
  const witness = memoryWitness();
  const auditWitness = memoryAuditWitness();
  const redis = "run" in rest ? rest : rest.redis;
  const plane = createControlPlane(
    {
      databases: databases ?? new Map([[CONTROL, { redis, weight: 1 }]]),
      clock,
      timers: tickTimers,
      random: systemRandom,
      digest: systemDigest,
      parseUrl,
      http: tickHttp,
      redis,
      witness,
      auditWitness,
    },
    { clusterKey, environment },
  );
  const api = createApi({ plane, wake: async () => {} });
  const running: Promise<unknown>[] = [];
  const context = {
    waitUntil: (task: Promise<unknown>) => void running.push(task),
    passThroughOnException: () => {},
    props: {},
  };
  const ask = async (path: string, { method, headers, body }: AskOptions = {}): Promise<Answer> => {
    const init: RequestInit = { method: method ?? (body === undefined ? "GET" : "POST") };
    if (headers !== undefined) init.headers = headers;
    if (body !== undefined) init.body = body as NonNullable<RequestInit["body"]>;
    if (body instanceof ReadableStream) Object.assign(init, { duplex: "half" });
    const request = new Request(`http://control.test${path}`, init);
    const response = await api.fetch(request, {}, context as unknown as Parameters<typeof api.fetch>[2]);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : null,
    };
  };
  return {
    plane,
    witness,
    ask,
    async open(path, headers) {
      const request = new Request(`http://control.test${path}`, { headers });
      const { body } = await api.fetch(request, {}, context as unknown as Parameters<typeof api.fetch>[2]);
      if (body === null) throw new Error("there is no body");
      return body;
    },
    call: (path, body, headers = {}) => {
      const authorization = { authorization: `Bearer ${TOKEN}` };
      if (body === undefined) return ask(path, { headers: { ...authorization, ...headers } });
      return ask(path, {
        headers: { ...authorization, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    },
    async settled() {
      await Promise.all(running.splice(0));
    },
  };
}

/** A database that waits for its disk, or a replica that has only just come, is late for one beat and not for the next. */
export const beatWell = ({ plane, witness }: TestPlane, boot = true): Promise<void> =>
  until("a beat leaves nothing undone", async () => (await beat(plane, { boot, witness })).size === 0);

/** The same of the beat's look at the shards. */
export async function lookWell({ plane }: TestPlane): Promise<void> {
  const watch = new ShardWatch(new Refill());
  await until("the shards were looked at", async () => (await watch.look(plane)).kind === "done");
}

/** Signed by the cluster's key, as whoever runs the edges signs. */
export async function askSigned(
  plane: TestPlane,
  path: string,
  body: string,
  key = CLUSTER_KEY,
): Promise<Answer> {
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const signature = await signRequest({ method: "POST", path, body }, by);
  return plane.ask(path, { method: "POST", body, headers: { [SIGNATURE_HEADER]: signature } });
}

export interface FakeEdge {
  readonly id: string;
  readonly url: string;
  /** The position it says it has; pushes move it on where it follows them. */
  position: string | null;
  /** Whether it takes pushes in. */
  follows: boolean;
  /** Whether it answers at all. */
  answers: boolean;
  boot: string;
  /** How long it says that its present life has lasted. */
  aliveMs: number;
  /** All of them: it tells those that have changed, as an edge does. */
  counters: Record<string, number>;
  /** By its lives. */
  readonly reports: Map<string, CounterReports>;
  /** The samples that it tells of, and what it was last told by the beat. */
  audit: AuditBatch | null;
  hot: HotBatch | null;
  /** Its own clock; null is right. */
  wall: number | null;
  /** The requests that it shows to whoever watches. */
  tail: TailBatch | null;
  called: StatusCall | null;
  /** The selectors of the last entry of every push. */
  readonly pushed: string[][];
  /** What its memory holds of what is asked for; null does not answer. */
  memory: Look | null;
  readonly warmed: string[];
  /** The URLs of those that only the shards were to hold. */
  readonly refilled: string[];
  /** What it reads for the control plane, and what it was asked to. */
  read: (call: DocumentCall) => DocumentReply;
  readonly documents: string[];
  /** Where it holds a target. */
  holds: (target: string) => HeldReply["held"][number];
  /** What becomes of a URL that it is to warm. */
  fate: (url: string) => Promise<WarmResult["result"]> | WarmResult["result"] | Omit<WarmResult, "url">;
  /** Requests without a valid signature. */
  refused: number;
  stop(): Promise<void>;
}

export async function startFakeEdge(id: string): Promise<FakeEdge> {
  const checker = new SignatureChecker({ key: CLUSTER_KEY, digest: systemDigest, maxAgeMs: 30_000 });
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const message = { method: request.method ?? "", path: request.url ?? "", body };
    const signature = request.headers[SIGNATURE_HEADER];
    const verdict = await checker.check(
      message,
      typeof signature === "string" ? signature : null,
      Date.now(),
    );
    if (!edge.answers) return;
    if (verdict.kind === "refused") edge.refused += 1;
    const json = verdict.kind === "refused" ? null : await reply(edge, message.path, body);
    const text = JSON.stringify(json);
    const signed = await checker.signReply(String(signature), text);
    response.writeHead(json === null ? 404 : 200, { [SIGNATURE_HEADER]: signed }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const edge: FakeEdge = {
    id,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    position: "1-0",
    follows: true,
    answers: true,
    boot: `boot-of-${id}`,
    aliveMs: 0,
    counters: {},
    reports: new Map(),
    audit: null,
    hot: null,
    wall: null,
    tail: null,
    called: null,
    pushed: [],
    memory: { entries: 0, bytes: 0, sampled: 0, of: 0 },
    warmed: [],
    refilled: [],
    read: () => ({ kind: "unreadable", reason: "was answered with 404", passing: false }),
    documents: [],
    holds: () => null,
    fate: () => "stored",
    refused: 0,
    stop: () => stop(server),
  };
  return edge;
}

async function reply(edge: FakeEdge, path: string, body: string): Promise<unknown> {
  if (path === STATUS_PATH) {
    edge.called = decodeStatusCall(body);
    return statusOf(edge);
  }
  if (path === PUSH_PATH) {
    const entries = decodePush(body) ?? [];
    const last = entries.at(-1);
    edge.pushed.push([...(last?.payload.selectors ?? [])]);
    if (edge.follows && last !== undefined) edge.position = `${last.epoch}-${last.seq}`;
    return { edge: edge.id, position: edge.position };
  }
  if (path === ESTIMATE_PATH)
    return edge.memory === null ? new Promise(() => {}) : { edge: edge.id, ...edge.memory };
  if (path === DOCUMENT_PATH) {
    const call = decodeDocumentCall(body);
    if (call === null) return null;
    edge.documents.push(call.url);
    return edge.read(call);
  }
  if (path === CLOCK_PATH) return { edge: edge.id, wall: edge.wall ?? Date.now() };
  if (path === HELD_PATH) return { edge: edge.id, held: (decodeHeldCall(body) ?? []).map(edge.holds) };
  if (path !== WARM_PATH) return null;
  const message = decodeWarm(body);
  const urls = message?.into === "shards" ? edge.refilled : edge.warmed;
  const results = await Promise.all(
    (message?.urls ?? []).map(async (url) => {
      urls.push(url);
      const result = await edge.fate(url);
      return typeof result === "string" ? { url, status: 200, result } : { url, ...result };
    }),
  );
  return { edge: edge.id, position: edge.position, results };
}

function countersOf({ boot, counters, called, reports }: FakeEdge) {
  const of = reports.get(boot) ?? new CounterReports(EDGE_LIMITS);
  reports.set(boot, of);
  return of.report(counters, countedOf(called?.folded ?? null, boot));
}

const statusOf = (edge: FakeEdge): StatusReport => ({
  edge: edge.id,
  position: edge.position,
  boot: edge.boot,
  region: "test",
  aliveMs: edge.aliveMs,
  knownAgeMs: 5,
  memoryBytes: 1000,
  memoryEntries: 1,
  ...countersOf(edge),
  audit: edge.audit,
  hot: edge.hot,
  tail: edge.tail,
  tookMs: 0,
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** A site that serves any host, as `--origin` makes it, and one with a host of its own. */
export const SITES = [
  { name: "default", hosts: ["*"], aliases: ["edge.test:8787"], canonicalHost: "origin.test" },
  { name: "shop", hosts: ["shop.test", "*.shop.test"], aliases: [], canonicalHost: "shop.test" },
  { name: "solo", hosts: ["solo.test"], aliases: ["solo-edge.test"], canonicalHost: "solo.test" },
];

/** A plane that has brought its sites and policies into the log, and adopted an edge that knows nothing yet. */
export async function startConfigured(
  rest: RestFixture,
  policies: readonly object[],
): Promise<{ plane: TestPlane; edge: FakeEdge }> {
  const edge = await startFakeEdge("one");
  edge.position = null;
  const plane = await startPlane(rest, {
    ...{ SITES, POLICIES: policies, EDGES: [{ id: edge.id, url: edge.url }] },
  });
  const booted = await bootConfiguration(plane.plane);
  const adopted = await plane.plane.edges.adopt();
  if (booted.kind !== "done" || adopted.kind !== "replaced")
    throw new Error(`${booted.kind}, ${adopted.kind}`);
  return { plane, edge };
}
