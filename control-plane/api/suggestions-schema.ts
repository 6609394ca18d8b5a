// Suggested policies as the API shows them.

import { z } from "@hono/zod-openapi";

const share = z.number().min(0).max(1);

const evidenceSchema = z.object({
  requests: z.int().openapi({ description: "Sampled; each counts half after six hours." }),
  requestsPerSecond: z.number(),
  share: share.openapi({ description: "Of the site's requests." }),
  hitRatio: share,
  bytesP50: z.number().nullable().openapi({ description: "Upper bounds, by size classes." }),
  bytesP95: z.number().nullable(),
  hashedNames: share.openapi({ description: "Requests for names that hold a digest of the content." }),
  cookies: share.openapi({ description: "Requests that sent any." }),
  authorized: share,
  answers: z.int().openapi({ description: "Whole ones of the origin; the shares below are of them." }),
  setCookie: share,
  private: share,
  noStore: share,
  immutable: share,
  errors: share,
  life: z.object({ none: share, upToFiveMinutes: share, aMonthOrMore: share }),
  compared: z
    .int()
    .openapi({ description: "Answers that could be compared with the one before by their validators." }),
  changesPerHour: z.number().nullable().openapi({ description: "Null where too few could be compared." }),
  writes: z.int(),
});

export const suggestionsSchema = z
  .object({
    items: z.array(
      z.object({
        key_pattern: z.string(),
        class: z.enum(["hot", "session", "immutable", "standard"]),
        confidence: share,
        reasons: z.array(z.string()),
        evidence: evidenceSchema,
        row: z
          .object({ site: z.string(), key_pattern: z.string(), class: z.string() })
          .openapi({ description: "As `POST /policies` takes it." }),
        alreadyCovered: z
          .object({ id: z.string(), class: z.string(), agrees: z.boolean() })
          .nullable()
          .openapi({ description: "The policy that matches all that the pattern does." }),
      }),
    ),
    tooLittle: z
      .array(z.object({ key_pattern: z.string(), requests: z.int(), needed: z.int() }))
      .openapi({ description: "Seen too seldom to say anything of." }),
    observedForSeconds: z.int(),
  })
  .openapi("Suggestions");
