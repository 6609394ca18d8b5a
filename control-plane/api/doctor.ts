// `GET /doctor`: what the control plane finds of itself, its databases, edges, policies and tokens.

import { createRoute, z } from "@hono/zod-openapi";
import { CHECK_AREAS, CHECK_STATES } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { requireScope } from "./auth.ts";
import { requireUnbound } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json } from "./json.ts";
import { noQuery } from "./paging.ts";
import { problemAnswer } from "./problem.ts";

const checkSchema = z
  .object({
    area: z.enum(CHECK_AREAS),
    id: z.string().openapi({ description: "The same from release to release." }),
    state: z.enum(CHECK_STATES).openapi({ description: "`unknown`: it is not told, which is no fault." }),
    what: z.string(),
    advice: z.string().nullable().openapi({ description: "What to do." }),
  })
  .openapi("DoctorCheck");

const diagnosisSchema = z
  .object({
    at: z.string().openapi({ description: "By the control plane's clock." }),
    version: z.string(),
    askedBy: z.object({ name: z.string(), scopes: z.array(z.string()) }),
    checks: z.array(checkSchema),
  })
  .openapi("Diagnosis");

export function doctorRoute(api: Api, { plane }: ApiPorts, version: string): void {
  const route = createRoute({
    method: "get",
    path: "/doctor",
    summary: "What is not as it should be, and what to do about it",
    middleware: [requireScope(plane, "read"), requireUnbound] as const,
    request: { query: noQuery },
    responses: { 200: json("Every check, well or not", diagnosisSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const checks = await examine(plane);
    const { name, scopes } = context.get("principal");
    // Last, so that whoever asks can tell how far his own clock is from it.
    const at = new Date(plane.clock.wall()).toISOString();
    return context.json({ at, version, askedBy: { name, scopes: [...scopes] }, checks }, 200);
  });
}
