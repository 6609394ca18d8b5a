// Every failure as RFC 9457 problem details, and the one exception that carries them out of a handler.

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { FULL, isWriteRefusal } from "../../shared/mid-tier/script.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { OUTDATED } from "../configuration/append-field.ts";
import type { ApiEnvironment } from "./environment.ts";

export const faultSchema = z.object({
  pointer: z.string().openapi({ description: "A JSON pointer (RFC 6901) into what was sent." }),
  message: z.string(),
});

const TITLES = {
  "malformed-json": [400, "Malformed JSON"],
  "invalid-query": [400, "Invalid query"],
  "invalid-header": [400, "Invalid header"],
  "broken-content": [400, "Broken content"],
  unauthorized: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "Method not allowed"],
  "content-too-slow": [408, "Content too slow"],
  exists: [409, "Exists already"],
  conflict: [409, "Conflict"],
  "in-use": [409, "In use"],
  "chaos-disabled": [409, "Chaos is off"],
  "precondition-failed": [412, "Precondition failed"],
  "too-large": [413, "Content too large"],
  "unsupported-media-type": [415, "Unsupported media type"],
  "invalid-body": [422, "Invalid body"],
  "idempotency-conflict": [422, "Idempotency key used before"],
  "precondition-required": [428, "Precondition required"],
  "too-many-requests": [429, "Too many requests"],
  "too-many-repeats": [429, "Too many repeats"],
  internal: [500, "Internal error"],
  "chaos-agent-refuses": [502, "The chaos agent refuses this control plane"],
  unavailable: [503, "Unavailable"],
  "chaos-agent-away": [503, "The chaos agent is away"],
} as const satisfies Record<string, readonly [number, string]>;

const CODES = Object.keys(TITLES) as ProblemCode[];

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(CODES),
    requestId: z.string(),
    errors: z.array(faultSchema).optional(),
  })
  .openapi("Problem");

/** The `default` answer of every route. */
export const problemAnswer = {
  description: "A problem, as RFC 9457 has it",
  content: { "application/problem+json": { schema: problemSchema } },
} as const;

export type ProblemCode = keyof typeof TITLES;

export class Refusal extends Error {
  readonly code: ProblemCode;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { faults?: readonly Fault[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.code = code;
    this.faults = (more.faults ?? []).slice(0, LIMITS.faults);
    this.headers = more.headers ?? {};
  }
}

/** Of what is no silence of Redis. */
const WORDS: Readonly<Record<string, string>> = {
  [FULL]: "Redis is full: it takes no writes.",
  [OUTDATED]: "Others have changed the configuration at each attempt: nothing was changed.",
};

export function unavailable(reason: string, advice = "Try again."): Refusal {
  const what = whatFails(reason);
  const headers = { "retry-after": String(LIMITS.retryAfter) };
  return new Refusal("unavailable", `${what} ${advice}`, { headers });
}

function whatFails(reason: string): string {
  const none = isWriteRefusal(reason) ? "takes no writes" : "did not answer";
  return WORDS[reason] ?? `Redis ${none} (${reason}).`;
}

export const invalidBody = (faults: readonly Fault[]): Refusal => {
  const said = faults.map(({ pointer, message }) => `${pointer || "the body"}: ${message}`);
  return new Refusal("invalid-body", said.join("; ").slice(0, 1000), { faults });
};

/** How a page tells of it. */
export function statusOf({ code }: Refusal): {
  readonly status: StatusOf<typeof code>;
  readonly title: string;
} {
  const [status, title] = TITLES[code];
  return { status, title };
}

type StatusOf<Code extends ProblemCode> = (typeof TITLES)[Code][0];

export function problemResponse(context: Context<ApiEnvironment>, error: Error): Response {
  const refusal = error instanceof Refusal ? error : refusalOf(error);
  const [status, title] = TITLES[refusal.code];
  const requestId = context.get("requestId");
  const problem: z.infer<typeof problemSchema> = {
    type: `urn:tidegate:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    instance: context.req.path,
    code: refusal.code,
    requestId,
    ...(refusal.faults.length > 0 ? { errors: [...refusal.faults] } : {}),
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...refusal.headers,
    },
  });
}

function refusalOf(error: Error): Refusal {
  if (error instanceof HTTPException && error.status === 400)
    return new Refusal("malformed-json", "The body is not JSON.");
  if (error instanceof HTTPException && error.status === 415)
    return new Refusal("unsupported-media-type", "The body must be application/json.");
  // A bug of ours: its text is for the log, not for whoever asked.
  console.error(error);
  return new Refusal("internal", "Something went wrong here; the request id finds it in the log.");
}
