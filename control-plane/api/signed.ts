// Routes of the cluster's own: for whoever has its key, and for nobody else there at all.

import type { Context } from "hono";
import { SIGNATURE_HEADER } from "../../shared/wire/signature.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { ApiEnvironment } from "./environment.ts";
import { Refusal } from "./problem.ts";

/** Of a POST. As on an edge: without a signature there is nothing here. */
export async function signedBody(
  context: Context<ApiEnvironment>,
  { checker, clock }: Pick<ControlPlane, "checker" | "clock">,
): Promise<string> {
  const body = await context.req.text();
  const signature = context.req.header(SIGNATURE_HEADER) ?? null;
  const { method, path } = context.req;
  const verdict = await checker.check({ method, path, body }, signature, clock.wall());
  if (verdict.kind === "refused" || method !== "POST")
    throw new Refusal("not-found", "There is nothing here.");
  return body;
}
