// `/journal`: writes that the origin does not have yet, and what somebody decides of those that it will not take.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type {
  JournalCursor,
  JournalFigures,
  JournalOperation,
} from "../../shared/mid-tier/journal-ledger.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { invalidate } from "../invalidate/invalidate.ts";
import { readJournalLosses } from "../journal/losses.ts";
import type { Journalled } from "../journal/stranded.ts";
import { audited, auditedFailure } from "./audited.ts";
import { requireScope } from "./auth.ts";
import { requirePatternless, sees } from "./binding.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { lossesSchema } from "./journal-state.ts";
import { json } from "./json.ts";
import { orderOf, pushingOf } from "./orders.ts";
import { noQuery, pageQuery } from "./paging.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const count = z.int().min(0);

const operationSchema = z
  .object({
    id: z.string().openapi({ description: "As `Tidegate-Journal` said." }),
    shard: z.string(),
    site: z.string(),
    method: z.string(),
    url: z.string(),
    acceptedAt: z.iso.datetime(),
    writes: count.openapi({ description: "That it stands for: more than one where writes were merged." }),
    tries: count,
    state: z.enum(["pending", "sending", "delivered", "dead-lettered", "behind"]).openapi({
      description:
        "`sending`: in some edge's hands. `delivered`: the origin has it, the log is still to be told. `behind`: an older one of its key comes first.",
    }),
    why: z.string().nullable().openapi({ description: "What came of the last try." }),
  })
  .openapi("JournalOperation");

const figuresSchema = z
  .object({
    accepted: count,
    delivered: count,
    pending: count,
    deadLettered: count,
    dropped: count,
    merged: count,
    ended: count.openapi({
      description: "Values that nobody used for as long as they are kept: sessions that ended.",
    }),
    evicted: count.openapi({ description: "Values that gave way to others, the origin having them." }),
    values: count,
    octets: count,
    operations: count,
    oldestSeconds: z.number(),
  })
  .openapi("JournalFigures", {
    description: "Writes: accepted = delivered + pending + deadLettered + dropped.",
  });

const listSchema = z
  .object({
    items: z.array(operationSchema),
    nextCursor: z.string().nullable(),
    silent: z.array(z.string()).openapi({ description: "Databases that did not answer." }),
    shards: z.record(z.string(), figuresSchema),
    losses: lossesSchema.nullable().openapi({
      description:
        "Databases that came back without acknowledged writes, oldest first. Null where the log, which knows, does not answer, and for tokens bound to sites.",
    }),
  })
  .openapi("Journal");

const listQuery = pageQuery.extend({ state: z.enum(["all", "dead-lettered"]).optional() });
const params = z.object({ id: z.string().regex(/^[A-Za-z0-9]{1,64}$/, "is not an operation's id") });

export function journalRoutes(api: Api, ports: ApiPorts): void {
  listJournal(api, ports);
  oneOperation(api, ports);
  decide(api, ports);
}

function listJournal(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/journal",
    summary: "What is acknowledged, and the origin does not have yet, oldest first",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: listQuery },
    responses: { 200: json("By database and time", listSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { limit = LIMITS.page, cursor, state = "all" } = context.req.valid("query");
    const [page, figures, log] = await Promise.all([
      plane.journal.list({ only: state, after: readCursor(cursor), most: limit }),
      plane.journal.figures(),
      plane.log.snapshot(0),
    ]);
    if (page.kind === "unavailable") throw unavailable(page.reason);
    const losses = log.kind === "unavailable" ? null : readJournalLosses(log.configuration);
    // A page that is full before its turn has not asked a database that is missing from the totals.
    const silent = new Set(page.silent);
    for (const [id, read] of figures) if ("kind" in read) silent.add(id);
    return context.json(
      {
        items: page.operations.filter(({ site }) => sees(context, site)).map(showOperation),
        nextCursor: page.next === null ? null : formatCursor(page.next),
        silent: [...silent].sort(),
        // They are counted over all sites.
        shards: Object.fromEntries(
          (sees(context, null) ? [...figures] : []).flatMap(([id, read]) =>
            "kind" in read ? [] : [[id, showFigures(read)]],
          ),
        ),
        losses: sees(context, null) ? losses : null,
      },
      200,
    );
  });
}

const formatCursor = ({ shard, score, id }: JournalCursor): string => `${shard}/${score}/${id}`;

/** Of a change that would leave acknowledged writes behind. */
export const writesWait = ({ url }: Journalled): Refusal =>
  url === null
    ? new Refusal(
        "unavailable",
        "Whether writes wait in the journal by what this changes can't be told: a database of it is silent, or too many wait (GET /journal). Try again.",
        { headers: { "retry-after": String(LIMITS.retryAfter) } },
      )
    : new Refusal(
        "in-use",
        `Writes wait in the journal that others would overtake then, one of ${url} among them: let them be delivered, or drop them (GET /journal).`,
      );

function readCursor(text: string | undefined): JournalCursor | null {
  if (text === undefined) return null;
  const match = /^([A-Za-z0-9._-]{1,32})\/(\d{1,16})\/([A-Za-z0-9]{1,64})$/.exec(text);
  if (match === null)
    throw new Refusal("invalid-query", "cursor is not one that a page ended with", {
      faults: [{ pointer: "/cursor", message: "is not one that a page ended with" }],
    });
  const [, shard = "", score, id = ""] = match;
  return { shard, score: Number(score), id };
}

const showOperation = ({ acceptedAt, ...operation }: JournalOperation) => ({
  ...operation,
  acceptedAt: new Date(acceptedAt).toISOString(),
});

const showFigures = ({ oldest, ...figures }: JournalFigures) => ({
  ...figures,
  oldestSeconds: oldest / 1000,
});

function oneOperation(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/journal/{id}",
    summary: "One operation; 404 once the origin has it",
    middleware: [requireScope(plane, "read")] as const,
    request: { params, query: noQuery },
    responses: { 200: json("The operation", operationSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) =>
    context.json(showOperation(await found(context, plane, context.req.valid("param").id)), 200),
  );
}

async function found(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  id: string,
): Promise<JournalOperation> {
  const outcome = await plane.journal.find(id);
  if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  if (outcome.kind === "absent" || !sees(context, outcome.operation.site))
    throw new Refusal("not-found", "There is no such operation: the origin has it, or it never was.");
  return outcome.operation;
}

function decide(api: Api, { plane }: ApiPorts): void {
  const retry = createRoute({
    method: "post",
    path: "/journal/{id}/retry",
    summary: "Try a dead-lettered operation again: at once, or when what is before it of its key is gone",
    middleware: [requireScope(plane, "purge"), requirePatternless] as const,
    request: { params, query: noQuery },
    responses: { 202: json("It waits for its turn", operationSchema), default: problemAnswer },
  });
  const drop = createRoute({
    method: "delete",
    path: "/journal/{id}",
    summary:
      "Give an operation up: it is not sent any more, and what was written before it counts again, unless the origin refused that or may have had it",
    middleware: [requireScope(plane, "admin")] as const,
    request: { params, query: noQuery },
    responses: { 204: { description: "It is gone" }, default: problemAnswer },
  });
  api.openapi(retry, async (context) => {
    const { id } = context.req.valid("param");
    const { operation, isReplicated } = await changed(context, plane, { id, to: "retry" });
    if (!isReplicated) throw unreplicated();
    return context.json(showOperation(operation), 202);
  });
  api.openapi(drop, async (context) => {
    const { id } = context.req.valid("param");
    const { operation, isReplicated } = await changed(context, plane, { id, to: "drop" });
    const { site, url } = operation;
    // The origin may have taken it and not said so: what was fetched before is nobody's answer.
    const token = plane.random.token();
    const purged = await invalidate(plane, {
      body: { site, urls: [url], reason: `journal ${id} dropped` },
      operation: {
        ...orderOf(context, { id: token, requestDigest: token }),
        reason: `journal ${id} dropped`,
      },
      pushing: pushingOf(context),
    });
    if (purged.kind === "unavailable") throw unavailable(purged.reason, "It is dropped; purge its URL.");
    if (!isReplicated) throw unreplicated();
    return context.body(null, 204);
  });
}

const unreplicated = (): Refusal =>
  new Refusal(
    "unavailable",
    "It is done, but too few replicas have it yet: a failover may undo it. Asking again is safe; where it is gone by then, look for it again after a failover.",
    { headers: { "retry-after": String(LIMITS.retryAfter) } },
  );

/** As it is from then on. Told to the audit log first: what somebody gave up must not be gone without a trace. */
async function changed(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  { id, to }: { readonly id: string; readonly to: "retry" | "drop" },
): Promise<{ readonly operation: JournalOperation; readonly isReplicated: boolean }> {
  const operation = await found(context, plane, id);
  if (to === "drop" && operation.state === "delivered")
    throw new Refusal("conflict", "The origin has it: only the log is still to be told.");
  const { site, shard, method, url } = operation;
  const act = { action: `journal.${to}`, site, detail: { id, shard, method, url } } as const;
  await audited(context, plane, { ...act, result: "accepted" });
  const outcome = await plane.journal.change(operation, to);
  if (outcome.kind === "absent" || outcome.kind === "busy") await auditedFailure(context, plane, act);
  switch (outcome.kind) {
    case "unavailable":
      throw unavailable(outcome.reason);
    case "absent":
      throw new Refusal("not-found", "The origin has it by now.");
    case "busy":
      throw new Refusal("conflict", "It is on its way to the origin right now: ask again in half a minute.");
    case "behind":
    case "retried":
      return {
        operation: { ...operation, state: outcome.kind === "behind" ? "behind" : "pending" },
        isReplicated: true,
      };
    case "dropped":
      return { operation, isReplicated: true };
    case "unreplicated":
      return { operation, isReplicated: false };
  }
}
