// Looks at everything that only the control plane can see, and says what is not as it should be.

import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { readTable } from "../policies/table.ts";
import { alertChecks } from "./alert-checks.ts";
import { areaOf, type Check } from "./check.ts";
import { edgeChecks } from "./edge-checks.ts";
import { policyChecks } from "./policy-checks.ts";
import { redisChecks } from "./redis-checks.ts";
import {
  environmentChecks,
  journalChecks,
  journalLossChecks,
  logChecks,
  purgeChecks,
  shardChecks,
  tokenChecks,
} from "./state-checks.ts";

export async function examine(plane: ControlPlane): Promise<Check[]> {
  const [redis, log, edges, ...state] = await Promise.all([
    redisChecks(plane),
    examineLog(plane),
    examineEdges(plane),
    purgeChecks(plane),
    journalChecks(plane),
    tokenChecks(plane),
    alertChecks(plane),
  ]);
  const all = [...environmentChecks(plane), ...redis, ...log, ...edges, ...state.flat()];
  // Clocks are told of together, whoever found them.
  return [...all.filter(({ area }) => area !== "clocks"), ...all.filter(({ area }) => area === "clocks")];
}

async function examineLog(plane: ControlPlane): Promise<Check[]> {
  const table = await readTable(plane);
  return table.kind === "unavailable"
    ? [
        areaOf("log").fail(
          "log",
          `the log does not answer (${table.reason})`,
          "See that the database `control` runs.",
        ),
      ]
    : [
        ...logChecks(table),
        ...journalLossChecks(table, { wall: plane.clock.wall() }),
        ...shardChecks(table),
        ...policyChecks(table),
      ];
}

/** As they are now: what the last beat heard of them may be from before a purge that they have applied since. */
async function examineEdges(plane: ControlPlane): Promise<Check[]> {
  // That it can't be written down is found by what follows.
  await collectStatus(plane);
  const [known, room] = await Promise.all([plane.edges.read(), plane.log.takesWrites()]);
  return known.kind === "unavailable"
    ? [areaOf("edges").unknown("edges", `nobody knows which edges there are (${known.reason})`)]
    : edgeChecks(plane, known.directory, room.kind === "unavailable" ? room.reason : null);
}
