// The audit log's calls, and what is told of and marked by it: who did what, deployments, and marks on charts.

import { millis } from "../shared/core/units.ts";
import { ask, queryOf } from "./ask.ts";
import { LIMITS } from "./config.ts";
import { startDeadline } from "./deadline.ts";
import type { Routes } from "./routes.ts";
import type {
  AuditRecords,
  AuditVerdict,
  Deployment,
  Deployments,
  Markers,
  NewDeployment,
} from "./schemas.ts";
import { type CallOptions, type Connection, openStream, refusalIn } from "./send.ts";

export type AuditQuery = Omit<Routes["GET /audit"]["query"], "format">;

export interface AuditCalls {
  /** Newest first; a page may hold fewer than asked for and still have a next one. */
  list(query?: AuditQuery, options?: CallOptions): Promise<AuditRecords>;
  /** Every page from `cursor` on. `options` are each one's. */
  pages(query?: AuditQuery, options?: CallOptions): AsyncGenerator<AuditRecords>;
  /** As CSV, with its head: every page, one after the other. */
  csv(query?: AuditQuery, options?: CallOptions): AsyncGenerator<string>;
  /** Whether all records are as they were written. */
  verify(options?: CallOptions): Promise<AuditVerdict>;
}

export interface DeploymentCalls {
  create(body: NewDeployment, options?: CallOptions): Promise<Deployment>;
  list(query?: Routes["GET /deployments"]["query"], options?: CallOptions): Promise<Deployments>;
}

export interface AuditClient {
  readonly audit: AuditCalls;
  readonly deployments: DeploymentCalls;
  /** What was done in a window, as marks on a chart. */
  markers(query?: Routes["GET /markers"]["query"], options?: CallOptions): Promise<Markers>;
}

export function audit(to: Connection): AuditClient {
  const list = async (query: AuditQuery = {}, options?: CallOptions) =>
    (await ask(to, "GET /audit", { query, options })).json;
  return {
    audit: {
      list,
      async *pages(query = {}, options) {
        let { cursor } = query;
        do {
          const page = await list({ ...query, ...(cursor !== undefined && { cursor }) }, options);
          yield page;
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
      },
      csv: (query = {}, options = {}) => csvPages(to, query, options),
      verify: async (options) => (await ask(to, "GET /audit/verify", { options })).json,
    },
    deployments: {
      create: async (body, options) => (await ask(to, "POST /deployments", { body, options })).json,
      list: async (query = {}, options) => (await ask(to, "GET /deployments", { query, options })).json,
    },
    markers: async (query = {}, options) => (await ask(to, "GET /markers", { query, options })).json,
  };
}

/** Only the first page has the head. */
async function* csvPages(to: Connection, query: AuditQuery, options: CallOptions): AsyncGenerator<string> {
  const deadline = startDeadline(to.runtime, millis(options.deadlineMs ?? LIMITS.deadline), options.signal);
  let cursor = query.cursor;
  try {
    for (let first = true; first || cursor !== undefined; first = false) {
      const asked = { ...query, ...(cursor !== undefined && { cursor }), format: "csv" };
      const call = { path: `/audit${queryOf(asked)}`, headers: { accept: "text/csv" } };
      const response = await openStream(to, call, deadline);
      const { status, headers } = response;
      if (!response.ok) throw refusalIn({ status, headers, json: await response.json().catch(() => null) });
      const text = await response.text();
      deadline.extend();
      yield first ? text : text.slice(text.indexOf("\n") + 1);
      cursor = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
      // Who asked for so many got them.
      if (query.limit !== undefined) return;
    }
  } catch (error) {
    throw deadline.ending() ?? error;
  } finally {
    deadline.end();
  }
}
