// The metadata table as the API shows it.

import { z } from "@hono/zod-openapi";
import { policySchema } from "../../shared/wire/policy.ts";
import type { TableRow } from "../policies/table.ts";

export const faultSchema = z.object({
  pointer: z.string().openapi({ description: "A JSON pointer (RFC 6901) into what was sent." }),
  message: z.string(),
});

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
    version: z.string(),
    position: z.string().openapi({ description: "Edges that have got so far go by it." }),
    applied: z.array(z.string()).nullable().openapi({
      description:
        "Edges that have said in good time that they go by it; null where nothing had to be changed.",
    }),
    warnings: z.array(faultSchema),
  })
  .openapi("ChangedPolicy");

export const verdictSchema = z
  .object({ valid: z.boolean(), errors: z.array(faultSchema), warnings: z.array(faultSchema) })
  .openapi("PolicyVerdict");

export const showPolicy = ({ row, site, id }: Pick<TableRow, "row" | "site" | "id">) => ({
  ...row,
  id,
  site,
});
