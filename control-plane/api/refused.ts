// What a token was refused is recorded behind the answer, and not more often than somebody would want to read it.

import type { Context } from "hono";
import { record } from "../audit-log/record.ts";
import type { Principal } from "../tokens/scopes.ts";
import { type ApiEnvironment, type ApiPorts, backgroundOf } from "./environment.ts";
import { authorOf } from "./orders.ts";
import type { Refusal } from "./problem.ts";

export function recordRefusal(
  context: Context<ApiEnvironment>,
  { plane }: ApiPorts,
  { message }: Refusal,
): void {
  const principal = context.get("principal") as Principal | undefined;
  // Refused before anybody was known.
  if (principal === undefined) return;
  if (plane.gates.refusals.take(principal.id, plane.clock.now()).kind === "held") return;
  const detail = { method: context.req.method, path: context.req.path, why: message };
  const recorded = record(plane, { action: "refused", result: "refused", detail }, authorOf(context));
  backgroundOf(context).keep(recorded);
}
