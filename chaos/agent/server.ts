// The agent's routes: orders, reports and the abort switch, for those who hold the cluster's key.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { systemDigest } from "../../shared/runtime/system.ts";
import { CHAOS_AGENT_PATH } from "../../shared/wire/chaos.ts";
import { SIGNATURE_HEADER, SignatureChecker, type SignatureFault } from "../../shared/wire/signature.ts";
import { LIMITS } from "../config.ts";
import { readAborter } from "../read-order.ts";
import type { Runs } from "./runs.ts";

export interface AgentServerOf {
  readonly port: number;
  readonly clusterKey: string;
  readonly runs: Runs;
}

interface Reply {
  readonly status: number;
  readonly json: unknown;
}

const TOO_LONG: Reply = { status: 413, json: { error: "too-long", problem: "no order is as long as that" } };
const NOT_FOUND: Reply = { status: 404, json: { problem: "there is no such experiment" } };

/** On loopback alone. */
export async function startAgentServer({ port, clusterKey, runs }: AgentServerOf): Promise<Server> {
  const maxAgeMs = LIMITS.signatureAge;
  const checker = new SignatureChecker({ key: clusterKey, digest: systemDigest, maxAgeMs });
  const server = createServer((request, response) => {
    answer(request, response, { checker, runs }).catch((error: unknown) => {
      console.error("chaos:", error);
      response.destroy();
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { checker, runs }: { checker: SignatureChecker; runs: Runs },
): Promise<void> {
  const { method = "GET", url: path = "/", headers } = request;
  const shown = headers[SIGNATURE_HEADER];
  const signature = typeof shown === "string" ? shown : null;
  const body = signature === null ? null : await readBody(request);
  // Whoever shows no signature is not told that anything is here.
  if (signature === null) return void response.writeHead(404).end();
  if (body === null) return send(response, TOO_LONG);
  const verdict = await checker.check({ method, path, body }, signature, Date.now());
  if (verdict.kind === "refused") return send(response, refusal(verdict.reason));
  const reply = await replyTo({ method, path, body }, runs);
  send(response, reply, await checker.signReply(signature, JSON.stringify(reply.json)));
}

function send(response: ServerResponse, { status, json }: Reply, signature?: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    ...(signature !== undefined && { [SIGNATURE_HEADER]: signature }),
  });
  response.end(JSON.stringify(json));
}

/** Whoever shows one means this agent: what is wrong is said, and nothing of what it does. */
const FAULTS: Readonly<Record<SignatureFault, readonly [error: string, problem: string]>> = {
  "wrong signature": ["wrong-signature", "its signature is not made with this cluster's key"],
  "too old": [
    "stale-signature",
    `it was signed more than ${LIMITS.signatureAge / 1000} s ago or ahead, by the clock here`,
  ],
  "seen before": ["repeated-request", "this very request was here before"],
  "no signature": ["malformed-signature", `its ${SIGNATURE_HEADER} can't be read`],
  "no key": ["no-key", "this agent was given no key, and believes nobody"],
};

function refusal(fault: SignatureFault): Reply {
  const [error, problem] = FAULTS[fault];
  return { status: 401, json: { error, problem } };
}

async function replyTo(
  { method, path, body }: { method: string; path: string; body: string },
  runs: Runs,
): Promise<Reply> {
  if (method === "POST" && path === CHAOS_AGENT_PATH) return begin(body, runs);
  if (!path.startsWith(`${CHAOS_AGENT_PATH}/`)) return NOT_FOUND;
  const id = path.slice(CHAOS_AGENT_PATH.length + 1);
  if (method !== "GET" && method !== "DELETE") return NOT_FOUND;
  const report = method === "GET" ? runs.report(id) : await runs.abort(id, readAborter(body));
  return report === null ? NOT_FOUND : { status: 200, json: report };
}

const STATUS = { refused: 400, busy: 409 } as const;

function begin(body: string, runs: Runs): Reply {
  const begun = runs.begin(body);
  if (begun.kind === "begun") return { status: 200, json: begun.report };
  return { status: STATUS[begun.kind], json: { problem: begun.problem } };
}

/** Null where it is longer than any order. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > LIMITS.orderOctets) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
