// What may be asked of figures over a window: how long it is, and whose they are.

import { z } from "@hono/zod-openapi";
import { WINDOW_LIMITS } from "../../shared/mid-tier/metric-buckets.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { requireAllSites, requireSite, unknownSite } from "./binding.ts";
import type { Middleware } from "./environment.ts";
import { unavailable } from "./problem.ts";

export const windowSchema = z
  .string()
  .refine((text) => {
    const window = parseDuration(text);
    return window !== null && window >= WINDOW_LIMITS.least && window <= WINDOW_LIMITS.most;
  }, "must be a duration from 10s to 24h")
  .optional()
  .openapi({ description: "A duration from 10s to 24h; default 60s, of a series 1h.", example: "60s" });

export const figuresQuery = z.strictObject({
  window: windowSchema,
  site: z.string().optional().openapi({ description: "Of one site; of all where left out." }),
});

/** A token that is bound to sites may see the figures of any one of them, and of all only where it may see each. */
export function requireFigures(plane: ControlPlane): Middleware {
  const ofAll = requireAllSites(plane);
  return async (context, next) => {
    const site = context.req.query("site") ?? "";
    if (site === "") return ofAll(context, next);
    requireSite(context, site);
    await next();
  };
}

export async function refuseUnknownSite(plane: ControlPlane, site: string): Promise<void> {
  const known = await readRouting(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  if (!known.routing.sites.some(({ name }) => name === site)) throw unknownSite(site);
}
