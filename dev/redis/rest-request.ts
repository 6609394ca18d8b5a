// One REST request: from path and JSON body to commands, from replies to status and body.
import type { RedisBackend } from "./backend.ts";
import { type ErrorReply, isErrorReply, type Reply } from "./reply.ts";
import { errorBody } from "./rest-encoding.ts";

export type Answer = { readonly status: number; readonly body: string };

type RestCommand = readonly string[];
type RestRequest =
  | { readonly kind: "single"; readonly command: RestCommand }
  | { readonly kind: "pipeline" | "transaction"; readonly commands: readonly RestCommand[] }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** Below the callers' own deadline; WAIT 0 would wait for ever. */
const LONGEST_WAIT_MS = 1000;
/** They would change the shared connection for everybody, block it, or end the server; Upstash has none of them. */
const UNAVAILABLE = new Set(
  "auth bgrewriteaof bgsave blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin client config debug discard exec failover hello migrate module monitor multi psubscribe psync punsubscribe quit replicaof reset save select shutdown slaveof ssubscribe subscribe sunsubscribe swapdb sync unsubscribe unwatch watch xread xreadgroup".split(
    " ",
  ),
);

export function parseRequest(method: string, url: string, body: string): RestRequest {
  const path = url.split("?", 1)[0];
  if (method !== "POST") return refused(405, "ERR only POST is served");
  const parsed = parseJson(body);
  if (parsed === undefined) return refused(400, "ERR failed to parse the request: it is not JSON");
  if (path === "/") return singleRequest(parsed);
  if (path === "/pipeline") return manyRequest("pipeline", parsed);
  if (path === "/multi-exec") return manyRequest("transaction", parsed);
  return refused(404, "ERR no such path: POST to /, /pipeline or /multi-exec");
}

function refused(status: number, message: string): RestRequest {
  return { kind: "refused", status, message };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function singleRequest(parsed: unknown): RestRequest {
  const command = toCommand(parsed);
  return command === null ? refused(400, MALFORMED_COMMAND) : { kind: "single", command };
}

const MALFORMED_COMMAND =
  "ERR failed to parse the command: an array of strings and numbers, not empty, is expected";

function manyRequest(kind: "pipeline" | "transaction", parsed: unknown): RestRequest {
  if (!Array.isArray(parsed) || parsed.length === 0) {
    return refused(400, "ERR failed to parse the request: an array of commands, not empty, is expected");
  }
  const commands: RestCommand[] = [];
  for (const item of parsed) {
    const command = toCommand(item);
    if (command === null) return refused(400, MALFORMED_COMMAND);
    commands.push(command);
  }
  return { kind, commands };
}

function toCommand(parsed: unknown): RestCommand | null {
  if (!Array.isArray(parsed) || parsed.length === 0) return null;
  const words: string[] = [];
  for (const item of parsed) {
    if (typeof item === "string") words.push(item);
    else if (typeof item === "number" || typeof item === "boolean") words.push(String(item));
    else return null;
  }
  return words[0]?.toLowerCase() === "wait" ? boundedWait(words) : words;
}

/** What is not a number goes through, for Redis to refuse. */
function boundedWait([name = "", replicas = "", timeout = "", ...rest]: string[]): RestCommand {
  const wanted = /^[0-9]+$/.test(timeout) ? Number(timeout) : null;
  if (wanted === null) return [name, replicas, timeout, ...rest].slice(0, Math.max(1, 3 + rest.length));
  const bounded = wanted === 0 ? LONGEST_WAIT_MS : Math.min(wanted, LONGEST_WAIT_MS);
  return [name, replicas, String(bounded), ...rest];
}

type Encode = (reply: Reply) => string;

export async function answer(
  backend: RedisBackend,
  request: Exclude<RestRequest, { kind: "refused" }>,
  encode: Encode,
): Promise<Answer> {
  if (request.kind === "single") return singleAnswer(await call(backend, request.command), encode);
  if (request.kind === "pipeline") return manyAnswer(await pipeline(backend, request.commands), encode);
  const unavailable = request.commands.map(refusal).find((reply) => reply !== null);
  const outcome = unavailable ?? (await backend.transaction(request.commands));
  return Array.isArray(outcome) ? manyAnswer(outcome, encode) : singleAnswer(outcome, encode);
}

async function call(backend: RedisBackend, command: RestCommand): Promise<Reply> {
  return refusal(command) ?? (await backend.call(command));
}

async function pipeline(backend: RedisBackend, commands: readonly RestCommand[]): Promise<Reply[]> {
  const refusals = commands.map(refusal);
  if (refusals.every((reply) => reply === null)) return backend.pipeline(commands);
  const allowed = commands.filter((_, i) => refusals[i] === null);
  const replies = allowed.length === 0 ? [] : await backend.pipeline(allowed);
  return refusals.map((reply) => reply ?? replies.shift() ?? null);
}

function refusal(command: RestCommand): ErrorReply | null {
  const name = command[0] ?? "";
  if (!UNAVAILABLE.has(name.toLowerCase())) return null;
  return { kind: "error", message: `ERR Command is not available: '${name}'` };
}

function singleAnswer(reply: Reply, encode: Encode): Answer {
  if (isErrorReply(reply)) return { status: 400, body: errorBody(reply.message) };
  return { status: 200, body: resultBody(reply, encode) };
}

function manyAnswer(replies: readonly Reply[], encode: Encode): Answer {
  const items = replies.map((reply) =>
    isErrorReply(reply) ? errorBody(reply.message) : resultBody(reply, encode),
  );
  return { status: 200, body: `[${items.join(",")}]` };
}

function resultBody(reply: Reply, encode: Encode): string {
  return `{"result":${encode(reply)}}`;
}
