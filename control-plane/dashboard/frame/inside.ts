// Asks the routes of the API in this process, in the name of whoever has signed in: pages show and do nothing else.

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Routes } from "../../../client/routes.ts";
import type { Problem } from "../../../client/schemas.ts";
import { parseJson } from "../../../shared/wire/json.ts";
import { type Api, type ApiEnvironment, VOUCHED } from "../../api/environment.ts";
import { Refusal } from "../../api/problem.ts";
import type { Principal } from "../../tokens/scopes.ts";

type Route = keyof Routes;
type AnswerTo<R extends Route> = Routes[R]["answers"][keyof Routes[R]["answers"]];
type Query<R extends Route> = Routes[R] extends { query: infer Fields extends object } ? Fields : never;
type Body<R extends Route> = Routes[R] extends { body: infer Sent } ? Sent : never;

export interface Asking<R extends Route> {
  /** Takes the place of `{id}`. */
  readonly id?: string;
  readonly query?: Query<R>;
  readonly body?: Body<R>;
  /** What is sent twice under the same key is done once. */
  readonly idempotencyKey?: string;
}

/** A refusal is an answer too: a page shows it in its place. */
export type Asked<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "refused"; readonly status: ContentfulStatusCode; readonly problem: Problem | null };

/** Where a page is about nothing else: throws what was refused. */
export function granted<T>(asked: Asked<T>): T {
  if (asked.kind === "known") return asked.value;
  const { problem, status } = asked;
  throw new Refusal(problem?.code ?? "unavailable", problem?.detail ?? `The answer was ${status}.`);
}

export type Ask = <R extends Route>(route: R, asking?: Asking<R>) => Promise<Asked<AnswerTo<R>>>;

export function askInside(
  api: Api,
  context: Context<ApiEnvironment>,
  { principal, addressHeader }: { readonly principal: Principal; readonly addressHeader: string | null },
): Ask {
  return async <R extends Route>(route: R, asking: Asking<R> = {}) => {
    const request = requestFor(context.req.url, route, asking);
    // Where the runtime says whom it answers, it has said so of this one too.
    const address = addressHeader === null ? undefined : context.req.header(addressHeader);
    if (addressHeader !== null && address !== undefined) request.headers.set(addressHeader, address);
    request.headers.set("x-request-id", context.get("requestId"));
    const answer = await api.fetch(request, { ...context.env, [VOUCHED]: principal }, context.executionCtx);
    const json = parseJson(await answer.text());
    return answer.ok
      ? { kind: "known", value: json as AnswerTo<R> }
      : { kind: "refused", status: answer.status as ContentfulStatusCode, problem: json as Problem | null };
  };
}

function requestFor<R extends Route>(base: string, route: R, asking: Asking<R>): Request {
  const [method = "GET", template = "/"] = route.split(" ");
  const url = new URL(
    template.replace(/\{\w+\}/, () => encodeURIComponent(asking.id ?? "")),
    base,
  );
  for (const [name, value] of Object.entries(asking.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  const headers = new Headers();
  if (asking.idempotencyKey !== undefined) headers.set("idempotency-key", asking.idempotencyKey);
  if (asking.body === undefined) return new Request(url, { method, headers });
  headers.set("content-type", "application/json");
  return new Request(url, { method, headers, body: JSON.stringify(asking.body) });
}
