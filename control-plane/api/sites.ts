// `/sites`: the origins and their hostnames, site by site.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { formatPosition } from "../../shared/core/position.ts";
import { changeSite, type SiteChange, type SiteChanged } from "../sites/change.ts";
import { edgeHosts } from "../sites/edge-hosts.ts";
import { readSites, type Sites, siteNamed } from "../sites/table.ts";
import { validateSites } from "../sites/validate.ts";
import { requireScope } from "./auth.ts";
import { requireSite, requireUnbound, sees } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { entityTag } from "./etag.ts";
import { idempotencyConflict, keyHeader, operationOf } from "./idempotency.ts";
import { writesWait } from "./journal.ts";
import { json, jsonBody } from "./json.ts";
import { orderOf, pushingOf } from "./orders.ts";
import { namedPageQuery, noQuery, pageOf } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";
import {
  removingHeaders,
  replacingHeaders,
  validateRoute,
  versionsNamed,
  versionsReplaced,
} from "./several.ts";
import { changedSiteSchema, shownSiteSchema, siteBodySchema, siteListSchema } from "./sites-schema.ts";

const nameParams = z.object({ name: z.string() });

export function siteRoutes(api: Api, ports: ApiPorts): void {
  listSites(api, ports);
  validateRoute(api, ports, {
    of: "sites",
    summary: "Check a site, or several as `sites`, without changing anything",
    judge: async ({ values, at }) => validateSites(values, await besideOf(ports.plane), at),
  });
  oneSite(api, ports);
  postSite(api, ports);
  putSite(api, ports);
  deleteSite(api, ports);
}

async function sitesOf(plane: ApiPorts["plane"]): Promise<Sites> {
  const sites = await readSites(plane);
  if (sites.kind === "unavailable") throw unavailable(sites.reason);
  return sites;
}

const besideOf = async (plane: ApiPorts["plane"]) => ({
  sites: await sitesOf(plane),
  reach: plane.settings.privateOrigins,
  edges: await edgeHosts(plane),
});

function listSites(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/sites",
    summary: "All sites",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: namedPageQuery },
    responses: { 200: json("By name", siteListSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { entries, head, unreadable } = await sitesOf(plane);
    const seen = entries.filter(({ name }) => sees(context, name));
    const named = seen.map((entry) => ({ id: entry.name, entry }));
    const { items, nextCursor } = pageOf(named, context.req.valid("query"));
    const shown = items.map(({ entry: { row, version, policies } }) => ({
      ...{ site: row, version, policies: policies.length },
    }));
    const unread = unreadable.filter((field) => sees(context, field.split("/")[1] ?? null));
    return context.json(
      { items: shown, nextCursor, position: formatPosition(head), unreadable: unread },
      200,
    );
  });
}

function oneSite(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/sites/{name}",
    summary: "One site, its version as ETag",
    middleware: [requireScope(plane, "read")] as const,
    request: { params: nameParams, query: noQuery },
    responses: { 200: json("The site", shownSiteSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { name } = context.req.valid("param");
    requireSite(context, name);
    const entry = siteNamed(await sitesOf(plane), name);
    if (entry === null) throw absent();
    return context.json(entry.row, 200, { etag: entityTag(entry.version) });
  });
}

function postSite(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  const route = createRoute({
    method: "post",
    path: "/sites",
    summary: "Add a site",
    middleware: [requireScope(plane, "policy"), requireUnbound, limitBody(plane), requireText] as const,
    request: { query: noQuery, body: jsonBody(siteBodySchema), headers: keyHeader },
    responses: { 201: json("Added", changedSiteSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const to = context.req.valid("json");
    const { name } = to;
    if (name === undefined) throw invalidBody([{ pointer: "/name", message: "must be given" }]);
    const operation = await operationOf(context, "log", plane);
    const wanted = { name, to, operation, precondition: { kind: "absent" }, sameAnswers: false } as const;
    const shown = await change(context, ports, wanted);
    return context.json(shown, 201, { location: `/sites/${name}`, etag: entityTag(shown.version) });
  });
}

function putSite(api: Api, ports: ApiPorts): void {
  const { plane } = ports;
  const query = z.strictObject({
    answers: z.enum(["drop", "keep"]).optional().openapi({
      description: "What becomes of stored answers where the origin is another one: `drop` by default.",
    }),
  });
  const route = createRoute({
    method: "put",
    path: "/sites/{name}",
    summary: "Replace a site, by the version that If-Match names",
    middleware: [requireScope(plane, "policy"), requireUnbound, limitBody(plane), requireText] as const,
    request: { params: nameParams, query, body: jsonBody(siteBodySchema), headers: replacingHeaders },
    responses: { 200: json("As it is now", changedSiteSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const to = context.req.valid("json");
    const { name } = context.req.valid("param");
    if (to.name !== undefined && to.name !== name)
      throw invalidBody([{ pointer: "/name", message: `is not ${name}` }]);
    const precondition = { kind: "is", versions: versionsReplaced(context) } as const;
    const operation = await operationOf(context, "log", plane);
    const sameAnswers = context.req.valid("query").answers === "keep";
    const shown = await change(context, ports, { name, to, operation, precondition, sameAnswers });
    return context.json(shown, 200, { etag: entityTag(shown.version) });
  });
}

function deleteSite(api: Api, ports: ApiPorts): void {
  const { plane, wake } = ports;
  const query = z.strictObject({
    policies: z.literal("delete").optional().openapi({ description: "Takes its policies out with it." }),
  });
  const route = createRoute({
    method: "delete",
    path: "/sites/{name}",
    summary: "Take a site out, where If-Match is given by its version",
    middleware: [requireScope(plane, "policy"), requireUnbound] as const,
    request: { params: nameParams, query, headers: removingHeaders },
    responses: { 204: { description: "It is gone" }, default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { name } = context.req.valid("param");
    const { policies = "keep" } = context.req.valid("query");
    const versions = versionsNamed(context);
    const token = plane.random.token();
    const outcome = await changeSite(plane, {
      ...{ name, to: null, policies, sameAnswers: false, precondition: { kind: "is", versions } },
      ...{ operation: orderOf(context, { id: token, requestDigest: token }), pushing: pushingOf(context) },
    });
    if (outcome.kind !== "changed") throw refusal(outcome);
    await wake("now");
    return context.body(null, 204, { "tidegate-position": outcome.position });
  });
}

type Wanted = Omit<SiteChange, "operation" | "pushing" | "policies"> & {
  readonly operation: { readonly id: string; readonly requestDigest: string };
};

async function change(context: Context<ApiEnvironment>, { plane, wake }: ApiPorts, wanted: Wanted) {
  const outcome = await changeSite(plane, {
    ...{ ...wanted, policies: "keep" },
    ...{ operation: orderOf(context, wanted.operation), pushing: pushingOf(context) },
  });
  if (outcome.kind !== "changed") throw refusal(outcome);
  await wake("now");
  const { row, version, position, applied, warnings } = outcome;
  if (row === null || version === null) throw new Error("a site that was put is not gone");
  return {
    ...{ site: row, version, position, warnings: [...warnings] },
    applied: applied === null ? null : [...applied],
  };
}

const absent = (): Refusal => new Refusal("not-found", "There is no such site.");

const LAST = "It is the only site: without any, edges would serve every host from wherever they are led.";

function refusal(outcome: Exclude<SiteChanged, { kind: "changed" }>): Refusal {
  switch (outcome.kind) {
    case "unavailable":
      return unavailable(outcome.reason);
    case "conflict":
      return idempotencyConflict();
    case "absent":
      return absent();
    case "exists":
      return new Refusal("exists", "There is a site of this name: PUT replaces it.");
    case "mismatch":
      return new Refusal("precondition-failed", "The site is not of the version that If-Match names.");
    case "last":
      return new Refusal("in-use", LAST);
    case "journalled":
      return writesWait(outcome);
    case "in-use":
      return new Refusal(
        "in-use",
        `${outcome.policies.length} policies are of this site: ?policies=delete takes them out with it.`,
      );
    case "invalid":
      return invalidBody(outcome.faults);
  }
}
