// `GET /metrics`, for Prometheus.

import { createRoute, z } from "@hono/zod-openapi";
import { readExposition } from "../metrics/prometheus.ts";
import { requireScope } from "./auth.ts";
import { requireAllSites } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { noQuery } from "./paging.ts";
import { problemAnswer, unavailable } from "./problem.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function prometheusRoute(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/metrics",
    summary: "The figures as Prometheus scrapes them",
    middleware: [requireScope(plane, "read"), requireAllSites(plane)] as const,
    request: { query: noQuery },
    responses: {
      200: { description: "Text format 0.0.4", content: { [CONTENT_TYPE]: { schema: z.string() } } },
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const outcome = await readExposition(plane);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    return context.text(outcome.text, 200, { "content-type": CONTENT_TYPE });
  });
}
