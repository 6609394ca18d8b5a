// `/livez` and `/readyz`: whether it runs, and whether it can do its work.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiPorts } from "./environment.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const healthSchema = z.object({ status: z.literal("ok"), position: z.string().nullable() }).openapi("Health");
const answer = (description: string) =>
  ({ description, content: { "application/json": { schema: healthSchema } } }) as const;

export function healthRoutes(api: Api, { plane }: ApiPorts): void {
  // Their query is not read: a probe that adds one must not be told that nobody lives here.
  const live = createRoute({
    method: "get",
    path: "/livez",
    summary: "Whether it runs",
    security: [],
    responses: { 200: answer("It does") },
  });
  const ready = createRoute({
    method: "get",
    path: "/readyz",
    summary: "Whether the log answers and takes writes, and the environment could be read",
    security: [],
    responses: { 200: answer("It is ready"), default: problemAnswer },
  });
  api.openapi(live, (context) => context.json({ status: "ok" as const, position: null }, 200));
  api.openapi(ready, async (context) => {
    const { faults } = plane.settings;
    if (faults.length > 0)
      throw new Refusal("unavailable", `The environment is faulty: ${faults.join("; ")}`);
    const outcome = await plane.log.snapshot(0);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    const room = await plane.log.takesWrites();
    if (room.kind === "unavailable") throw unavailable(room.reason);
    const { epoch, seq } = outcome.head;
    return context.json({ status: "ok" as const, position: `${epoch}-${seq}` }, 200);
  });
}
