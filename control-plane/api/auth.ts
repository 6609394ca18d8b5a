// Who may ask: bearer tokens, the scope that each route asks for, and how often anybody may try.

import type { Context } from "hono";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { ControlPlane } from "../control-plane.ts";
import { gateOf, type Passage } from "../tokens/gates.ts";
import { mayAct, type Principal, type Scope } from "../tokens/scopes.ts";
import { addressOf } from "./address.ts";
import { type ApiEnvironment, type Middleware, VOUCHED } from "./environment.ts";
import { Refusal, unavailable } from "./problem.ts";
import { countTurnedAway, recordStranger } from "./refused.ts";

/** What `authenticate` needs of a control plane. */
export type Recognising = Pick<ControlPlane, "principals">;

interface Shown {
  readonly token: string | null;
  /** Not at all where left out. */
  readonly rememberedFor?: Millis;
}

/** Which scope a route's own guard asks for: its description tells of it. */
const ASKED = new WeakMap<object, Scope>();

export const scopeAskedBy = (handler: object): Scope | null => ASKED.get(handler) ?? null;

/** `rememberedFor`: what only heals is also for whoever was recognised so lately, where nobody can be asked now. */
export function requireScope(plane: ControlPlane, scope: Scope, rememberedFor = millis(0)): Middleware {
  const guard: Middleware = async (context, next) => {
    identify(context, plane, context.env[VOUCHED] ?? (await admitted(context, plane, rememberedFor)));
    const principal = context.get("principal");
    if (!mayAct(principal, scope)) throw insufficient(principal, scope);
    await next();
  };
  ASKED.set(guard, scope);
  return guard;
}

/** In whose name everything behind this is done. */
export function identify(
  context: Context<ApiEnvironment>,
  plane: Pick<ControlPlane, "settings">,
  principal: Principal,
): void {
  context.set("principal", principal);
  context.set("actor", principal.name);
  context.set("from", addressOf(context, plane));
}

/** Null where it is nobody's token. Throws a refusal where nobody could find out. */
async function authenticate(
  { principals }: Recognising,
  { token, rememberedFor }: { readonly token: string; readonly rememberedFor: Millis },
): Promise<Principal | null> {
  const recognition = await principals.recognise(token, rememberedFor);
  if (recognition.kind === "unavailable") throw unavailable(recognition.reason);
  return recognition.kind === "known" ? recognition.principal : null;
}

/** Whether what was begun with this request's token may go on; where nobody can be asked, it may. */
export async function mayGoOn(
  context: Context<ApiEnvironment>,
  { principals }: Recognising,
  scope: Scope,
): Promise<boolean> {
  const token = bearerToken(context.req.header("authorization"));
  const recognition = token === null ? null : await principals.recognise(token);
  if (recognition?.kind !== "known") return recognition?.kind === "unavailable";
  return mayAct(recognition.principal, scope);
}

async function admitted(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  rememberedFor: Millis,
): Promise<Principal> {
  const principal = await principalOf(context, plane, rememberedFor);
  passGate(context, plane, principal);
  return principal;
}

/** Throws where it asks too often. */
export function passGate(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  { id }: Pick<Principal, "id">,
): void {
  const passage = plane.gates.principals.take(id, plane.clock.now());
  if (passage.kind === "passed") return;
  countTurnedAway(context, plane, "too-fast");
  throw tooFast(passage);
}

async function principalOf(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  rememberedFor: Millis,
): Promise<Principal> {
  const token = bearerToken(context.req.header("authorization"));
  const principal = await whoBears(context, plane, { token, rememberedFor });
  if (principal !== null) return principal;
  // Whoever shows none has tried nothing.
  if (token === null) countTurnedAway(context, plane, "no-token");
  else recordStranger(context, plane, "wrong-token");
  throw new Refusal("unauthorized", "A valid bearer token is required.", {
    headers: { "www-authenticate": 'Bearer realm="tidegate"' },
  });
}

/** Null where it is nobody's token, which counts against the address that it came from. Throws where too many did. */
export async function whoBears(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  { token, rememberedFor = millis(0) }: Shown,
): Promise<Principal | null> {
  const { principals, gates, clock } = plane;
  // Whoever shows none guesses nothing: he asks Redis nothing either, and learns what is lacking.
  if (token === null) return null;
  const known = await principals.atHand(token);
  if (known !== null) return known;
  // Whoever is guessing asks Redis nothing.
  const gate = gateOf(addressOf(context, plane));
  const passage = gates.failures.look(gate, clock.now());
  if (passage.kind === "held") {
    countTurnedAway(context, plane, "held-up");
    throw tooFast(passage);
  }
  const principal = await authenticate(plane, { token, rememberedFor });
  if (principal === null) gates.failures.take(gate, clock.now());
  return principal;
}

const bearerToken = (header: string | undefined): string | null =>
  /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header ?? "")?.[1] ?? null;

function insufficient({ name, scopes }: Principal, scope: Scope): Refusal {
  const detail = `This takes the scope ${scope}; the token ${name} has ${scopes.join(", ") || "none"}.`;
  const challenge = `Bearer realm="tidegate", error="insufficient_scope", scope="${scope}"`;
  return new Refusal("forbidden", detail, { headers: { "www-authenticate": challenge } });
}

const tooFast = ({ wait }: Passage & { readonly kind: "held" }): Refusal =>
  new Refusal("too-many-requests", "Too many requests: wait a moment.", {
    headers: { "retry-after": String(Math.max(1, Math.ceil(wait / 1000))) },
  });
