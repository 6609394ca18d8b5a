// `/deployments`: what somebody has put into service behind the cache. `/markers`: that and all else on one line of time.

import { createRoute, z } from "@hono/zod-openapi";
import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { readMarkers } from "../audit-log/markers.ts";
import { selectRecords } from "../audit-log/select.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import {
  deploymentListSchema,
  deploymentSchema,
  markersSchema,
  newDeploymentSchema,
} from "./audit-schema.ts";
import { audited } from "./audited.ts";
import { requireScope } from "./auth.ts";
import { requirePatternless, requireSite, sees } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { windowSchema } from "./figures-query.ts";
import { keyHeader, operationOf } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { limitOr, noQuery } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";

export function deploymentRoutes(api: Api, ports: ApiPorts): void {
  postDeployment(api, ports);
  listDeployments(api, ports);
  getMarkers(api, ports);
}

function postDeployment(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/deployments",
    summary: "Tell of a deployment: it is marked on every chart",
    middleware: [requireScope(plane, "warm"), requirePatternless, limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(newDeploymentSchema),
      headers: keyHeader,
    },
    responses: { 201: json("It is recorded", deploymentSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { version, site = null, note = null, url = null } = context.req.valid("json");
    // One of no site is of all of them.
    if (site !== null) requireSite(context, site);
    else if (!sees(context, null))
      throw new Refusal("forbidden", "A token that is bound to sites has to name one.");
    if (site !== null) await requireThere(plane, site);
    const operation = await operationOf(context, "deployments", plane);
    const detail = { version, note, url };
    const { seq, at } = await audited(context, plane, { action: "deployment", site, detail, operation });
    const shown = { id: String(seq), at: new Date(at).toISOString(), actor: context.get("actor") };
    return context.json({ ...shown, version, site, note, url }, 201);
  });
}

/** A name that is mistyped would be on nobody's charts. */
async function requireThere(plane: ControlPlane, site: string): Promise<void> {
  const known = await readRouting(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  if (!known.routing.sites.some(({ name }) => name === site))
    throw invalidBody([{ pointer: "/site", message: `there is no site ${JSON.stringify(site)}` }]);
}

function listDeployments(api: Api, { plane }: ApiPorts): void {
  const query = z.strictObject({
    limit: limitOr(String(LIMITS.page)),
    cursor: z
      .string()
      .regex(/^\d{1,16}$/, "is not one that a page ended with")
      .optional(),
  });
  const route = createRoute({
    method: "get",
    path: "/deployments",
    summary: "Deployments, newest first",
    middleware: [requireScope(plane, "read")] as const,
    request: { query },
    responses: { 200: json("A page of deployments", deploymentListSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { limit = LIMITS.page, cursor } = context.req.valid("query");
    const selected = await selectRecords(plane, {
      fits: ({ action, site }) => action === "deployment" && sees(context, site),
      ...{ since: null, below: cursor === undefined ? null : Number(cursor), limit },
    });
    if (selected.kind === "unavailable") throw unavailable(selected.reason);
    const nextCursor = selected.next === null ? null : String(selected.next);
    return context.json({ items: selected.records.map(showDeployment), nextCursor }, 200);
  });
}

function showDeployment({ seq, at, site, actor, detail }: AuditRecord): z.infer<typeof deploymentSchema> {
  const text = (name: string): string | null => (typeof detail[name] === "string" ? detail[name] : null);
  const shown = { id: String(seq), at: new Date(at).toISOString(), site, actor };
  return { ...shown, version: text("version") ?? "", note: text("note"), url: text("url") };
}

function getMarkers(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/markers",
    summary: "Purges, changes, deployments and the like of a window, as marks on a chart",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: z.strictObject({ window: windowSchema }) },
    responses: { 200: json("Oldest first", markersSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { window = "1h" } = context.req.valid("query");
    const since = plane.clock.wall() - (parseDuration(window) ?? 0);
    const read = await readMarkers(plane, { since, by: context.get("principal") });
    if (read.kind === "unavailable") throw unavailable(read.reason);
    const { markers, completeSince: from } = read;
    const completeSince = from === null ? null : new Date(from).toISOString();
    return context.json({ items: [...markers], completeSince }, 200);
  });
}
