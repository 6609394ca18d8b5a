// Experiments that there are and that there were: all of them, one's report, and its end before its time.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { KeptExperiment } from "../../shared/mid-tier/experiments.ts";
import { EXPERIMENTS } from "../../shared/wire/chaos.ts";
import { stopExperiment } from "../chaos/abort.ts";
import { CATALOGUE, targetsOf } from "../chaos/catalogue.ts";
import { type Followed, type FollowOutcome, followExperiment } from "../chaos/follow.ts";
import { readHead } from "../chaos/report.ts";
import { showHead, showReport } from "../chaos/show-report.ts";
import { readTargets } from "../chaos/targets.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound } from "./binding.ts";
import { catalogueSchema, experimentSchema, experimentsSchema } from "./chaos-schema.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { json } from "./json.ts";
import { askedBy } from "./orders.ts";
import { noQuery, pageQuery, wrongCursor } from "./paging.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const params = z.object({ id: z.string().regex(/^[\w-]{1,100}$/, "is not an experiment's id") });

export function chaosProgressRoutes(api: Api, ports: ApiPorts): void {
  listExperiments(api, ports);
  // Before the reports: its path looks like one.
  showCatalogue(api, ports);
  oneExperiment(api, ports);
}

/** Throws where there is none, or nobody can tell. */
export function followedOr(outcome: FollowOutcome): Followed {
  if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  if (outcome.kind === "absent")
    throw new Refusal("not-found", "There is no such experiment; reports are kept for 30 days.");
  return outcome;
}

function listExperiments(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/chaos",
    summary: "Experiments, newest first, without their course",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: pageQuery },
    responses: { 200: json("A page of experiments", experimentsSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { limit = LIMITS.page, cursor } = context.req.valid("query");
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw wrongCursor();
    const page = await plane.experiments.list(cursor === undefined ? null : Number(cursor), limit);
    if (page.kind === "unavailable") throw unavailable(page.reason);
    const shown = await Promise.all(page.experiments.map((experiment) => listed(plane, experiment)));
    const items = shown.filter((item) => item !== null);
    const nextCursor = page.next === null ? null : String(page.next);
    return context.json({ enabled: plane.settings.chaosAgent !== null, items, nextCursor }, 200);
  });
}

/** One that runs is as its agent tells it. Null where it can't be told: another release wrote it. */
async function listed(
  plane: ControlPlane,
  { id, head, isOver: ended, actor, reason }: Omit<KeptExperiment, "course">,
): Promise<ReturnType<typeof showHead> | null> {
  if (!ended) {
    const followed = await followExperiment(plane, id);
    if (followed.kind === "followed") {
      const { timeline: _timeline, events: _events, ...shown } = showReport(followed);
      return shown;
    }
  }
  const read = readHead(head);
  return read === null ? null : showHead(read, { actor: actor || null, reason });
}

function showCatalogue(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/chaos/experiments",
    summary: "What can be broken, and whether it may be",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: noQuery },
    responses: { 200: json("All kinds of experiments", catalogueSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const known = await readTargets(plane);
    if (known.kind === "unavailable") throw unavailable(known.reason);
    const items = EXPERIMENTS.map((experiment) => ({
      ...{ experiment, does: CATALOGUE[experiment].does, target: CATALOGUE[experiment].target },
      targets: [...targetsOf(experiment, known.targets)],
    }));
    return context.json({ enabled: plane.settings.chaosAgent !== null, items, nextCursor: null }, 200);
  });
}

function oneExperiment(api: Api, { plane }: ApiPorts): void {
  const path = "/chaos/{id}" as const;
  const request = { params, query: noQuery };
  const responses = { 200: json("The report as far as it is", experimentSchema), default: problemAnswer };
  const get = createRoute({
    ...{ method: "get", path, summary: "Its report", request, responses },
    middleware: [requireScope(plane, "read")] as const,
  });
  const abort = createRoute({
    ...{ method: "delete", path, summary: "Heal at once, and end it", request, responses },
    middleware: [requireScope(plane, "chaos", LIMITS.chaosRunsAtMost), requireUnbound] as const,
  });
  api.openapi(get, async (context) => {
    const { id } = context.req.valid("param");
    return context.json(showReport(followedOr(await followExperiment(plane, id))), 200);
  });
  api.openapi(abort, async (context) =>
    context.json(showReport(await ended(context, plane, context.req.valid("param").id)), 200),
  );
}

async function ended(context: Context<ApiEnvironment>, plane: ControlPlane, id: string): Promise<Followed> {
  const by = { actor: context.get("actor"), ...askedBy(context) };
  const stopped = await stopExperiment(plane, id, by);
  if (stopped.kind === "stopped") return stopped;
  if (stopped.kind === "distrusted")
    throw distrusted(stopped.why, "What is broken is healed within six minutes, or with the agent's end.");
  if (stopped.kind !== "agent-away") return followedOr(stopped);
  throw new Refusal(
    "chaos-agent-away",
    `The agent that runs it does not answer (${stopped.reason}). Where it is gone, what it broke was healed.`,
  );
}

/** Neither who asks nor what was asked for is wrong: the cluster's processes don't know one another. */
export const distrusted = (why: string, what: string): Refusal =>
  new Refusal(
    "chaos-agent-refuses",
    `The agent that runs experiments takes nothing from this control plane: ${why}. Both need the same CLUSTER_KEY, and ` +
      `clocks that agree. ${what}`,
  );
