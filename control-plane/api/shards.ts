// `GET /shards`: the map of the mid-tier's databases. `PUT /shards/{id}`: a shard's weight, and whether it takes part.

import { createRoute, z } from "@hono/zod-openapi";
import type { MappedShard, ShardMap } from "../../shared/core/shard-map.ts";
import { MAX_WEIGHT } from "../../shared/wire/shard-map.ts";
import { changeShard } from "../shards/change.ts";
import { readShardMap } from "../shards/map.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json, jsonBody } from "./json.ts";
import { askedBy } from "./orders.ts";
import { noQuery } from "./paging.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const shardSchema = z
  .object({
    id: z.string(),
    weight: z.number().openapi({ description: "Its share of the keys, relative to the others'." }),
    state: z.enum(["serving", "warming", "down", "out"]).openapi({
      description: "`warming`: written, not read. `down`: does not answer. `out`: taken out by an operator.",
    }),
    life: z.int().openapi({ description: "The version of the map with which its present life began." }),
  })
  .openapi("Shard");

const shardsSchema = z
  .object({
    version: z.int().openapi({ description: "0 where there is no map yet." }),
    items: z.array(shardSchema),
    nextCursor: z.null(),
  })
  .openapi("Shards");

const changeSchema = z
  .strictObject({
    weight: z.number().positive().max(MAX_WEIGHT).optional(),
    out: z
      .boolean()
      .optional()
      .openapi({ description: "Whether it is left out: its keys move to the others." }),
  })
  .refine(({ weight, out }) => weight !== undefined || out !== undefined, "must change something");

export function shardRoutes(api: Api, ports: ApiPorts): void {
  getShards(api, ports);
  putShard(api, ports);
}

function getShards(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/shards",
    summary: "The shard map in force",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: noQuery },
    responses: {
      200: json("All shards", shardsSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const known = await readShardMap(plane.log);
    if (known.kind === "unavailable") throw unavailable(known.reason);
    return context.json(shown(known.map), 200);
  });
}

function putShard(api: Api, { plane, wake }: ApiPorts): void {
  const route = createRoute({
    method: "put",
    path: "/shards/{id}",
    summary: "Give a shard another weight, take it out, or bring it back",
    middleware: [requireScope(plane, "policy"), requireUnbound, limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      params: z.object({ id: z.string() }),
      body: jsonBody(changeSchema),
    },
    responses: {
      200: json("The map as it is now", shardsSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const change = context.req.valid("json");
    const outcome = await changeShard(plane, id, {
      change,
      actor: context.get("actor"),
      asked: askedBy(context),
    });
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    if (outcome.kind === "absent") throw new Refusal("not-found", "There is no such shard.");
    await wake("now");
    return context.json(shown(outcome.map), 200);
  });
}

const shown = (map: ShardMap | null) => ({
  version: map?.version ?? 0,
  items: (map?.shards ?? []).map(({ id, weight, state, life }: MappedShard) => ({ id, weight, state, life })),
  nextCursor: null,
});
