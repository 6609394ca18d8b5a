// `POST /invalidate`, and the receipts it leaves.

import { createRoute, z } from "@hono/zod-openapi";
import { millis } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import { awaitReceipt, type ReceiptRead, readReceipt, readReceipts } from "../invalidate/await.ts";
import { type DryRun, type InvalidateOutcome, invalidate } from "../invalidate/invalidate.ts";
import type { Receipt } from "../invalidate/receipt.ts";
import { invalidateSchema } from "../invalidate/request.ts";
import { sparedBy } from "../invalidate/spared.ts";
import { requireScope } from "./auth.ts";
import { requireSite, sees } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import { type Api, type ApiPorts, backgroundOf } from "./environment.ts";
import { idempotencyConflict, keyHeader, operationOf } from "./idempotency.ts";
import { acceptedSchema, dryRunSchema, receiptSchema } from "./invalidations-schema.ts";
import { json, jsonBody } from "./json.ts";
import { authorOf } from "./orders.ts";
import { noQuery, pageQuery, readCursor } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";

const pageSchema = z
  .object({ items: z.array(receiptSchema), nextCursor: z.string().nullable() })
  .openapi("Receipts");

export function invalidationRoutes(api: Api, ports: ApiPorts): void {
  postInvalidate(api, ports);
  getInvalidations(api, ports);
}

function postInvalidate(api: Api, { plane, wake }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/invalidate",
    summary: "Invalidate what selectors name",
    middleware: [requireScope(plane, "purge"), limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(invalidateSchema),
      headers: keyHeader,
    },
    responses: {
      200: json(
        "With `wait`: every edge has applied it or is fenced; or a dry run",
        receiptSchema.or(dryRunSchema),
      ),
      202: json("The log has it; with `wait`: not every edge has it yet", acceptedSchema.or(receiptSchema)),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const body = context.req.valid("json");
    requireSite(context, body.site ?? "default");
    const operation = {
      ...(await operationOf(context, "log", plane)),
      ...authorOf(context),
      reason: body.reason ?? null,
      within: context.get("principal").patterns,
    };
    const since = plane.clock.now();
    const timeout = millis(body.timeoutMs ?? LIMITS.waitDefault);
    const grace = body.wait === true ? millis(Math.min(timeout, LIMITS.pushGrace)) : LIMITS.pushGrace;
    const pushing = { grace, background: backgroundOf(context) };
    const outcome = await invalidate(plane, { body, operation, pushing });
    if (outcome.kind === "dry-run") return context.json(showDryRun(outcome), 200);
    if (outcome.kind !== "accepted") throw refusalOf(outcome);
    // Whom the push did not reach, the beat looks after: at once.
    if (!outcome.reached) context.executionCtx.waitUntil(wake("now"));
    const receipt = `/invalidations/${outcome.id}`;
    context.header("location", receipt);
    if (body.wait === true) {
      const read = await awaitReceipt(plane, outcome.id, { since, timeout, spared: sparedBy(plane) });
      // One that so many have come after is kept no more: the purge holds all the same.
      if (read.kind !== "absent") {
        const waited = receiptOf(read);
        return waited.state === "converged" ? context.json(waited, 200) : context.json(waited, 202);
      }
    }
    const { id, position, counts, warnings } = outcome;
    return context.json({ id, position, accepted: counts, warnings: [...warnings], receipt }, 202);
  });
}

const showDryRun = ({
  counts,
  warnings,
  selectors,
  edges,
  estimate,
}: DryRun): z.infer<typeof dryRunSchema> => ({
  dryRun: true,
  accepted: counts,
  warnings: [...warnings],
  selectors: [...selectors],
  edges: [...edges],
  estimate: { ...estimate, memory: [...estimate.memory], l2: [...estimate.l2] },
});

function refusalOf(outcome: Exclude<InvalidateOutcome, { kind: "accepted" | "dry-run" }>): Refusal {
  switch (outcome.kind) {
    case "refused":
      return invalidBody(outcome.faults);
    case "forbidden":
      return new Refusal("forbidden", "What it names does not lie within the token's patterns.", {
        faults: outcome.faults,
      });
    case "conflict":
      return idempotencyConflict();
    case "too-many-repeats":
      return new Refusal(
        "too-many-repeats",
        `The log has the invalidation, but ${LIMITS.repeatsScheduled} repeats are waiting already.`,
        { headers: { "retry-after": "60" } },
      );
    case "unavailable":
      // Whether the append happened is unknown: with the same key a second attempt can't append twice.
      return unavailable(outcome.reason, "Send it again with the same Idempotency-Key.");
  }
}

function receiptOf(read: ReceiptRead, isSeen: (site: string | null) => boolean = () => true): Receipt {
  if (read.kind === "unavailable") throw unavailable(read.reason);
  if (read.kind === "absent" || !isSeen(read.receipt.site))
    throw new Refusal(
      "not-found",
      "There is no such receipt; the newest 10 000 are kept, for a day at most.",
    );
  return read.receipt;
}

function getInvalidations(api: Api, { plane }: ApiPorts): void {
  const middleware = requireScope(plane, "read");
  const one = createRoute({
    method: "get",
    path: "/invalidations/{id}",
    summary: "One invalidation's receipt",
    middleware,
    request: { params: z.object({ id: z.string() }), query: noQuery },
    responses: { 200: json("The receipt", receiptSchema), default: problemAnswer },
  });
  const many = createRoute({
    method: "get",
    path: "/invalidations",
    summary: "Receipts, newest first; a page may hold fewer where a token is bound to sites",
    middleware,
    request: { query: pageQuery },
    responses: { 200: json("A page of receipts", pageSchema), default: problemAnswer },
  });
  api.openapi(one, async (context) => {
    const read = await readReceipt(plane, context.req.valid("param").id, sparedBy(plane));
    return context.json(
      receiptOf(read, (site) => sees(context, site)),
      200,
    );
  });
  api.openapi(many, async (context) => {
    const { limit, cursor } = context.req.valid("query");
    const from = readCursor(cursor);
    const page = await plane.receipts.list(
      from === null ? null : { at: from[0], skip: from[1] },
      limit ?? LIMITS.page,
    );
    if (page.kind === "unavailable") throw unavailable(page.reason);
    const read = await readReceipts(plane, page.ids, {
      mostSelectors: LIMITS.selectorsListed,
      spared: sparedBy(plane),
    });
    if (read.kind === "unavailable") throw unavailable(read.reason);
    const nextCursor = page.next === null ? null : `${page.next.at}-${page.next.skip}`;
    const items = read.receipts.filter(({ site }) => sees(context, site));
    return context.json({ items, nextCursor }, 200);
  });
}
