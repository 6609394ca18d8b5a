// Who was turned away is counted, and recorded behind the answer, not more often than somebody would want to read it.

import type { Context } from "hono";
import { record } from "../audit-log/record.ts";
import { gateOf } from "../tokens/gates.ts";
import type { Principal } from "../tokens/scopes.ts";
import type { TurnedAwayFor } from "../tokens/turned-away.ts";
import { addressOf } from "./address.ts";
import { type ApiEnvironment, type ApiPorts, backgroundOf, VOUCHED } from "./environment.ts";
import { authorOf } from "./orders.ts";
import type { Refusal } from "./problem.ts";

type Plane = ApiPorts["plane"];

/** What a token was refused. */
export function recordRefusal(
  context: Context<ApiEnvironment>,
  { plane }: ApiPorts,
  { message }: Refusal,
): void {
  const principal = context.get("principal") as Principal | undefined;
  // A page that asks for what it may not show says so in its place: nobody has tried anything.
  if (principal === undefined || isLook(context)) return;
  countTurnedAway(context, plane, "forbidden");
  if (plane.gates.refusals.take(principal.id, plane.clock.now()).kind === "held") return;
  const detail = { method: context.req.method, path: context.req.path, why: message };
  const recorded = record(plane, { action: "refused", result: "refused", detail }, authorOf(context));
  backgroundOf(context).keep(recorded);
}

const isLook = ({ env, req }: Context<ApiEnvironment>): boolean =>
  env[VOUCHED] !== undefined && req.method === "GET";

export function countTurnedAway(
  context: Context<ApiEnvironment>,
  { turnedAway }: Pick<Plane, "turnedAway">,
  why: TurnedAwayFor,
): void {
  turnedAway.count(why, backgroundOf(context));
}

/** A token that is nobody's, at the API or at the dashboard's door. Of many, few are recorded, with how many there were between. */
export function recordStranger(
  context: Context<ApiEnvironment>,
  plane: Plane,
  why: "wrong-token" | "sign-in",
): void {
  countTurnedAway(context, plane, why);
  const from = addressOf(context, plane);
  if (!isToBeRecorded(plane, from)) {
    plane.turnedAway.leaveOut();
    return;
  }
  const { method, path } = context.req;
  const detail = { method, path, why: "a wrong token", notRecorded: plane.turnedAway.leftOut() };
  const action = why === "sign-in" ? "session.sign-in" : "refused";
  const asked = { token: null, from, requestId: context.get("requestId") };
  const recorded = record(plane, { action, result: "refused", detail }, { actor: NOBODY, asked });
  backgroundOf(context).keep(recorded);
}

const NOBODY = "nobody";

/** Neither may one address leave no room for others, nor all of them push out what the log is kept for. */
function isToBeRecorded({ gates, clock }: Pick<Plane, "gates" | "clock">, from: string | null): boolean {
  const now = clock.now();
  return (
    gates.strangers.take(gateOf(from), now).kind === "passed" &&
    gates.anyStranger.take("all", now).kind === "passed"
  );
}
