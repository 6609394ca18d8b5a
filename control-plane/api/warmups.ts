// `POST /warmup`, its progress, and its end.

import { createRoute, z } from "@hono/zod-openapi";
import { elapsed, type Millis, millis } from "../../shared/core/units.ts";
import type { WarmupOutcome } from "../../shared/mid-tier/warmups.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { acceptWarmup, type WarmupOrder } from "../warmup/accept.ts";
import { warmupSchema } from "../warmup/request.ts";
import { type ShownWarmup, showWarmup } from "../warmup/show-warmup.ts";
import { requireToken } from "./auth.ts";
import { limitBody, requireUtf8 } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { idempotencyConflict, operationOf } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { noQuery } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";
import { warmupEvents } from "./warmup-events.ts";

const jobSchema = z
  .object({
    id: z.string(),
    site: z.string(),
    state: z.enum(["running", "done", "cancelled"]),
    total: z.int(),
    done: z.int(),
    failed: z.int(),
    skipped: z.int().openapi({ description: "Answers that may not be stored." }),
    ratePerSecond: z.number(),
    concurrency: z.int(),
    edges: z.array(z.string()).or(z.literal("all")),
    etaSeconds: z.int().nullable(),
    errors: z.array(z.object({ url: z.string(), edge: z.string(), reason: z.string() })),
    acceptedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi("Warmup");

const acceptedSchema = z
  .object({ id: z.string(), total: z.int(), job: z.string() })
  .openapi("AcceptedWarmup");

const params = z.object({ id: z.string() });

export function warmupRoutes(api: Api, ports: ApiPorts): void {
  postWarmup(api, ports);
  oneWarmup(api, ports);
}

function postWarmup(api: Api, { plane, wake }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/warmup",
    summary: "Fetch URLs into every edge before they are asked for",
    middleware: [requireToken(plane), limitBody, requireUtf8] as const,
    request: {
      query: noQuery,
      body: jsonBody(warmupSchema),
      headers: z.object({ "idempotency-key": z.string().optional() }),
    },
    responses: {
      200: json("With `wait`: it has ended", jobSchema),
      202: json("It goes on", acceptedSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const body = context.req.valid("json");
    const operation = await operationOf(context, "warmup", plane);
    const order = await acceptedOrder(plane, body);
    const actor = context.get("actor");
    const created = await plane.warmups.create({
      ...operation,
      ...order,
      actor,
      into: "edges",
      behind: millis(0),
    });
    if (created.kind === "unavailable")
      throw unavailable(created.reason, "Send it again with the same Idempotency-Key.");
    if (created.kind === "conflict") throw idempotencyConflict();
    const job = `/warmups/${operation.id}`;
    context.header("location", job);
    if (created.kind === "created") await wake("now");
    if (body.wait === true) {
      const ended = await awaitEnd(plane, operation.id, LIMITS.waitMost);
      if (ended.state !== "running") return context.json(ended, 200);
    }
    return context.json({ id: operation.id, total: order.urls.length, job }, 202);
  });
}

async function acceptedOrder(plane: ControlPlane, body: z.infer<typeof warmupSchema>): Promise<WarmupOrder> {
  const [known, edges, hot] = await Promise.all([
    readRouting(plane),
    plane.edges.read(),
    // Of one class of one site there are fewer than of all.
    body.hot === undefined ? { kind: "ranking" as const, keys: [] } : plane.hotKeys.read(LIMITS.hotLedger),
  ]);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  if (edges.kind === "unavailable") throw unavailable(edges.reason);
  if (hot.kind === "unavailable") throw unavailable(hot.reason);
  const listed = edges.directory.edges;
  const context = { routing: known.routing, parse: plane.parseUrl, listed, hottest: hot.keys };
  const acceptance = acceptWarmup(body, context);
  if (acceptance.kind === "refused") throw invalidBody(acceptance.faults);
  return acceptance.order;
}

async function awaitEnd(plane: ControlPlane, id: string, patience: Millis): Promise<ShownWarmup> {
  const begun = plane.clock.now();
  for (;;) {
    const shown = shownOf(await plane.warmups.read(id));
    if (shown.state !== "running" || elapsed(begun, plane.clock.now()) >= patience) return shown;
    await plane.timers.sleep(LIMITS.warmupPoll);
  }
}

function shownOf(outcome: WarmupOutcome): ShownWarmup {
  if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  if (outcome.kind === "absent")
    throw new Refusal("not-found", "There is no such warm-up; they are kept for a day.");
  return showWarmup(outcome.warmup);
}

function oneWarmup(api: Api, { plane }: ApiPorts): void {
  const middleware = requireToken(plane);
  const path = "/warmups/{id}" as const;
  const responses = { 200: json("The warm-up", jobSchema), default: problemAnswer } as const;
  const get = createRoute({
    method: "get",
    path,
    summary: "Its progress",
    middleware,
    request: { params, query: noQuery },
    responses,
  });
  const cancel = createRoute({
    method: "delete",
    path,
    summary: "End it",
    middleware,
    request: { params, query: noQuery },
    responses,
  });
  const events = createRoute({
    method: "get",
    path: "/warmups/{id}/events",
    summary: "Its progress as server-sent events: `progress` until `done`",
    middleware,
    request: { params, query: noQuery },
    responses: {
      200: { description: "Events", content: { "text/event-stream": { schema: z.string() } } },
      default: problemAnswer,
    },
  });
  api.openapi(get, async (context) =>
    context.json(shownOf(await plane.warmups.read(context.req.valid("param").id)), 200),
  );
  api.openapi(cancel, async (context) => {
    const { id } = context.req.valid("param");
    const ended = await plane.warmups.cancel(id);
    if (ended.kind === "unavailable") throw unavailable(ended.reason);
    return context.json(shownOf(await plane.warmups.read(id)), 200);
  });
  api.openapi(events, async (context) => {
    const { id } = context.req.valid("param");
    return warmupEvents(plane, shownOf(await plane.warmups.read(id)));
  });
}
