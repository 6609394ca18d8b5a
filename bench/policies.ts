// Changes of one policy beside traffic: how soon each edge answers by them, as an outside client sees it.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../dev/cluster.ts";
import type { Verdict } from "./claim.ts";
import type { Exchange } from "./outside/exchange.ts";
import { startOpenLoop } from "./outside/open-loop.ts";
import { startSystem } from "./outside/start-system.ts";
import { startTraffic } from "./outside/traffic.ts";
import { answersBy, type Change, changeShown, reachedMs, STEP_SECONDS } from "./policy-changes.ts";
import { type Spread, spread } from "./spread.ts";

export interface PoliciesResult {
  readonly name: "policies";
  readonly edges: number;
  readonly requestsPerSecond: number;
  readonly changesPerSecond: number;
  readonly changes: number;
  /** Of each change and edge: from sending it until the edge was first seen to answer by it. */
  readonly firstSeenMs: Spread;
  /** Of each change: its slowest edge. */
  readonly reachedAllMs: Spread;
  /** From sending a change to reading its answer, which names the position. */
  readonly acknowledgedMs: Spread;
  /** Changes whose answer named all edges as having applied them. */
  readonly appliedByAll: number;
  /** Changes that some edge was never seen to go by. */
  readonly notSeen: number;
  /** Answers by an older policy than the same edge had answered by before. */
  readonly wentBack: number;
  readonly requestsFailed: number;
  /** Requests to the origin while the policy changed: what is stored goes on by the new life. */
  readonly originRequests: number;
  readonly verdict: Verdict;
}

type Measured = Omit<PoliciesResult, "verdict">;

const EDGES = 8;
/** Each edge every 20 ms: that much of what is measured is the wait for the next question. */
const REQUESTS_PER_SECOND = 400;
const CHANGES_PER_SECOND = 5;
const DEADLINE_MS = 5000;
const CHANGES = 250;
const QUICK = 50;
/** Of the answer's life before the first change; each change takes a step from it. */
const FIRST_LIFE = (CHANGES + 1) * STEP_SECONDS;
const HOST = "bench.test";
const PATH = "/page";
const TOKEN = "a-token-for-the-bench";
const POLICY = { key_pattern: PATH, class: "standard", ttl_mode: "override" } as const;

const rowOf = (number: number) => ({ ...POLICY, ttl: FIRST_LIFE - number * STEP_SECONDS });

export async function benchPolicies(quick: boolean): Promise<PoliciesResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const counted = { requests: 0 };
  const origin = await startOrigin(counted);
  const policies = [{ id: "page", ...rowOf(0) }];
  const cluster = await startSystem({ dir, origin, edges: EDGES, token: TOKEN, policies });
  try {
    const measured = await measure(cluster, counted, quick ? QUICK : CHANGES);
    return { ...measured, verdict: verdictOn(measured) };
  } finally {
    await cluster.stop();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

export function verdictOn(
  of: Pick<Measured, "changes" | "notSeen" | "wentBack" | "requestsFailed">,
): Verdict {
  const above = (["notSeen", "wentBack", "requestsFailed"] as const)
    .filter((name) => of[name] > 0)
    .map((name) => `${name}: ${of[name]}`);
  if (of.changes === 0) above.push("nothing was changed");
  const claim =
    "every edge goes by every change, none goes back to an older one, and no request fails meanwhile";
  return { claim, met: above.length === 0, above };
}

function startOrigin(counted: { requests: number }): Promise<Server> {
  const server = createServer((_request, response) => {
    counted.requests += 1;
    response.end("content");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function measure(
  cluster: Cluster,
  counted: { readonly requests: number },
  count: number,
): Promise<Measured> {
  const plan = { edges: cluster.edges, host: HOST, perSecond: REQUESTS_PER_SECOND, deadlineMs: DEADLINE_MS };
  const traffic = startTraffic({ ...plan, pathOf: () => PATH });
  const shown = (exchange: Exchange): number | null => changeShown(exchange, FIRST_LIFE);
  await until(
    () => new Set(traffic.exchanges.flatMap((one) => (shown(one) === 0 ? [one.edge] : []))).size === EDGES,
  );
  const begun = traffic.exchanges.length;
  const asked = counted.requests;
  const changes: Change[] = [];
  const enough = Promise.withResolvers<void>();
  const loop = startOpenLoop({
    perSecond: CHANGES_PER_SECOND,
    mostInFlight: 1,
    async send() {
      if (changes.length < count) changes.push(await change(cluster, changes.length + 1));
      else enough.resolve();
    },
  });
  await enough.promise;
  await loop.stop();
  await until(() => traffic.exchanges.slice(-EDGES).every((one) => shown(one) === count));
  await traffic.stop();
  const answers = answersBy(traffic.exchanges.slice(begun), shown);
  return { ...resultOf(changes, answers), originRequests: counted.requests - asked };
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error("the edges did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function change(cluster: Cluster, number: number): Promise<Change> {
  const sentAt = performance.now();
  const answer = await fetch(`${cluster.control}/policies/page`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", "if-match": "*" },
    body: JSON.stringify(rowOf(number)),
  });
  const said = (await answer.json()) as { position?: string; applied?: readonly string[] };
  if (answer.status !== 200 || said.position === undefined)
    throw new Error(`a change was answered with ${answer.status}: ${JSON.stringify(said)}`);
  return { number, sentAt, acknowledgedAt: performance.now(), applied: said.applied?.length ?? 0 };
}

function resultOf(
  changes: readonly Change[],
  answers: ReturnType<typeof answersBy>,
): Omit<Measured, "originRequests"> {
  const reached = changes.map((one) => reachedMs(one, answers.byEdge));
  const whole = reached.filter((times) => times.length === EDGES);
  return {
    name: "policies",
    edges: EDGES,
    requestsPerSecond: REQUESTS_PER_SECOND,
    changesPerSecond: CHANGES_PER_SECOND,
    changes: changes.length,
    firstSeenMs: spread(reached.flat()),
    reachedAllMs: spread(whole.map((times) => Math.max(...times))),
    acknowledgedMs: spread(changes.map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt)),
    appliedByAll: changes.filter(({ applied }) => applied === EDGES).length,
    notSeen: changes.length - whole.length,
    wentBack: answers.wentBack,
    requestsFailed: answers.failed,
  };
}
