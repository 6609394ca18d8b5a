// What `/policies` and `/sites` have in common: bodies of one row or several, checks of them, and the versions they replace.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Fault, parseJson } from "../../shared/wire/json.ts";
import { requireScope } from "./auth.ts";
import { requireSite, requireUnbound } from "./binding.ts";
import { limitBody, requireText } from "./body.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { readIfMatch } from "./etag.ts";
import { keyHeader } from "./idempotency.ts";
import { json, jsonBody } from "./json.ts";
import { noQuery } from "./paging.ts";
import { faultSchema, invalidBody, problemAnswer, Refusal } from "./problem.ts";

export interface Several {
  readonly values: readonly unknown[];
  /** The pointer to each. */
  readonly at: (index: number) => string;
}

export function severalOf(given: Readonly<Record<string, unknown>>, name: string): Several {
  if (!(name in given)) return { values: [given], at: () => "" };
  const list = given[name];
  if (!Array.isArray(list) || Object.keys(given).length > 1)
    throw invalidBody([{ pointer: `/${name}`, message: "must be a list, and all that there is" }]);
  return { values: list as readonly unknown[], at: (index) => `/${name}/${index}` };
}

/** What a change of a row answers beside the row. */
export const changedFields = {
  version: z.string(),
  position: z.string().openapi({ description: "Edges that have got so far go by it." }),
  applied: z.array(z.string()).nullable().openapi({
    description:
      "Edges that have said in good time that they go by it; null where nothing had to be changed.",
  }),
  warnings: z.array(faultSchema),
} as const;

const verdictSchema = z
  .object({ valid: z.boolean(), errors: z.array(faultSchema), warnings: z.array(faultSchema) })
  .openapi("PolicyVerdict");

interface Verdict {
  readonly errors: readonly Fault[];
  readonly warnings: readonly Fault[];
}

export function validateRoute(
  api: Api,
  { plane }: ApiPorts,
  given: {
    readonly of: "policies" | "sites";
    readonly summary: string;
    readonly judge: (several: Several) => Promise<Verdict>;
  },
): void {
  const { of, summary, judge } = given;
  const route = createRoute({
    method: "post",
    path: `/${of}/validate`,
    summary,
    // Whether another site has a host is told to whoever may see that site.
    middleware: [
      requireScope(plane, "read"),
      ...(of === "sites" ? [requireUnbound] : []),
      limitBody(plane),
      requireText,
    ],
    request: { query: noQuery, body: jsonBody(z.record(z.string(), z.unknown())) },
    responses: {
      200: json("What is wrong, and what may not be meant", verdictSchema),
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    // Read anew: what the schema hands on lacks a field called `__proto__`, which no row may have.
    const several = severalOf(await sentTo(context), of);
    if (of === "policies") for (const value of several.values) requireSite(context, siteOf(value));
    const { errors, warnings } = await judge(several);
    return context.json({ valid: errors.length === 0, errors: [...errors], warnings: [...warnings] }, 200);
  });
}

/** Where no type is named, nobody has looked at it yet, and there is none. */
async function sentTo({ req }: Context): Promise<Readonly<Record<string, unknown>>> {
  const sent = parseJson(await req.text());
  if (typeof sent !== "object" || sent === null) throw new Refusal("malformed-json", "The body is not JSON.");
  return sent as Readonly<Record<string, unknown>>;
}

/** As `validatePolicies` takes it to be. */
function siteOf(row: unknown): string {
  const { site } = (row ?? {}) as { readonly site?: unknown };
  return typeof site === "string" ? site : "default";
}

const VERSIONS = "The versions that it may be of, as ETag tells them; `*` for any.";

/** It has to be given; left out, the answer is 428 and not that a header is invalid. */
export const replacingHeaders = keyHeader.extend({
  "if-match": z
    .string()
    .optional()
    .openapi({ param: { required: true }, description: VERSIONS }),
});

export const removingHeaders = z.object({
  "if-match": z.string().optional().openapi({ description: VERSIONS }),
});

/** Null where no version is named: any will do. */
export function versionsNamed(context: Context): ReturnType<typeof readIfMatch> | null {
  const ifMatch = context.req.header("if-match");
  return ifMatch === undefined ? null : readIfMatch(ifMatch);
}

/** Throws where none is named: whoever replaces says what. */
export function versionsReplaced(context: Context): ReturnType<typeof readIfMatch> {
  const ifMatch = context.req.header("if-match");
  if (ifMatch === undefined)
    throw new Refusal("precondition-required", "If-Match must name the version that is to be replaced.");
  return readIfMatch(ifMatch);
}
