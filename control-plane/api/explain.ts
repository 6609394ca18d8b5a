// `POST /policies/explain`: what becomes of a request, and why.

import { createRoute, z } from "@hono/zod-openapi";
import { FIELD_NAME, FIELD_VALUE } from "../../shared/wire/warm-target.ts";
import { explainRequest } from "../policies/explain.ts";
import { requireScope } from "./auth.ts";
import { sees } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json, jsonBody } from "./json.ts";
import { noQuery } from "./paging.ts";
import { explanationSchema } from "./policies-schema.ts";
import { invalidBody, problemAnswer, unavailable } from "./problem.ts";

const explainSchema = z
  .strictObject({
    url: z.string().openapi({
      description:
        "An absolute http(s) URL. Of a program's own `tidegate://` keys its `cache.explain` tells.",
    }),
    headers: z
      .record(
        z.string().toLowerCase().regex(FIELD_NAME, "must be a header name"),
        z.string().max(4096).regex(FIELD_VALUE, "must be a header's value"),
      )
      .refine((fields) => Object.keys(fields).length <= 64, "must not be more than 64")
      .optional(),
  })
  .openapi("ExplainRequest");

export function explainRoute(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "post",
    path: "/policies/explain",
    summary: "Which policy governs a request and why, its key, what it is granted, and who holds what",
    middleware: [requireScope(plane, "read"), limitBody(plane), requireText] as const,
    request: {
      query: noQuery,
      body: jsonBody(explainSchema),
    },
    responses: {
      200: json("What becomes of it", explanationSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const { url, headers = {} } = context.req.valid("json");
    const outcome = await explainRequest(plane, { url, headers: Object.entries(headers) }, (site) =>
      sees(context, site),
    );
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    if (outcome.kind === "refused") throw invalidBody(outcome.faults);
    const { kind: _, key, considered, settings, selectors, edges, purges, ...rest } = outcome;
    const named = key.headers.map(([name, value]) => ({ name, value }));
    const shown = { ...key, headers: named, cookies: [...key.cookies] };
    return context.json(
      {
        ...{ ...rest, key: shown, considered: [...considered] },
        ...{ settings: [...settings], selectors: [...selectors], edges: [...edges] },
        purges: [...purges],
      },
      200,
    );
  });
}
