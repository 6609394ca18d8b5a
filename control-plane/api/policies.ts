// `/policies`: the metadata table, row by row.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { formatPosition } from "../../shared/core/position.ts";
import { identifier, type PolicyRow } from "../../shared/wire/policy.ts";
import type { Precondition } from "../configuration/append-field.ts";
import { changePolicy, type PolicyChanged } from "../policies/change.ts";
import { readTable, rowNamed, type Table } from "../policies/table.ts";
import { validatePolicies } from "../policies/validate.ts";
import { requireScope } from "./auth.ts";
import { requireSite, sees, unknownSite } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { entityTag } from "./etag.ts";
import { idempotencyConflict, keyHeader, operationOf } from "./idempotency.ts";
import { writesWait } from "./journal.ts";
import { json, jsonBody } from "./json.ts";
import { orderOf, pushingOf } from "./orders.ts";
import { limitOr, noQuery, pageOf } from "./paging.ts";
import {
  changedPolicySchema,
  policyListSchema,
  shownPolicySchema,
  showPolicy,
  writtenPolicySchema,
} from "./policies-schema.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";
import {
  removingHeaders,
  replacingHeaders,
  validateRoute,
  versionsNamed,
  versionsReplaced,
} from "./several.ts";

const siteQuery = z.strictObject({ site: identifier.optional() });
const idParams = z.object({ id: z.string() });

export function policyRoutes(api: Api, ports: ApiPorts): void {
  listPolicies(api, ports);
  validateRoute(api, ports, {
    of: "policies",
    summary: "Check a policy, or several as `policies`, without changing anything",
    judge: async ({ values, at }) => validatePolicies(values, await tableOf(ports.plane), at),
  });
  onePolicy(api, ports);
  postPolicy(api, ports);
  putPolicy(api, ports);
  deletePolicy(api, ports);
}

async function tableOf(plane: ApiPorts["plane"]): Promise<Table> {
  const table = await readTable(plane);
  if (table.kind === "unavailable") throw unavailable(table.reason);
  return table;
}

function listPolicies(api: Api, { plane }: ApiPorts): void {
  const query = siteQuery.extend({
    limit: limitOr("all"),
    cursor: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}\/[A-Za-z0-9._-]{1,64}$/, "is not one that a page ended with")
      .optional(),
  });
  const route = createRoute({
    method: "get",
    path: "/policies",
    summary: "The metadata table",
    middleware: [requireScope(plane, "read")] as const,
    request: { query },
    responses: { 200: json("By site and id", policyListSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { site, ...page } = context.req.valid("query");
    if (site !== undefined) requireSite(context, site);
    const { rows, head, unreadable, sites } = await tableOf(plane);
    // Rows may outlive their site, and are shown then.
    if (site !== undefined && !sites.has(site) && !rows.some((row) => row.site === site))
      throw unknownSite(site);
    const ranked = rows.map((row, at) => {
      const first = rows.findIndex((one) => one.site === row.site);
      return { id: `${row.site}/${row.id}`, row, rank: at - first + 1 };
    });
    const wanted = ranked.filter(({ row }) =>
      site === undefined ? sees(context, row.site) : row.site === site,
    );
    wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
    const { items, nextCursor } = pageOf(wanted, page);
    const shown = items.map(({ row, rank }) => ({ policy: showPolicy(row), version: row.version, rank }));
    const unread = unreadable.filter((field) => sees(context, field.split("/")[1] ?? null));
    return context.json(
      { items: shown, nextCursor, position: formatPosition(head), unreadable: unread },
      200,
    );
  });
}

function onePolicy(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/policies/{id}",
    summary: "One policy, its version as ETag",
    middleware: [requireScope(plane, "read")] as const,
    request: { params: idParams, query: siteQuery },
    responses: { 200: json("The policy", shownPolicySchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const { site = "default" } = context.req.valid("query");
    requireSite(context, site);
    const row = rowNamed(await tableOf(plane), site, id);
    if (row === null) throw absent(site);
    return context.json(showPolicy(row), 200, { etag: entityTag(row.version) });
  });
}

function postPolicy(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  const route = createRoute({
    method: "post",
    path: "/policies",
    summary: "Add a policy",
    middleware: [requireScope(plane, "policy"), limitBody(plane), requireText] as const,
    request: { query: noQuery, body: jsonBody(writtenPolicySchema), headers: keyHeader },
    responses: { 201: json("Added", changedPolicySchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const row = context.req.valid("json");
    requireSite(context, row.site ?? "default");
    const operation = await operationOf(context, "log", plane);
    // The same for the same operation, so that what is sent again names the same row.
    const named = { site: row.site ?? "default", id: row.id ?? `p-${operation.id.slice(0, 12)}` };
    const changed = await change(context, ports, {
      ...{ row, named, operation, precondition: { kind: "absent" } },
    });
    const query = named.site === "default" ? "" : `?site=${named.site}`;
    return context.json(changed.shown, 201, {
      location: `/policies/${named.id}${query}`,
      etag: entityTag(changed.shown.version),
    });
  });
}

function putPolicy(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  const route = createRoute({
    method: "put",
    path: "/policies/{id}",
    summary: "Replace a policy, by the version that If-Match names",
    middleware: [requireScope(plane, "policy"), limitBody(plane), requireText] as const,
    request: {
      ...{ params: idParams, query: siteQuery, body: jsonBody(writtenPolicySchema) },
      headers: replacingHeaders,
    },
    responses: { 200: json("As it is now", changedPolicySchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const row = context.req.valid("json");
    const { id } = context.req.valid("param");
    const { site = row.site ?? "default" } = context.req.valid("query");
    requireSite(context, site);
    const elsewhere = [
      ...(row.id === undefined || row.id === id ? [] : [{ pointer: "/id", message: `is not ${id}` }]),
      ...(row.site === undefined || row.site === site
        ? []
        : [{ pointer: "/site", message: `is not ${site}` }]),
    ];
    if (elsewhere.length > 0) throw invalidBody(elsewhere);
    const precondition = { kind: "is", versions: versionsReplaced(context) } as const;
    const operation = await operationOf(context, "log", plane);
    const changed = await change(context, ports, { row, named: { site, id }, operation, precondition });
    return context.json(changed.shown, 200, { etag: entityTag(changed.shown.version) });
  });
}

function deletePolicy(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  const route = createRoute({
    method: "delete",
    path: "/policies/{id}",
    summary: "Take a policy out, where If-Match is given by its version",
    middleware: [requireScope(plane, "policy")] as const,
    request: { params: idParams, query: siteQuery, headers: removingHeaders },
    responses: { 204: { description: "It is gone" }, default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const { site = "default" } = context.req.valid("query");
    requireSite(context, site);
    const versions = versionsNamed(context);
    const token = plane.random.token();
    const outcome = await changePolicy(plane, {
      ...{ site, id, to: null, precondition: { kind: "is", versions } },
      ...{ operation: orderOf(context, { id: token, requestDigest: token }), pushing: pushingOf(context) },
    });
    if (outcome.kind !== "changed") throw refusal(outcome, site);
    await ports.wake("now");
    return context.body(null, 204, { "tidegate-position": outcome.position });
  });
}

interface Wanted {
  readonly row: PolicyRow;
  readonly named: { readonly site: string; readonly id: string };
  readonly operation: { readonly id: string; readonly requestDigest: string };
  readonly precondition: Precondition;
}

async function change(context: Context<ApiEnvironment>, { plane, wake }: ApiPorts, wanted: Wanted) {
  const { row, named, operation, precondition } = wanted;
  const outcome = await changePolicy(plane, {
    ...{ ...named, to: row, precondition },
    ...{ operation: orderOf(context, operation), pushing: pushingOf(context) },
  });
  if (outcome.kind !== "changed") throw refusal(outcome, named.site);
  await wake("now");
  const { version, position, applied, warnings } = outcome;
  return {
    shown: {
      policy: showPolicy({ row, ...named }),
      version: version ?? "",
      position,
      applied: applied === null ? null : [...applied],
      warnings: [...warnings],
    },
  };
}

const absent = (site: string): Refusal => new Refusal("not-found", `The site ${site} has no such policy.`);

function refusal(outcome: Exclude<PolicyChanged, { kind: "changed" }>, site: string): Refusal {
  switch (outcome.kind) {
    case "unavailable":
      return unavailable(outcome.reason);
    case "conflict":
      return idempotencyConflict();
    case "absent":
      return absent(site);
    case "exists":
      return new Refusal("exists", "There is a policy with this id: PUT replaces it.");
    case "mismatch":
      return new Refusal("precondition-failed", "The policy is not of the version that If-Match names.");
    case "invalid":
      return invalidBody(outcome.faults);
    case "journalled":
      return writesWait(outcome);
  }
}
