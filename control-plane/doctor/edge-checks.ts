// Whether every edge answers, knows the log, and agrees on the time.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import { CLOCK_PATH, decodeClockReply } from "../../shared/wire/clock.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isBehind } from "../edges/attention.ts";
import { type ShownEdge, showEdges } from "../edges/show-edges.ts";
import { areaOf, type Check, clockCheck } from "./check.ts";

const { ok, warn, fail, unknown } = areaOf("edges");

type Ports = Pick<ControlPlane, "callEdge" | "clock">;

/** `unwritten`: why nothing can be written down of edges, where that is so. */
export async function edgeChecks(
  plane: Ports,
  directory: Directory,
  unwritten: string | null,
): Promise<Check[]> {
  const shown = showEdges(directory);
  if (shown.length === 0)
    return [
      warn(
        "edges",
        "no edge can be addressed: receipts say when purges hold, not where they are",
        "Name the edges in EDGES (docs/deploy.md).",
      ),
    ];
  const clocks = await Promise.all(directory.edges.map((edge) => clockOf(plane, edge)));
  return [...shown.map((edge) => stateOf(edge, directory, unwritten)), ...clocks.flat()];
}

function stateOf(
  { id, state, lastSeenMs, url }: ShownEdge,
  directory: Directory,
  unwritten: string | null,
): Check {
  const name = `edge-${id}`;
  switch (state) {
    case "silent": {
      if (unwritten !== null)
        return unknown(
          name,
          `whether ${id} answers can't be written down: control takes no writes (${unwritten})`,
        );
      const since =
        lastSeenMs === null
          ? "has never answered"
          : `has not answered for ${Math.round(lastSeenMs / 1000)} s`;
      const advice = `See that it runs at ${url}, that the control plane reaches it there, and that both have the same CLUSTER_KEY.`;
      return fail(name, `${id} ${since}`, advice);
    }
    case "cold":
      return warn(
        name,
        `${id} knows nothing of the log: it asks the origin for everything`,
        "See that it reaches Redis.",
      );
    case "live":
      return isBehind(id, directory)
        ? warn(name, `${id} lags behind the log`, "If it stays so: see that it reaches Redis.")
        : ok(name, `${id} answers, and knows the log`);
  }
}

async function clockOf({ callEdge, clock }: Ports, edge: ListedEdge): Promise<Check[]> {
  const askedAt = clock.wall();
  const answer = await callEdge(edge, { path: CLOCK_PATH, body: "" }, LIMITS.shardDeadline);
  const tookMs = clock.wall() - askedAt;
  const told = answer.kind === "answer" ? decodeClockReply(answer.text) : null;
  // One that does not answer is told of as silent.
  if (told === null) return [];
  return [
    clockCheck(edge.id, told.wall - (askedAt + tookMs / 2), {
      uncertainMs: tookMs / 2,
      warnFrom: LIMITS.clocksApartWarn,
      failFrom: LIMITS.signatureAge,
    }),
  ];
}
