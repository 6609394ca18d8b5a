// The shapes of `/tokens`.

import { z } from "@hono/zod-openapi";
import { identifier } from "../../shared/wire/policy.ts";
import { LIMITS } from "../config.ts";
import { readPattern } from "../tokens/patterns.ts";
import { isReserved } from "../tokens/reserved-names.ts";
import { SCOPES, type Scope } from "../tokens/scopes.ts";

const scopes = z.array(z.enum(SCOPES)).openapi({ description: "`admin` includes all others." });

const SITES = "The only sites that it can see and change; null or left out: all of them.";
const PATTERNS =
  "`tag:news-*`, `prefix:/news`, `prefix:host/shops`, `prefix:/shops/*`: what it invalidates has to lie within one of them; null or left out: no bound.";

const pattern = z.string().superRefine((text, context) => {
  const read = readPattern(text);
  if (read.kind === "fault") context.addIssue({ code: "custom", message: read.message });
});

const bound = <Item extends z.ZodType>(item: Item) =>
  z.array(item).min(1).max(LIMITS.tokenBounds).nullable().optional();

/** Scopes that are of the whole cluster: what is bound to some of it can't have them. */
const OF_ALL: readonly Scope[] = ["admin", "chaos"];
/** Scopes that patterns say something about, or that change nothing. */
const OF_PATTERNS: readonly Scope[] = ["purge", "read"];

export const newTokenSchema = z
  .strictObject({
    name: z
      .string()
      .max(LIMITS.tokenName)
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@/-]*$/, "must be letters, digits, spaces or any of . _ @ / -")
      .refine((name) => !isReserved(name), "is a name that the audit log gives to others")
      .openapi({ description: "As the audit log names whoever uses it." }),
    scopes: scopes.min(1),
    sites: bound(identifier).openapi({ description: SITES }),
    patterns: bound(pattern).openapi({ description: PATTERNS }),
    expiresAt: z.iso
      .datetime({ offset: true, error: "must be a date and time such as 2027-01-01T00:00:00Z" })
      .nullable()
      .optional()
      .openapi({ description: "Default: never." }),
  })
  .superRefine(({ scopes: asked, sites, patterns }, context) => {
    for (const [index, scope] of asked.entries()) {
      const path = ["scopes", index];
      if (sites != null && OF_ALL.includes(scope))
        context.addIssue({
          code: "custom",
          path,
          message: `${scope} is of all sites: it can't be bound to some`,
        });
      else if (patterns != null && !OF_PATTERNS.includes(scope))
        context.addIssue({ code: "custom", path, message: `${scope} does not go with patterns` });
    }
  })
  .openapi("NewToken");

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes,
    sites: z.array(z.string()).nullable().openapi({ description: SITES }),
    patterns: z.array(z.string()).nullable().openapi({ description: PATTERNS }),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().openapi({ description: "By the minute." }),
  })
  .openapi("Token");

export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown this once: only a digest of it is kept." }) })
  .openapi("CreatedToken");

export const tokenListSchema = z
  .object({ items: z.array(tokenSchema), nextCursor: z.string().nullable() })
  .openapi("Tokens");

export type NewToken = z.infer<typeof newTokenSchema>;
export type ShownTokenRecord = z.infer<typeof tokenSchema>;
