// The ways to databases and edges with a span for each call: which it was, and how it went; nothing of what it said.

import type { Redis } from "../../shared/ports/redis.ts";
import type { CallEdge } from "../../shared/wire/call-edge.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Spans } from "./spans.ts";

/** `id` as the shard map names the database. */
export const tracedRedis = (spans: Spans, id: string, redis: Redis): Redis => ({
  run: (commands, deadline) =>
    spans.call(
      {
        name: `redis ${id}`,
        attributes: {
          ...{ "db.system.name": "redis", "tidegate.database": id },
          "db.operation.batch.size": commands.length,
        },
        failure: (outcome) => (outcome.kind === "unavailable" ? outcome.reason : null),
      },
      () => redis.run(commands, deadline),
    ),
});

export const tracedDatabases = (
  spans: Spans,
  databases: ControlPlane["databases"],
): ControlPlane["databases"] =>
  new Map(
    [...databases].map(([id, database]) => [
      id,
      { ...database, redis: tracedRedis(spans, id, database.redis) },
    ]),
  );

/** The paths of messages are our own, and hold nothing of anybody's. */
export const tracedCallEdge =
  (spans: Spans, callEdge: CallEdge): CallEdge =>
  (edge, message, deadline) =>
    spans.call(
      {
        name: `edge ${message.path}`,
        attributes: { "tidegate.edge": edge.id, "url.path": message.path },
        failure: (answer) => (answer.kind === "unreachable" ? answer.reason : null),
      },
      () => callEdge(edge, message, deadline),
    );
