// The metadata table as the API shows it.

import { z } from "@hono/zod-openapi";
import { explainReplySchema } from "../../shared/wire/explain.ts";
import { policySchema } from "../../shared/wire/policy.ts";
import type { TableRow } from "../policies/table.ts";
import { changedFields } from "./several.ts";

/** As it is sent: `id` and `site` have defaults. Made anew here, where schemas can be named. */
export const writtenPolicySchema = z.strictObject(policySchema.shape).openapi("WrittenPolicy");

/** Fields as they were sent: `PUT` takes back what `GET` shows. */
export const shownPolicySchema = policySchema.required({ id: true, site: true }).openapi("Policy");

export const listedPolicySchema = z
  .object({
    policy: shownPolicySchema,
    version: z.string().openapi({ description: "Its ETag, without the quotes." }),
    rank: z.int().openapi({ description: "Its place among those of its site: 1 is asked first." }),
  })
  .openapi("ListedPolicy");

export const policyListSchema = z
  .object({
    items: z.array(listedPolicySchema),
    nextCursor: z.string().nullable(),
    position: z.string().openapi({ description: "Of the log, as it was read." }),
    unreadable: z.array(z.string()).openapi({ description: "Rows of another release." }),
  })
  .openapi("Policies");

export const changedPolicySchema = z
  .object({
    policy: shownPolicySchema,
    ...changedFields,
  })
  .openapi("ChangedPolicy");

const settingSchema = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number()]).nullable(),
  from: z.enum(["policy", "class"]),
  why: z.string().nullable(),
});

const consideredSchema = z.object({
  id: z.string(),
  key_pattern: z.string(),
  priority: z.number(),
  matches: z.boolean(),
});

export const explanationSchema = z
  .object({
    url: z.string(),
    site: z.string(),
    host: z.string().openapi({ description: "In whose name all aliases are known." }),
    policy: z.string().nullable().openapi({ description: "Null where none matches." }),
    class: z.string(),
    considered: z
      .array(consideredSchema)
      .openapi({ description: "In the order in which they are asked, up to the one that governs." }),
    key: z.object({
      url: z.string(),
      headers: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
      cookies: z.array(z.string()),
    }),
    settings: z.array(settingSchema),
    selectors: z.array(z.string()).openapi({ description: "Beside the tags that an answer brings." }),
    boundMs: z.number(),
    edges: z.array(z.union([explainReplySchema, z.object({ edge: z.string(), unavailable: z.string() })])),
    purges: z
      .array(
        z.object({
          ...{ position: z.string(), id: z.string(), actor: z.string(), at: z.string() },
          reason: z.string().nullable(),
        }),
      )
      .openapi({
        description: "Whose the invalidations are that edges have named, as far as receipts reach.",
      }),
  })
  .openapi("Explanation");

export const showPolicy = ({ row, site, id }: Pick<TableRow, "row" | "site" | "id">) => ({
  ...row,
  id,
  site,
});
