// `/tokens`: who may ask for what. Each one's text is shown once, to whoever creates it.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ListedToken, StoredToken } from "../../shared/mid-tier/tokens.ts";
import type { AuditFacts } from "../../shared/ports/asked.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isScope } from "../tokens/scopes.ts";
import { formatToken, hashOf } from "../tokens/token-text.ts";
import { audited } from "./audited.ts";
import { requireScope } from "./auth.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { idempotencyConflict, keyHeader, type NamedOperation, operationOf } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { namedPageQuery, noQuery, pageOf } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";
import {
  createdTokenSchema,
  type NewToken,
  newTokenSchema,
  type ShownTokenRecord,
  tokenListSchema,
  tokenSchema,
} from "./tokens-schema.ts";

const params = z.object({ id: z.string() });

export function tokenRoutes(api: Api, ports: ApiPorts): void {
  postToken(api, ports);
  readTokens(api, ports);
  deleteToken(api, ports);
}

function postToken(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/tokens",
    summary: "Create a token: its text is in this answer, and nowhere else",
    middleware: [requireScope(plane, "admin"), limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(newTokenSchema),
      headers: keyHeader,
    },
    responses: { 201: json("Created", createdTokenSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const body = context.req.valid("json");
    await requireSites(plane, body.sites ?? []);
    const operation = await operationOf(context, "tokens", plane);
    const { record, text } = await create(context, plane, { body, operation });
    const shown = { ...show({ ...record, lastUsedAt: null }), token: text };
    return context.json(shown, 201, { location: `/tokens/${record.id}`, "cache-control": "no-store" });
  });
}

/** A name that is mistyped would bind to nothing, or to what somebody adds later. */
async function requireSites(plane: ControlPlane, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const known = await readRouting(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  const { sites } = known.routing;
  const faults = names.flatMap((name, index) =>
    sites.some((site) => site.name === name)
      ? []
      : [{ pointer: `/sites/${index}`, message: `there is no site ${JSON.stringify(name)}` }],
  );
  if (faults.length > 0) throw invalidBody(faults);
}

interface Creating {
  readonly body: NewToken;
  readonly operation: NamedOperation;
}

async function create(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  { body, operation }: Creating,
): Promise<{ readonly record: StoredToken; readonly text: string }> {
  const now = plane.clock.wall();
  const expiresAt = body.expiresAt == null ? null : Date.parse(body.expiresAt);
  if (expiresAt !== null && expiresAt <= now)
    throw invalidBody([{ pointer: "/expiresAt", message: "must be in the future" }]);
  const shown = await plane.tokenOf(operation.id);
  const secretHash = await hashOf(plane.digest, shown);
  await audited(context, plane, { action: "token.create", detail: detailOf(shown.id, body), operation });
  const put = await plane.tokens.put({
    ...{ id: shown.id, name: body.name, secretHash, scopes: [...new Set(body.scopes)] },
    ...{ sites: body.sites ?? null, patterns: body.patterns ?? null, expiresAt },
    ...{ createdAt: now, createdBy: context.get("actor"), requestDigest: operation.requestDigest },
  });
  if (put.kind === "unavailable")
    throw unavailable(put.reason, "Send it again with the same Idempotency-Key.");
  if (put.kind === "full")
    throw new Refusal(
      "conflict",
      `There are ${LIMITS.tokens} tokens already: revoke those that nobody uses.`,
    );
  if (put.kind !== "created" && put.kind !== "exists")
    throw new Refusal("conflict", "The token that this created was revoked.");
  const { token: record } = put;
  if (record.requestDigest !== operation.requestDigest) throw idempotencyConflict();
  // The cluster's key has changed since: nobody can say the text once more.
  if (record.secretHash !== secretHash)
    throw new Refusal("conflict", `The token ${record.id} was created, and its text can't be shown again.`);
  return { record, text: formatToken(shown) };
}

const detailOf = (id: string, { name, scopes, sites, patterns, expiresAt }: NewToken): AuditFacts => ({
  ...{ id, name, scopes, sites: sites ?? null, patterns: patterns ?? null, expiresAt: expiresAt ?? null },
});

function readTokens(api: Api, { plane }: ApiPorts): void {
  const middleware = requireScope(plane, "admin");
  const many = createRoute({
    method: "get",
    path: "/tokens",
    summary: "All tokens, without their secrets",
    middleware,
    request: { query: namedPageQuery },
    responses: { 200: json("By id", tokenListSchema), default: problemAnswer },
  });
  const one = createRoute({
    method: "get",
    path: "/tokens/{id}",
    summary: "One token, without its secret",
    middleware,
    request: { params, query: noQuery },
    responses: { 200: json("The token", tokenSchema), default: problemAnswer },
  });
  api.openapi(many, async (context) => {
    const page = pageOf(await listed(plane), context.req.valid("query"));
    return context.json({ items: page.items.map(show), nextCursor: page.nextCursor }, 200);
  });
  api.openapi(one, async (context) => {
    const { id } = context.req.valid("param");
    const token = (await listed(plane)).find((entry) => entry.id === id);
    if (token === undefined) throw absent();
    return context.json(show(token), 200);
  });
}

async function listed(plane: ControlPlane): Promise<readonly ListedToken[]> {
  const outcome = await plane.tokens.list();
  if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  return outcome.tokens;
}

function deleteToken(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "delete",
    path: "/tokens/{id}",
    summary: `Revoke a token: nobody takes it any more within ${LIMITS.principalKept / 1000} s`,
    middleware: [requireScope(plane, "admin")] as const,
    request: { params, query: noQuery },
    responses: { 204: { description: "It is revoked" }, default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const token = (await listed(plane)).find((entry) => entry.id === id);
    if (token === undefined) throw absent();
    await audited(context, plane, { action: "token.revoke", detail: { id, name: token.name } });
    const outcome = await plane.tokens.revoke(id);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    plane.principals.forget(id);
    return context.body(null, 204);
  });
}

const absent = (): Refusal => new Refusal("not-found", "There is no such token.");

const instantOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const show = ({ id, name, scopes, sites, patterns, ...rest }: ListedToken): ShownTokenRecord => ({
  ...{ id, name, scopes: scopes.filter(isScope) },
  sites: sites === null ? null : [...sites],
  patterns: patterns === null ? null : [...patterns],
  createdAt: new Date(rest.createdAt).toISOString(),
  createdBy: rest.createdBy,
  expiresAt: instantOf(rest.expiresAt),
  lastUsedAt: instantOf(rest.lastUsedAt),
});
