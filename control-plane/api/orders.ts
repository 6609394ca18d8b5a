// What a request that changes something orders: in whose name, and how long its answer waits for the edges.

import type { Context } from "hono";
import { LIMITS } from "../config.ts";
import type { Operation } from "../invalidate/append.ts";
import type { Pushing } from "../invalidate/fan-out.ts";
import { type ApiEnvironment, backgroundOf } from "./environment.ts";
import type { NamedOperation } from "./idempotency.ts";

export const orderOf = (context: Context<ApiEnvironment>, operation: NamedOperation): Operation => ({
  ...operation,
  actor: context.get("actor"),
  reason: null,
});

export const pushingOf = (context: Context<ApiEnvironment>): Pushing => ({
  grace: LIMITS.pushGrace,
  background: backgroundOf(context),
  listed: null,
});
