// A control plane in virtual time with a stand-in for the chaos agent, asked through its API as any principal.

import { createApi } from "../../control-plane/api/app.ts";
import { VOUCHED } from "../../control-plane/api/environment.ts";
import { ADMIN, type Principal } from "../../control-plane/tokens/scopes.ts";
import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import type { HttpOutcome, HttpRequest } from "../../shared/ports/http.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import {
  CHAOS_AGENT_PATH,
  CHAOS_REPORT_PATH,
  type ChaosOrder,
  type ChaosReport,
} from "../../shared/wire/chaos.ts";
import { SIGNATURE_HEADER, SignatureChecker, signRequest } from "../../shared/wire/signature.ts";
import { TIME_ZERO } from "../simulator/time-zero.ts";
import { passing, startVirtualPlane, type VirtualPlane } from "./virtual-plane.ts";

export interface StandIn {
  readonly orders: ChaosOrder[];
  /** By id, as it tells them. */
  readonly reports: Map<string, ChaosReport>;
  /** Whether anybody is there. */
  isThere: boolean;
  /** What it answers an order with instead of taking it. */
  refuses: { readonly status: number; readonly text: string } | null;
  /** Whether what it aborts is over when it answers, or only healed. */
  endsAtOnce: boolean;
  /** Whether it keeps who aborted: the release before this one did not. */
  namesAborters: boolean;
  /** Called when it has healed. */
  onHealed: () => void;
  /** Of the cluster, as it knows it. */
  key: string;
}

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  readonly by?: Principal;
  /** Shown instead of being vouched for. */
  readonly token?: string;
  readonly key?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  readonly json: any;
}

export interface ChaosStage extends VirtualPlane {
  readonly agent: StandIn;
  ask(path: string, asking?: Asking): Promise<Answered>;
  /** A new one with these scopes. */
  tokenOf(...scopes: Principal["scopes"]): Promise<string>;
  /** A page of the dashboard, or a form of it sent, in a session or in none. */
  visit(path: string, cookie: string, form?: Readonly<Record<string, string>>): Promise<Answered>;
  /** A report as the agent hands it over. */
  handOver(report: unknown, key?: string): Promise<number>;
  /** The chaos records of the audit log, oldest first. */
  records(): Promise<readonly Pick<AuditRecord, "action" | "actor" | "token" | "from">[]>;
}

const KEY = "cluster-key";
const AWAY: HttpOutcome = { kind: "unreachable", reason: "refused" };

export async function chaosStage({
  enabled = true,
  through,
}: {
  readonly enabled?: boolean;
  readonly through?: (redis: Redis) => Redis;
} = {}): Promise<ChaosStage> {
  const agent: StandIn = {
    ...{ orders: [], reports: new Map(), isThere: true, refuses: null, key: KEY },
    ...{ endsAtOnce: true, namesAborters: true, onHealed: () => undefined },
  };
  const silent: Redis = { run: async () => ({ kind: "unavailable", reason: "test" }) };
  const stage = await startVirtualPlane(["edge-1", "edge-2"], "chaos", {
    env: enabled ? { CHAOS_AGENT: "http://agent.test" } : {},
    outside: {
      databases: async () =>
        new Map([
          ["control", { redis: silent, weight: 1 }],
          ["shard-2", { redis: silent, weight: 1 }],
        ]),
      elsewhere: (request) => answerOf(agent, stage, request),
      ...(through === undefined ? {} : { through }),
    },
  });
  const { time, plane } = stage;
  await passing(time, plane.edges.adopt());
  const api = createApi({ plane, wake: async () => {} });
  const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };
  const fetch = async (request: Request, by: Principal | null) => {
    const env = by === null ? {} : { [VOUCHED]: by };
    const executing = context as unknown as Parameters<typeof api.fetch>[2];
    const answer = await passing(time, Promise.resolve(api.fetch(request, env, executing)), 20);
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get("content-type") ?? "");
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : null };
  };
  return {
    ...{ ...stage, agent },
    ask(path, { body, method, by = ADMIN, token, key } = {}) {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      if (body !== undefined) headers["content-type"] = "application/json";
      if (key !== undefined) headers["idempotency-key"] = key;
      const init = { method: method ?? (body === undefined ? "GET" : "POST"), headers };
      const sent = body === undefined ? init : { ...init, body: JSON.stringify(body) };
      return fetch(new Request(`http://control.test${path}`, sent), token === undefined ? by : null);
    },
    async tokenOf(...scopes) {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ name: "a token", scopes });
      const request = new Request("http://control.test/tokens", { method: "POST", headers, body });
      return (await fetch(request, ADMIN)).json.token;
    },
    visit(path, cookie, form) {
      const sent = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) };
      return fetch(new Request(`http://control.test${path}`, { ...sent, headers: { cookie } }), null);
    },
    async handOver(report, key = KEY) {
      const body = JSON.stringify(report);
      const by = { key, digest: plane.digest, random: plane.random, nowWall: TIME_ZERO + time.now };
      const signature = await signRequest({ method: "POST", path: CHAOS_REPORT_PATH, body }, by);
      const headers = { [SIGNATURE_HEADER]: signature };
      const request = new Request(`http://control.test${CHAOS_REPORT_PATH}`, {
        ...{ method: "POST", body, headers },
      });
      return (await fetch(request, null)).status;
    },
    async records() {
      const page = await passing(time, plane.auditLog.page(null, 100));
      if (page.kind === "unavailable") throw new Error(page.reason);
      return page.records.filter(({ action }) => action.startsWith("chaos.")).toReversed();
    },
  };
}

async function answerOf(
  agent: StandIn,
  { time, plane }: VirtualPlane,
  request: HttpRequest,
): Promise<HttpOutcome> {
  await time.pass(2 as Parameters<typeof time.pass>[0]);
  if (!agent.isThere) return AWAY;
  const { method, url, body } = request;
  const { pathname: path } = new URL(url);
  const checker = new SignatureChecker({ key: agent.key, digest: plane.digest, maxAgeMs: 30_000 });
  const signature = request.headers[SIGNATURE_HEADER] ?? null;
  const verdict = await checker.check({ method, path, body: body ?? "" }, signature, TIME_ZERO + time.now);
  if (verdict.kind === "refused") {
    const said = { error: "wrong-signature", problem: `its signature: ${verdict.reason}` };
    return answer(401, JSON.stringify(said));
  }
  if (method === "POST" && path === CHAOS_AGENT_PATH)
    return take(agent, JSON.parse(body ?? ""), TIME_ZERO + time.now);
  const id = path.slice(CHAOS_AGENT_PATH.length + 1);
  const report = agent.reports.get(id);
  if (report === undefined) return answer(404, "");
  if (method === "DELETE" && report.state === "running") {
    const by = body === null || !agent.namesAborters ? {} : { abortedBy: JSON.parse(body) };
    const endedAt = agent.endsAtOnce ? report.startedAt + 1 : null;
    const phase = agent.endsAtOnce ? "over" : report.phase;
    agent.reports.set(id, { ...report, ...by, state: "aborted", phase, endedAt });
    agent.onHealed();
  }
  return answer(200, JSON.stringify(agent.reports.get(id)));
}

function take(agent: StandIn, order: ChaosOrder, startedAt: number): HttpOutcome {
  if (agent.refuses !== null) return answer(agent.refuses.status, agent.refuses.text);
  agent.orders.push(order);
  const { target, ...rest } = order;
  const report: ChaosReport = {
    ...{ ...rest, target: target ?? "edge-1", state: "running", phase: "steady", startedAt, endedAt: null },
    ...{ hypothesis: "nobody notices", verdicts: [], timeline: [], events: [], problem: null },
  };
  agent.reports.set(order.id, report);
  return answer(202, JSON.stringify(report));
}

const answer = (status: number, text: string): HttpOutcome => ({
  ...{ kind: "answer", status, text },
  header: () => null,
});
