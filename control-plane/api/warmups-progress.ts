// Warm-ups that were begun: all of them, one's progress, and its end.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { WarmupOutcome } from "../../shared/mid-tier/warmup-record.ts";
import { LIMITS } from "../config.ts";
import { isOpen, type ShownWarmup, showWarmup } from "../warmup/show-warmup.ts";
import { audited } from "./audited.ts";
import { mayGoOn, requireScope } from "./auth.ts";
import { requirePatternless, sees } from "./binding.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { json } from "./json.ts";
import { noQuery, pageQuery, wrongCursor } from "./paging.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";
import { warmupEvents } from "./warmup-events.ts";
import { jobPageSchema, jobSchema } from "./warmups-schema.ts";

const params = z.object({ id: z.string() });

export function warmupProgressRoutes(api: Api, ports: ApiPorts): void {
  allWarmups(api, ports);
  oneWarmup(api, ports);
}

export function shownOf(outcome: WarmupOutcome, isSeen: (site: string) => boolean = () => true): ShownWarmup {
  if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  if (outcome.kind === "absent" || !isSeen(outcome.warmup.site))
    throw new Refusal("not-found", "There is no such warm-up; they are kept for a day.");
  return showWarmup(outcome.warmup);
}

function allWarmups(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/warmups",
    summary: "Warm-ups, newest first, those that the control plane began by itself included",
    middleware: requireScope(plane, "read"),
    request: { query: pageQuery },
    responses: { 200: json("A page of warm-ups", jobPageSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { limit, cursor } = context.req.valid("query");
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw wrongCursor();
    const below = cursor === undefined ? null : Number(cursor);
    const page = await plane.warmups.list(below, limit ?? LIMITS.page);
    if (page.kind === "unavailable") throw unavailable(page.reason);
    const seen = page.warmups.filter(({ site }) => sees(context, site));
    const items = seen.map((warmup) => {
      const { errors: _, ...shown } = showWarmup(warmup);
      return shown;
    });
    return context.json({ items, nextCursor: page.next === null ? null : String(page.next) }, 200);
  });
}

function oneWarmup(api: Api, { plane }: ApiPorts): void {
  const middleware = requireScope(plane, "read");
  const mayEnd = [requireScope(plane, "warm"), requirePatternless];
  const path = "/warmups/{id}" as const;
  const request = { params, query: noQuery };
  const responses = { 200: json("The warm-up", jobSchema), default: problemAnswer } as const;
  const get = createRoute({ method: "get", path, summary: "Its progress", middleware, request, responses });
  const cancel = createRoute({
    ...{ method: "delete", path, summary: "End it", middleware: mayEnd, request, responses },
  });
  const events = createRoute({
    method: "get",
    path: "/warmups/{id}/events",
    summary: "Its progress as server-sent events: `progress` until `done`",
    middleware,
    request,
    responses: {
      200: { description: "Events", content: { "text/event-stream": { schema: z.string() } } },
      default: problemAnswer,
    },
  });
  const found = async (context: Context<ApiEnvironment>, id: string): Promise<ShownWarmup> =>
    shownOf(await plane.warmups.read(id), (site) => sees(context, site));
  api.openapi(get, async (context) => context.json(await found(context, context.req.valid("param").id), 200));
  api.openapi(cancel, async (context) => {
    const { id } = context.req.valid("param");
    const { site, ...before } = await found(context, id);
    // What has ended is not ended once more.
    if (isOpen(before)) await audited(context, plane, { action: "warmup.cancel", site, detail: { id } });
    const ended = await plane.warmups.cancel(id);
    if (ended.kind === "unavailable") throw unavailable(ended.reason);
    return context.json(await found(context, id), 200);
  });
  api.openapi(events, async (context) => {
    const { id } = context.req.valid("param");
    const first = await found(context, id);
    return warmupEvents(plane, { first, mayGoOn: () => mayGoOn(context, plane, "read") });
  });
}
