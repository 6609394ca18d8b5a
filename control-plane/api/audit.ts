// `/audit`: who did what, and whether that is still what was written.

import { createRoute } from "@hono/zod-openapi";
import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import { csvOf } from "../audit-log/csv.ts";
import { selectRecords } from "../audit-log/select.ts";
import { verifyAudit } from "../audit-log/verify.ts";
import { LIMITS } from "../config.ts";
import { auditQuery, momentOf, recordListSchema, verdictSchema } from "./audit-schema.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound, sees } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json } from "./json.ts";
import { noQuery } from "./paging.ts";
import { problemAnswer, unavailable } from "./problem.ts";

export function auditRoutes(api: Api, ports: ApiPorts): void {
  getVerdict(api, ports);
  getRecords(api, ports);
}

function getRecords(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/audit",
    summary: "Records of the audit log, newest first; as CSV with `format=csv`",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: auditQuery },
    responses: { 200: json("A page of records", recordListSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const {
      actor,
      action,
      site,
      result,
      since,
      cursor,
      format = "json",
      ...given
    } = context.req.valid("query");
    const { limit = format === "csv" ? LIMITS.auditCsv : LIMITS.page } = given;
    const selected = await selectRecords(plane, {
      fits: (record) =>
        sees(context, record.site) &&
        (actor === undefined || record.actor === actor) &&
        (action === undefined || record.action === action || record.action.startsWith(`${action}.`)) &&
        (site === undefined || record.site === site) &&
        (result === undefined || record.result === result),
      since: since === undefined ? null : momentOf(since, plane.clock.wall()),
      below: cursor === undefined ? null : Number(cursor),
      limit,
    });
    if (selected.kind === "unavailable") throw unavailable(selected.reason);
    const nextCursor = selected.next === null ? null : String(selected.next);
    if (format === "csv") return csvAnswer(context.req.url, selected.records, nextCursor);
    return context.json({ items: selected.records.map(showRecord), nextCursor }, 200);
  });
}

export const showRecord = ({ at, detail, ...record }: AuditRecord) => ({
  ...record,
  at: new Date(at).toISOString(),
  detail: Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ) as Record<string, string | number | boolean | null | string[]>,
});

function csvAnswer(href: string, records: readonly AuditRecord[], nextCursor: string | null) {
  const headers = new Headers({
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": 'attachment; filename="tidegate-audit.csv"',
    "cache-control": "no-store",
  });
  if (nextCursor !== null) {
    const next = new URL(href);
    next.searchParams.set("cursor", nextCursor);
    headers.set("link", `<${next.pathname}${next.search}>; rel="next"`);
  }
  return new Response(csvOf(records), { headers }) as never;
}

function getVerdict(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/audit/verify",
    summary: "Whether all records are as they were written, and which is the first that is not",
    middleware: [requireScope(plane, "read"), requireUnbound] as const,
    request: { query: noQuery },
    responses: { 200: json("The verdict", verdictSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const verdict = await verifyAudit(plane);
    if (verdict.kind === "unavailable") throw unavailable(verdict.reason);
    const { kind: _, firstBad, breaches, ...rest } = verdict;
    const told = breaches.map((breach) => ({ ...breach, foundAt: new Date(breach.foundAt).toISOString() }));
    return context.json({ ...rest, ...(firstBad !== null && { firstBad }), breaches: told }, 200);
  });
}
