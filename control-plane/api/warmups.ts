// `POST /warmup`: begins a warm-up, or says what it would do.

import { createRoute, type z } from "@hono/zod-openapi";
import { elapsed, type Millis, millis } from "../../shared/core/units.ts";
import { decodeOrigin, originField } from "../../shared/wire/origin-limits.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { siteNamed } from "../invalidate/accept.ts";
import { acceptWarmup, referenceTo, type WarmupOrder } from "../warmup/accept.ts";
import { namedDocument } from "../warmup/document.ts";
import { type Rehearsal, rehearse } from "../warmup/rehearse.ts";
import { type WarmupBody, warmupSchema } from "../warmup/request.ts";
import { isOpen, type ShownWarmup } from "../warmup/show-warmup.ts";
import { audited } from "./audited.ts";
import { requireScope } from "./auth.ts";
import { requirePatternless, requireSite } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { idempotencyConflict, keyHeader, type NamedOperation, operationOf } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { noQuery } from "./paging.ts";
import { invalidBody, problemAnswer, unavailable } from "./problem.ts";
import { shownOf } from "./warmups-progress.ts";
import { acceptedJobSchema, jobSchema, rehearsalSchema } from "./warmups-schema.ts";

export function warmupRoute(api: Api, { plane, wake }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/warmup",
    summary: "Fetch what is named into every edge before it is asked for",
    middleware: [requireScope(plane, "warm"), requirePatternless, limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(warmupSchema),
      headers: keyHeader,
    },
    responses: {
      200: json("With `wait`: it has ended; or a dry run", jobSchema.or(rehearsalSchema)),
      202: json("It goes on", acceptedJobSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const body = context.req.valid("json");
    requireSite(context, body.site ?? "default");
    const accepted = await accept(plane, body);
    if (body.dryRun === true) return context.json(await triedDry(plane, accepted), 200);
    const operation = await operationOf(context, "warmups", plane);
    const { order } = accepted;
    await audited(context, plane, {
      ...{ action: "warmup.start", result: "accepted", site: order.site, operation },
      detail: {
        ...{ id: operation.id, urls: order.urls.length, variants: order.variants.length },
        ...{ documents: order.documents.length, ratePerSecond: order.ratePerSecond },
      },
    });
    const created = await create(plane, order, { ...operation, actor: context.get("actor") });
    const job = `/warmups/${operation.id}`;
    context.header("location", job);
    if (created === "created") await wake("now");
    if (body.wait === true) {
      const ended = await awaitEnd(plane, operation.id, LIMITS.waitMost);
      if (!isOpen(ended)) return context.json(ended, 200);
    }
    const total = order.urls.length * Math.max(1, order.variants.length);
    return context.json({ id: operation.id, total, job }, 202);
  });
}

interface Accepted {
  readonly order: WarmupOrder;
  readonly given: Parameters<typeof rehearse>[2];
}

async function accept(plane: ControlPlane, body: WarmupBody): Promise<Accepted> {
  const [known, edges, hot] = await Promise.all([
    readRouting(plane),
    plane.edges.read(),
    // Of one class of one site there are fewer than of all.
    body.hot === undefined ? { kind: "ranking" as const, keys: [] } : plane.hotKeys.read(LIMITS.hotLedger),
  ]);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  if (edges.kind === "unavailable") throw unavailable(edges.reason);
  if (hot.kind === "unavailable") throw unavailable(hot.reason);
  const { routing, fields } = known;
  const { directory } = edges;
  const context = { routing, parse: plane.parseUrl, listed: directory.edges, hottest: hot.keys };
  const budgetOf = (site: string): number | null => {
    const field = originField(site);
    // The environment's own sites count before the log has taken them.
    const text = fields.get(field) ?? plane.settings.fields.get(field) ?? "";
    return decodeOrigin(text)?.budget?.rate ?? null;
  };
  const acceptance = acceptWarmup(body, { ...context, budgetOf });
  if (acceptance.kind === "refused") throw invalidBody(acceptance.faults);
  const { order } = acceptance;
  const site = siteNamed(routing, order.site);
  if (site === null) throw new Error("a site that was there a moment ago");
  return { order, given: { directory, reference: referenceTo(site, context) } };
}

async function create(
  plane: ControlPlane,
  order: WarmupOrder,
  by: NamedOperation & { readonly actor: string },
): Promise<"created" | "exists"> {
  const documents = order.documents.map(namedDocument);
  const created = await plane.warmups.create({
    ...by,
    ...order,
    documents,
    into: "edges",
    behind: millis(0),
  });
  if (created.kind === "unavailable")
    throw unavailable(created.reason, "Send it again with the same Idempotency-Key.");
  if (created.kind === "conflict") throw idempotencyConflict();
  return created.kind;
}

async function awaitEnd(plane: ControlPlane, id: string, patience: Millis): Promise<ShownWarmup> {
  const begun = plane.clock.now();
  for (;;) {
    const shown = shownOf(await plane.warmups.read(id));
    if (!isOpen(shown) || elapsed(begun, plane.clock.now()) >= patience) return shown;
    await plane.timers.sleep(LIMITS.warmupPoll);
  }
}

async function triedDry(
  plane: ControlPlane,
  { order, given }: Accepted,
): Promise<z.infer<typeof rehearsalSchema>> {
  const rehearsal = await rehearse(plane, order, given);
  const { total, complete, refused, errors, edges, targets } = rehearsal;
  const { site, ratePerSecond, concurrency } = order;
  return {
    ...{ dryRun: true, site, total, complete, failed: refused, ratePerSecond, concurrency },
    errors: errors.map((error) => ({ ...error, variant: null })),
    takesSeconds: Math.ceil(total / ratePerSecond),
    edges: edges.map((edge) => ({ edge, held: heldAt(edge, targets) })),
    targets: targets.map(({ held, ...target }) => ({ ...target, held: [...held] })),
  };
}

function heldAt(edge: string, targets: Rehearsal["targets"]): number | null {
  const tiers = targets.flatMap(({ held }) => held.filter((by) => by.edge === edge)).map(({ tier }) => tier);
  return tiers.includes("unknown") ? null : tiers.filter((tier) => tier !== null).length;
}
