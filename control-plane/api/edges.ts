// `GET /edges`, and the signed route by which whoever runs the edges replaces their list.

import { createRoute, z } from "@hono/zod-openapi";
import type { Asked } from "../../shared/ports/asked.ts";
import { EDGES_PATH, type ListedEdge, readEdgeList } from "../../shared/wire/edge-list.ts";
import { record } from "../audit-log/record.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";
import { addressOf } from "./address.ts";
import { requireScope } from "./auth.ts";
import { limitBody } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { namedPageQuery, pageOf } from "./paging.ts";
import { invalidBody, problemAnswer, unavailable } from "./problem.ts";
import { signedBody } from "./signed.ts";

const edgeSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    region: z.string().nullable(),
    version: z.string().nullable().openapi({ description: "Which build it runs, where it says so." }),
    pid: z.int().optional().openapi({ description: "The leader of its process group, on this machine." }),
    position: z.string().nullable(),
    knownAgeMs: z.number().nullable().openapi({ description: "Age of what it knows of the log's head." }),
    memoryBytes: z.number().nullable(),
    boot: z.string().nullable().openapi({ description: "Tells one life of it from the next." }),
    state: z.enum(["live", "silent", "cold"]),
    lastSeenMs: z.number().nullable().openapi({ description: "How long ago it was seen." }),
  })
  .openapi("Edge");

const edgesSchema = z
  .object({ items: z.array(edgeSchema), nextCursor: z.string().nullable() })
  .openapi("Edges");

export function edgeRoutes(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/edges",
    summary: "The addressable edges",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: namedPageQuery },
    responses: {
      200: { description: "In order of their ids", content: { "application/json": { schema: edgesSchema } } },
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const outcome = await plane.edges.read();
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    return context.json(pageOf(showEdges(outcome.directory), context.req.valid("query")), 200);
  });
  api.all(EDGES_PATH, limitBody(plane), async (context) => {
    const body = await signedBody(context, plane);
    const list = readEdgeList(body);
    if (list.kind === "invalid") throw invalidBody(list.faults);
    await recordList(plane, list.edges, {
      from: addressOf(context, plane),
      requestId: context.get("requestId"),
    });
    const outcome = await plane.edges.replace(list.edges);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    return context.body(null, 204);
  });
}

/** Whoever has the cluster's key has no name. */
async function recordList(
  plane: ControlPlane,
  edges: readonly ListedEdge[],
  asked: Omit<Asked, "token">,
): Promise<void> {
  const detail = { count: edges.length, edges: edges.map(({ id }) => id) };
  const by = { actor: "cluster", asked: { ...asked, token: null } };
  const outcome = await record(plane, { action: "edges.put", detail }, by);
  if (outcome.kind !== "appended") throw unavailable(`it was not recorded: ${outcome.kind}`);
}
