// One call of the control plane: sent, sent again where that is safe and may help, and its answer read.

import { type Millis, millis } from "../shared/core/units.ts";
import { parseJson } from "../shared/wire/json.ts";
import { LIMITS } from "./config.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { pauseAfter } from "./retry.ts";
import type { ClientRuntime } from "./runtime.ts";
import type { Problem } from "./schemas.ts";
import { TidegateError } from "./tidegate-error.ts";

/** Where the control plane is, and who asks. */
export interface Connection {
  readonly url: string;
  readonly token: string | null;
  readonly runtime: ClientRuntime;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For the call in all, tries and pauses included. */
  readonly deadlineMs?: number;
}

export interface Call {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it may be sent twice without being done twice. */
  readonly repeatable: boolean;
  /** How long the control plane itself is asked to wait before it answers. */
  readonly waits?: Millis;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
  /** Whether an earlier try may have been carried out, its answer lost. */
  readonly uncertain: boolean;
}

type Tried = { readonly kind: "answer"; readonly response: Response; readonly text: string } | Unreachable;
type Unreachable = { readonly kind: "unreachable"; readonly cause: unknown };

/** Any answer of the control plane, refusals too. Throws `TidegateError` where there is none. */
export async function send(connection: Connection, call: Call, options: CallOptions = {}): Promise<Answer> {
  const { runtime } = connection;
  const span = millis(options.deadlineMs ?? LIMITS.deadline + (call.waits ?? 0));
  const deadline = startDeadline(runtime, span, options.signal);
  // Made once a call: whatever is sent of it, the control plane does once.
  const key = call.method === "GET" ? {} : { "idempotency-key": runtime.random.token() };
  const named = { ...call, headers: { ...key, ...call.headers } };
  let uncertain = false;
  try {
    for (let tries = 1; ; tries++) {
      const tried = await attempt(connection, named, deadline);
      const pause = call.repeatable ? pauseAfter(seen(tried), tries, runtime.random.unit()) : null;
      if (pause === null || pause >= deadline.left()) return answerOf(connection, tried, uncertain);
      uncertain ||= tried.kind === "unreachable" || tried.response.status === 503;
      await deadline.pause(pause);
    }
  } finally {
    deadline.end();
  }
}

/** A streamed answer, once its headers are here: read as long as `deadline` lasts. */
export async function openStream(
  connection: Connection,
  call: Pick<Call, "path" | "headers">,
  deadline: Deadline,
): Promise<Response> {
  try {
    return await request(connection, { ...call, method: "GET" }, deadline.signal);
  } catch (error) {
    throw deadline.ending() ?? unreachable(connection, error);
  }
}

/** Throws what a refusal says. */
export function refusalIn({
  status,
  json,
  headers,
}: Pick<Answer, "status" | "json" | "headers">): TidegateError {
  const requestId = headers.get("x-request-id");
  const problem = problemIn(json);
  return problem === null
    ? new TidegateError(
        "unexpected-answer",
        `The answer was ${status}, and not one of the control plane's.`,
        {
          status,
          requestId,
        },
      )
    : new TidegateError(problem.code, problem.detail, { status, errors: problem.errors ?? [], requestId });
}

async function attempt(connection: Connection, call: Call, whole: Deadline): Promise<Tried> {
  const span = millis(LIMITS.tryDeadline + (call.waits ?? 0));
  // Which of two that end at once comes first is chance: the last try ends with the call, and by its deadline.
  const isLast = span >= whole.left();
  const one = isLast ? whole : startDeadline(connection.runtime, span, whole.signal);
  try {
    const response = await request(connection, call, one.signal);
    return { kind: "answer", response, text: await response.text() };
  } catch (cause) {
    const ended = whole.ending();
    if (ended !== null) throw ended;
    // Whoever may not send it again has nothing more to wait for.
    const ending = one.ending();
    if (ending !== null && !call.repeatable) throw ending;
    return { kind: "unreachable", cause: ending ?? cause };
  } finally {
    if (!isLast) one.end();
  }
}

function request(
  { url, token, runtime }: Connection,
  { method, path, body, headers }: Pick<Call, "method" | "path" | "body" | "headers">,
  signal: AbortSignal,
): Promise<Response> {
  return runtime.fetch(url + path, {
    method,
    headers: {
      accept: "application/json",
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal,
    // Whoever answers with another place is not the control plane: the token goes nowhere else.
    redirect: "manual",
  });
}

const seen = (tried: Tried) =>
  tried.kind === "unreachable"
    ? tried
    : {
        kind: tried.kind,
        status: tried.response.status,
        retryAfter: tried.response.headers.get("retry-after"),
      };

function answerOf(connection: Connection, tried: Tried, uncertain: boolean): Answer {
  if (tried.kind === "unreachable") throw unreachable(connection, tried.cause);
  const { status, headers } = tried.response;
  const json = tried.text === "" ? null : parseJson(tried.text);
  return { status, headers, json, uncertain };
}

const unreachable = ({ url }: Connection, cause: unknown): TidegateError =>
  new TidegateError("unreachable", `The control plane at ${url} can't be reached.`, { cause });

/** Null where it is no problem document of the control plane's. */
function problemIn(json: unknown): Pick<Problem, "code" | "detail" | "errors"> | null {
  if (typeof json !== "object" || json === null) return null;
  const { code, detail, errors } = json as Partial<Problem>;
  if (typeof code !== "string" || typeof detail !== "string") return null;
  return { code, detail, ...(Array.isArray(errors) && { errors }) };
}
