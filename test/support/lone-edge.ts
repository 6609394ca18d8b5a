// One edge in this process with a clock, a log and an origin that the test turns; L2 and the Cache API are away.

import { createEdge, type EdgeSetUp } from "../../edge/create-edge.ts";
import type { Edge, EdgePorts } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { answerInternal } from "../../edge/internal/routes.ts";
import type { EdgeRequest, Reply } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { LogEntry, LogPayload } from "../../shared/core/log-entry.ts";
import { instant } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import type { OriginBudget } from "../../shared/ports/origin-budget.ts";
import { systemRandom, systemTimers } from "../../shared/runtime/system.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import type { EdgeAnswer, EdgeMessage } from "../../shared/wire/call-edge.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";
import { NO_HOT_NEWS } from "../../shared/wire/hot.ts";
import {
  encodeStatusCall,
  STATUS_PATH,
  type StatusCall,
  type StatusReport,
} from "../../shared/wire/internal.ts";
import { originField } from "../../shared/wire/origin-limits.ts";
import { SignatureChecker, signRequest } from "../../shared/wire/signature.ts";
import { DIGEST } from "../simulator/digest.ts";
import { readAll } from "./memory-blobs.ts";

export const HOST = "site.test";
export const EPOCH = 1_800_000_000_000;
const KEY = "cluster-key";
/** Whatever was told before is counted. */
const ALL = { boot: "boot", number: Number.MAX_SAFE_INTEGER };

interface Sent {
  readonly headers?: HeaderList;
}

type Asked = Partial<Pick<EdgeRequest, "method" | "purpose" | "body">> & Sent;

export interface LoneEdge {
  readonly edge: Edge;
  /** Milliseconds on the edge's own line. */
  now: number;
  /** What the origin is asked, and what it says. */
  readonly asked: OriginRequest[];
  origin: (request: OriginRequest) => OriginOutcome | Promise<OriginOutcome>;
  /** Whether the log answers the edge. */
  logAnswers: boolean;
  /** What the buckets of all edges say; to begin with they are away. */
  budget: OriginBudget["take"];
  /** Appends an entry to the log that the edge pulls. */
  append(payload: LogPayload): void;
  /** The body is read to its end; rejects where it breaks off. */
  get(path: string, more?: Asked): Promise<Reply>;
  /** The same as soon as it begins. */
  open(path: string, more?: Asked): Promise<Reply>;
  /** Resolves when nothing is left to do behind the clients' backs. */
  settled(): Promise<void>;
  /** As the control plane calls it. */
  beat(call?: Partial<StatusCall>): Promise<StatusReport>;
  /** As a peer, or the control plane, sends it a message: what it answers. */
  told(message: EdgeMessage): Promise<EdgeAnswer>;
}

/** `limits`: what the site says of its origin. */
export function loneEdge(
  policies: readonly Record<string, unknown>[] = [],
  {
    chunking,
    serverTiming = false,
    lookForCopies = async () => {},
    hashSeed = 1,
    ...others
  }: Partial<EdgePorts & Pick<EdgeSetUp, "chunking" | "serverTiming" | "lookForCopies" | "hashSeed">> = {},
  limits: Record<string, unknown> = {},
): LoneEdge {
  const time = { now: 1000 };
  const tasks: Promise<unknown>[] = [];
  const background: Background = { keep: (task) => void tasks.push(task) };
  const asked: OriginRequest[] = [];
  const log = new FixedLog(policies, limits);
  const unavailable = async () => ({ kind: "unavailable", reason: "away" }) as const;
  const nothing = async () => undefined;
  const edge = createEdge(
    {
      clock: {
        now: () => instant(time.now),
        surely: () => instant(time.now),
        backwardSteps: () => 0,
        wall: () => EPOCH + time.now,
      },
      // What is put off to later happens at once: the clock is the test's.
      timers: { ...systemTimers, sleep: async () => undefined },
      random: systemRandom,
      digest: DIGEST,
      origin: {
        async fetch(request) {
          asked.push(request);
          return lone.origin(request);
        },
      },
      blobs: {
        match: unavailable,
        matchRange: unavailable,
        restate: unavailable,
        put: unavailable,
        delete: nothing,
      },
      midTier: {
        read: async () => ({ ...(await unavailable()), at: [] }),
        fill: unavailable,
        release: async () => "unavailable",
        renew: async () => "unavailable",
        verified: nothing,
      },
      journal: {
        placeOf: () => null,
        accept: unavailable,
        read: unavailable,
        claim: unavailable,
        yields: async () => "unavailable",
      },
      log: log.port,
      budget: { take: (query) => lone.budget(query) },
      callPeer: async () => ({ kind: "unreachable", reason: "refused" }),
      ...others,
    },
    {
      id: "one",
      hashSeed,
      fallbackSite: { name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST },
      parseUrl,
      peerUrls: new Map(),
      originShare: null,
      shards: () => [],
      learnt: () => {},
      ...(chunking === undefined ? {} : { chunking }),
      serverTiming,
      lookForCopies,
    },
  );
  const lone: LoneEdge = {
    edge,
    get now() {
      return time.now;
    },
    set now(now) {
      time.now = now;
    },
    asked,
    budget: unavailable,
    origin: () => ({ kind: "unreachable", reason: "refused", detail: "no origin" }),
    get logAnswers() {
      return log.answers;
    },
    set logAnswers(answers) {
      log.answers = answers;
    },
    append: (payload) => log.append(payload),
    async open(path, { method = "GET", purpose = "client", headers = [], body = NO_BODY } = {}) {
      const request: EdgeRequest = {
        method,
        url: `https://${HOST}${path}`,
        header: (name) => headerValue(headers, name),
        headers: () => headers,
        body,
        purpose,
        arrivedAt: instant(lone.now),
        background,
      };
      return handleRequest(edge, request);
    },
    async get(path, more) {
      const reply = await lone.open(path, more);
      return { ...reply, body: { kind: "bytes", bytes: await readAll(reply.body) } };
    },
    async settled() {
      while (tasks.length > 0) await Promise.all(tasks.splice(0));
    },
    async beat(call = {}) {
      const none = { peers: [], watch: [], counted: ALL, patience: null, entries: [], hot: NO_HOT_NEWS };
      const body = encodeStatusCall({ ...none, ...call });
      const answer = await lone.told({ path: STATUS_PATH, body });
      if (answer.kind !== "answer") throw new Error(`the status call was ${answer.reason}`);
      return JSON.parse(answer.text) as StatusReport;
    },
    told: (message) => tell(edge, background, message),
  };
  return lone;
}

async function tell(edge: Edge, background: Background, { path, body }: EdgeMessage): Promise<EdgeAnswer> {
  const message = { method: "POST", path, body: body ?? "" };
  const by = { key: KEY, digest: DIGEST, random: systemRandom, nowWall: edge.clock.wall() };
  const checker = new SignatureChecker({ key: KEY, digest: DIGEST, maxAgeMs: 30_000 });
  const signature = await signRequest(message, by);
  const internal = { edge, checker, boot: "boot", region: "test", version: null, skew: null };
  const { status, text } = await answerInternal(internal, { ...message, signature, background });
  return status === 200 ? { kind: "answer", text } : { kind: "unreachable", reason: "refused" };
}

const AWAY = { kind: "unavailable", reason: "away" } as const;

/** Configured from its first entry on. */
class FixedLog {
  answers = true;
  private readonly entries: LogEntry[] = [];
  private readonly configuration: ReadonlyMap<string, string>;

  constructor(policies: readonly Record<string, unknown>[], limits: Record<string, unknown>) {
    const site = { name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST };
    this.configuration = new Map([
      [siteField("default"), encodeSite(site)],
      [originField("default"), JSON.stringify(limits)],
      ...policies.map((row, index): [string, string] => [
        policyField("default", String(index)),
        JSON.stringify({ id: String(index), ...row }),
      ]),
    ]);
  }

  append(payload: LogPayload): void {
    const seq = this.entries.length + 1;
    this.entries.push({ epoch: EPOCH, seq, previous: `h${seq - 1}`, hash: `h${seq}`, age: 0, payload });
  }

  private head(): LogHead {
    const seq = this.entries.length;
    return { epoch: EPOCH, seq, hash: `h${seq}` };
  }

  readonly port: Log = {
    append: async () => ({ kind: "unavailable", reason: "read only" }),
    confirm: async () => ({ kind: "unavailable", reason: "read only" }),
    untold: async () => ({ kind: "nothing" }),
    withhold: async () => {},
    takesWrites: async () => ({ kind: "takes-writes" }),
    since: async ({ seq }) =>
      this.answers ? { kind: "entries", entries: this.entries.slice(seq), head: this.head(), at: 0 } : AWAY,
    snapshot: async () =>
      this.answers ? { kind: "snapshot", head: this.head(), configuration: this.configuration, at: 0 } : AWAY,
    check: async () => ({ kind: "unknown" }),
  };
}
