// What a request that changes something orders: in whose name, and how long its answer waits for the edges.

import type { Context } from "hono";
import type { Asked } from "../../shared/ports/asked.ts";
import { LIMITS } from "../config.ts";
import type { Operation } from "../invalidate/append.ts";
import type { Pushing } from "../invalidate/fan-out.ts";
import { type ApiEnvironment, backgroundOf } from "./environment.ts";
import type { NamedOperation } from "./idempotency.ts";

export const orderOf = (context: Context<ApiEnvironment>, operation: NamedOperation): Operation => ({
  ...operation,
  ...authorOf(context),
  reason: null,
});

/** In whose name something is done, as the log keeps it. */
export const authorOf = (context: Context<ApiEnvironment>): Pick<Operation, "actor" | "asked"> => ({
  actor: context.get("actor"),
  asked: askedBy(context),
});

export const askedBy = (context: Context<ApiEnvironment>): Asked => ({
  token: context.get("principal").id,
  from: context.get("from"),
  requestId: context.get("requestId"),
});

export const pushingOf = (context: Context<ApiEnvironment>): Pushing => ({
  grace: LIMITS.pushGrace,
  background: backgroundOf(context),
  directory: null,
});
