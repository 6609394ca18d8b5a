// `/chaos`: breaks something on purpose, tells how that goes, and ends it.

import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { elapsed, type Millis, millis } from "../../shared/core/units.ts";
import { acceptExperiment } from "../chaos/accept.ts";
import { type Followed, followExperiment } from "../chaos/follow.ts";
import { isOver } from "../chaos/report.ts";
import { type ChaosBody, chaosSchema } from "../chaos/request.ts";
import { showReport } from "../chaos/show-report.ts";
import { type StartOutcome, startExperiment } from "../chaos/start.ts";
import { readTargets } from "../chaos/targets.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import { chaosProgressRoutes, distrusted, followedOr } from "./chaos-progress.ts";
import { experimentSchema } from "./chaos-schema.ts";
import type { Api, ApiEnvironment, ApiPorts } from "./environment.ts";
import { idempotencyConflict, keyHeader, operationOf } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { authorOf } from "./orders.ts";
import { noQuery } from "./paging.ts";
import { invalidBody, problemAnswer, Refusal, unavailable } from "./problem.ts";

export function chaosRoutes(api: Api, ports: ApiPorts): void {
  startRoute(api, ports);
  chaosProgressRoutes(api, ports);
}

function startRoute(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/chaos",
    summary: "Break something on purpose, under load, and judge what comes of it",
    middleware: [requireScope(plane, "chaos"), requireUnbound, limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(chaosSchema),
      headers: keyHeader,
    },
    responses: {
      200: json("With `wait`: it is over", experimentSchema),
      202: json("It runs", experimentSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const body = context.req.valid("json");
    const id = await begin(context, plane, body);
    context.header("location", `/chaos/${id}`);
    const patience = body.wait === true ? (body.timeoutMs ?? LIMITS.waitMost) : 0;
    const followed = await awaitEnd(plane, id, millis(patience));
    const isAwaited = body.wait === true && isOver(followed.report);
    return context.json(showReport(followed), isAwaited ? 200 : 202);
  });
}

async function begin(
  context: Context<ApiEnvironment>,
  plane: ControlPlane,
  body: ChaosBody,
): Promise<string> {
  const known = await readTargets(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  const acceptance = acceptExperiment(body, known.targets, drawSeed(plane));
  if (acceptance.kind === "refused") throw invalidBody(acceptance.faults);
  requireEnabled(plane);
  const operation = await operationOf(context, "chaos", plane);
  const order = { id: operation.id, ...acceptance.order };
  const reason = body.reason ?? null;
  const outcome = await startExperiment(plane, { order, reason, by: { ...authorOf(context), operation } });
  if (outcome.kind !== "begun") throw refusalOf(outcome, order.id);
  return order.id;
}

const drawSeed = ({ random }: Pick<ControlPlane, "random">): number => Math.floor(random.unit() * 2 ** 32);

function requireEnabled({ settings }: ControlPlane): void {
  if (settings.chaosAgent === null)
    throw new Refusal(
      "chaos-disabled",
      "Nothing may be broken here: chaos is off. `npm start -- --chaos` runs a cluster on which it is on.",
    );
}

function refusalOf(outcome: Exclude<StartOutcome, { readonly kind: "begun" }>, id: string): Refusal {
  switch (outcome.kind) {
    case "unavailable":
      return unavailable(outcome.reason, "Nothing was broken: try again.");
    case "conflict":
      return idempotencyConflict();
    case "refused":
      return new Refusal("invalid-body", `The agent does not run it: ${outcome.why}`);
    case "distrusted":
      return distrusted(outcome.why, "Nothing was broken.");
    case "busy": {
      const which = outcome.id === null ? "another experiment" : `the experiment ${outcome.id}`;
      return new Refusal("conflict", `One at a time: ${which} runs.`);
    }
    case "agent-away": {
      const what = outcome.unsure
        ? `It may have begun all the same: GET /chaos/${id} tells.`
        : "Nothing was broken.";
      return new Refusal(
        "chaos-agent-away",
        `The agent that runs experiments does not answer (${outcome.reason}). ${what}`,
      );
    }
  }
}

async function awaitEnd(plane: ControlPlane, id: string, patience: Millis): Promise<Followed> {
  const begun = plane.clock.now();
  for (;;) {
    const followed = followedOr(await followExperiment(plane, id));
    if (isOver(followed.report) || elapsed(begun, plane.clock.now()) >= patience) return followed;
    await plane.timers.sleep(LIMITS.chaosPoll);
  }
}
