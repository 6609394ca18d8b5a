// Calls by route: what may be sent and what comes back is typed by the control plane's own document.

import type { Millis } from "../shared/core/units.ts";
import type { Routes } from "./routes.ts";
import { type Answer, type CallOptions, type Connection, refusalIn, send } from "./send.ts";
import { TidegateError } from "./tidegate-error.ts";

type Route = keyof Routes;
type Query<R extends Route> = Routes[R] extends { query: infer Fields extends object } ? Fields : never;
type Body<R extends Route> = Routes[R] extends { body: infer Sent } ? Sent : never;

export interface Asked<R extends Route> {
  /** Takes the place of `{id}`, or of `{name}`, in the route's path. */
  readonly id?: string;
  readonly query?: Query<R>;
  readonly body?: Body<R>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeatable?: boolean;
  readonly waits?: Millis;
  /** Refusals that are an answer to whoever asked, after a try whose own answer was lost. */
  readonly settledBy?: number;
}

/** The body of any of the route's answers. */
type AnswerTo<R extends Route> = Routes[R]["answers"][keyof Routes[R]["answers"]];

export interface Told<R extends Route> extends Omit<Answer, "json"> {
  readonly json: AnswerTo<R>;
}

/** Throws `TidegateError` for whatever is no success. */
export async function ask<R extends Route>(
  connection: Connection,
  route: R,
  { options, ...asked }: Asked<R> & { readonly options?: CallOptions | undefined },
): Promise<Told<R>> {
  const [method = "", template = ""] = route.split(" ");
  const path = template.replace(/\{\w+\}/, () => encodeURIComponent(asked.id ?? "")) + queryOf(asked.query);
  const { body, headers, waits, repeatable = method !== "PUT" && method !== "DELETE" } = asked;
  const call = { method, path, body, repeatable, ...(headers && { headers }), ...(waits && { waits }) };
  const answer = await send(connection, call, options);
  const { status, json } = answer;
  const settled = answer.uncertain && status === asked.settledBy;
  if (!settled && (status < 200 || status > 299)) throw refusalIn(answer);
  if (!settled && status !== 204 && json === null)
    throw new TidegateError("unexpected-answer", `The answer to ${route} was no JSON.`, { status });
  return { ...answer, json: json as AnswerTo<R> };
}

/** With its question mark; nothing where nothing is given. */
export function queryOf(fields: object = {}): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
