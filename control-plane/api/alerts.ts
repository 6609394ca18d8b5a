// `GET /alerts`, `GET /alerts/rules`, `POST /alerts/{id}/ack`.

import { createRoute, z } from "@hono/zod-openapi";
import { acknowledge, orderOf, readShownAlerts, showRules } from "../alerts/show-alerts.ts";
import type { ShownAlert } from "../alerts/shown-alert.ts";
import { ackSchema, alertSchema, alertsSchema, rulesSchema } from "./alerts-schema.ts";
import { audited } from "./audited.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json, jsonBody } from "./json.ts";
import { limitOr, noQuery } from "./paging.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const listQuery = z.strictObject({
  limit: limitOr("all"),
  cursor: z
    .string()
    .regex(/^[0-2]\.[01]\.\d{13}\.[a-z0-9-]{1,100}$/, "is not one that a page ended with")
    .optional()
    .openapi({ description: "The `nextCursor` of the page before." }),
  state: z.enum(["pending", "firing", "resolved"]).optional(),
});

const params = z.object({ id: z.string().regex(/^[a-z0-9-]{1,100}$/, "is not an alert's id") });

export function alertRoutes(api: Api, ports: ApiPorts): void {
  listAlerts(api, ports);
  listRules(api, ports);
  acknowledgeAlert(api, ports);
}

function listAlerts(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/alerts",
    summary: "What fires, what may soon, and what did in the last hour",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: listQuery },
    responses: { 200: json("By state, severity and time", alertsSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { limit, cursor, state } = context.req.valid("query");
    const { items, judging, evaluatedAt, unmeasured, refused } = await readShownAlerts(plane);
    const rest = items.filter((alert) => (state ?? alert.state) === alert.state && comesAfter(alert, cursor));
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const nextCursor = last === undefined || page.length === rest.length ? null : orderOf(last);
    const judged = { judging, evaluatedAt, unmeasured: [...unmeasured] };
    return context.json({ items: page, nextCursor, ...judged, refused }, 200);
  });
}

const comesAfter = (alert: ShownAlert, cursor: string | undefined): boolean =>
  cursor === undefined || orderOf(alert) > cursor;

function listRules(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/alerts/rules",
    summary: "The alert rules, with the terms that are in force",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: noQuery },
    responses: { 200: json("All rules", rulesSchema), default: problemAnswer },
  });
  api.openapi(route, (context) =>
    context.json({ items: showRules(plane.settings.alerting), nextCursor: null }, 200),
  );
}

function acknowledgeAlert(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/alerts/{id}/ack",
    summary: "Say that somebody looks after an alert: it is not told again until it is over",
    middleware: [requireScope(plane, "purge"), requireUnbound, limitBody(plane), requireText] as const,
    request: { params, query: noQuery, body: jsonBody(ackSchema) },
    responses: { 200: json("The alert as it is now", alertSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const { note = null } = context.req.valid("json");
    const outcome = await acknowledge(plane, id, {
      by: context.get("actor"),
      note,
      first: ({ rule, labels }) => {
        const detail = { alert: id, rule, ...labels, ...(note === null ? {} : { note }) };
        return audited(context, plane, { action: "alert.ack", detail });
      },
    });
    switch (outcome.kind) {
      case "unavailable":
        throw unavailable(outcome.reason);
      case "absent":
        throw new Refusal("not-found", "There is no such alert: it is over, or never was.");
      case "not-firing":
        throw new Refusal("conflict", `It is ${outcome.state}: only what fires can be acknowledged.`);
      default:
        return context.json(outcome.alert, 200);
    }
  });
}
