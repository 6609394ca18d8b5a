// Sites as the API shows them.

import { z } from "@hono/zod-openapi";
import { originSchema } from "../../shared/wire/origin-limits.ts";
import { siteSchema } from "../sites/row.ts";
import { changedFields } from "./several.ts";

export const siteBodySchema = siteSchema.openapi("SiteBody", {
  description:
    "`origin`: http(s)://host[:port]; `zone` for wherever the edges' network leads by the host; null or left out for none, which answers 503.",
});

/** `PUT` takes back what `GET` shows. */
export const shownSiteSchema = z
  .object({
    name: z.string(),
    origin: z.string().nullable(),
    hosts: z.array(z.string()),
    aliases: z.array(z.string()),
    canonical_host: z.string(),
    limits: originSchema.optional(),
  })
  .openapi("Site");

export const siteListSchema = z
  .object({
    items: z.array(
      z.object({
        site: shownSiteSchema,
        version: z.string().openapi({ description: "Its ETag, without the quotes." }),
        policies: z.int().openapi({ description: "How many rows of the metadata table are its own." }),
      }),
    ),
    nextCursor: z.string().nullable(),
    position: z.string().openapi({ description: "Of the log, as it was read." }),
    unreadable: z.array(z.string()).openapi({ description: "Sites of another release." }),
  })
  .openapi("Sites");

export const changedSiteSchema = z
  .object({
    site: shownSiteSchema,
    ...changedFields,
  })
  .openapi("ChangedSite");
