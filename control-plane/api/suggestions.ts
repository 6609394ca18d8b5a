// `GET /policies/suggestions`: what the observed traffic of a site would be classified as, and why.

import { createRoute, z } from "@hono/zod-openapi";
import { changesPerHour } from "../../shared/core/suggest-class.ts";
import { type Count, figureOf, sizeQuantile } from "../../shared/core/traffic-figures.ts";
import { identifier } from "../../shared/wire/policy.ts";
import { NEEDED, type Suggested, suggest } from "../observe/suggest.ts";
import { readTable } from "../policies/table.ts";
import { requireScope } from "./auth.ts";
import { requireSite } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { json } from "./json.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";
import { suggestionsSchema } from "./suggestions-schema.ts";

export function suggestionsRoute(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/policies/suggestions",
    summary: "Classes that the observed traffic of a site asks for, with the evidence",
    middleware: [requireScope(plane, "read")] as const,
    request: { query: z.strictObject({ site: identifier.optional() }) },
    responses: { 200: json("Asked for most first", suggestionsSchema), default: problemAnswer },
  });
  api.openapi(route, async (context) => {
    const { site = "default" } = context.req.valid("query");
    requireSite(context, site);
    const [read, table] = await Promise.all([plane.observations.read(), readTable(plane)]);
    if (read.kind === "unavailable") throw unavailable(read.reason);
    if (table.kind === "unavailable") throw unavailable(table.reason);
    if (!table.sites.has(site)) throw new Refusal("not-found", `There is no site ${site}.`);
    const own = read.observations.filter((one) => one.site === site);
    const { suggested, tooLittle, age } = suggest(
      own,
      table.rows.filter((row) => row.site === site),
    );
    return context.json(
      {
        items: suggested.map((one) => shown(site, one)),
        tooLittle: tooLittle.map(({ pattern, requests }) => ({
          key_pattern: pattern,
          requests,
          needed: NEEDED,
        })),
        observedForSeconds: Math.floor(age / 1000),
      },
      200,
    );
  });
}

function shown(site: string, { traffic, suggestion, covered }: Suggested) {
  const { pattern } = traffic;
  return {
    key_pattern: pattern,
    class: suggestion.class,
    confidence: suggestion.confidence,
    reasons: [...suggestion.reasons],
    evidence: evidenceOf(traffic),
    row: { site, key_pattern: pattern, class: suggestion.class },
    alreadyCovered: covered === null ? null : { ...covered, agrees: covered.class === suggestion.class },
  };
}

const rounded = (value: number, places = 3): number => Number(value.toFixed(places));

function evidenceOf({ figures, requestsPerSecond, share }: Suggested["traffic"]) {
  const part = (name: Count, of: Count): number => {
    const all = figureOf(figures, of);
    return all === 0 ? 0 : rounded(figureOf(figures, name) / all);
  };
  const count = (name: Count): number => Math.round(figureOf(figures, name));
  const changes = changesPerHour(figures);
  return {
    requests: count("requests"),
    requestsPerSecond: rounded(requestsPerSecond),
    share: rounded(share),
    hitRatio: part("hits", "requests"),
    bytesP50: sizeQuantile(figures, 0.5),
    bytesP95: sizeQuantile(figures, 0.95),
    hashedNames: part("hashed", "requests"),
    cookies: part("withCookie", "requests"),
    authorized: part("authorized", "requests"),
    answers: count("answers"),
    setCookie: part("setCookie", "answers"),
    private: part("private", "answers"),
    noStore: part("noStore", "answers"),
    immutable: part("immutable", "answers"),
    errors: part("errors", "answers"),
    life: {
      none: part("lifeNone", "answers"),
      upToFiveMinutes: part("lifeShort", "answers"),
      aMonthOrMore: part("lifeLong", "answers"),
    },
    compared: count("compared"),
    changesPerHour: changes === null ? null : rounded(changes),
    writes: count("writes"),
  };
}
