// The body of `POST /warmup`.

import { z } from "@hono/zod-openapi";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { FIELD_NAME, FIELD_VALUE } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";

const text = z.string().min(1).max(LIMITS.url);

const manifestSource = z
  .union([text, z.array(z.unknown()), z.record(z.string(), z.unknown())], {
    error: "must be the URL of a manifest, a list of paths, or an object of names and paths",
  })
  .openapi({
    description:
      "A list of paths or `{url, digest}`, an object `name → path`, Vite's manifest, or where one of them is on the site.",
  });

const fieldName = z.string().regex(new RegExp(FIELD_NAME.source, "i"), "must be a header name");
const fieldValue = z.string().max(LIMITS.variantHeader).regex(FIELD_VALUE, "must be a header's value");

const variantSchema = z.strictObject({
  headers: z
    .record(fieldName, fieldValue)
    .refine((headers) => Object.keys(headers).length <= LIMITS.variantHeaders, {
      message: `must not be more than ${LIMITS.variantHeaders}`,
    }),
});

/** What names something to be fetched. */
const SOURCES = ["urls", "sitemap", "manifest", "hot"] as const;

export const warmupSchema = z
  .strictObject({
    site: z.string().optional().openapi({ description: "Default: `default`." }),
    urls: z
      .array(z.string())
      .min(1)
      .max(LIMITS.warmupUrls)
      .optional()
      .openapi({ description: "http(s) URLs of the site's own hosts, or its paths." }),
    sitemap: text
      .optional()
      .openapi({ description: "Where a sitemap or an index of sitemaps is on the site." }),
    manifest: z
      .strictObject({
        before: manifestSource.optional(),
        after: manifestSource,
        base: text
          .optional()
          .openapi({ description: "What relative paths lie below, as a browser finds them; default `/`." }),
      })
      .optional()
      .openapi({ description: "Two releases' assets: what is new or has changed is warmed." }),
    hot: z
      .strictObject({
        class: z
          .string()
          .refine(
            (name) => DEFAULT_CLASSES.has(name),
            `must be one of ${[...DEFAULT_CLASSES.keys()].join(", ")}`,
          )
          .optional(),
        top: z.int().min(1).max(LIMITS.hotLedger),
      })
      .optional()
      .openapi({ description: "What is asked for most, the hottest first, behind `urls`." }),
    variants: z
      .array(variantSchema)
      .min(1)
      .max(LIMITS.variants)
      .optional()
      .openapi({ description: "Every URL is asked for once with each. Default: once, with none of them." }),
    edges: z
      .union([z.literal("all"), z.array(z.string()).min(1)], 'must be a list of edges\' ids, or "all"')
      .optional()
      .openapi({ description: "Default: `all`." }),
    ratePerSecond: z
      .number()
      .positive()
      .max(LIMITS.warmupRateMost)
      .optional()
      .openapi({
        description: `Requests a second to the origin; default: its budget, or ${LIMITS.warmupRate} where it has none.`,
      }),
    concurrency: z
      .int()
      .min(1)
      .max(LIMITS.warmupConcurrencyMost)
      .optional()
      .openapi({ description: `Requests to the origin at once; default ${LIMITS.warmupConcurrency}.` }),
    wait: z.boolean().optional().openapi({ description: "Answer when it has ended, within a minute." }),
    dryRun: z.boolean().optional().openapi({ description: "Say what would be fetched, and begin nothing." }),
  })
  .refine((body) => SOURCES.some((name) => body[name] !== undefined), {
    path: ["urls"],
    message: "must be given, or `sitemap`, `manifest` or `hot`",
  })
  .refine(({ wait, dryRun }) => wait !== true || dryRun !== true, {
    path: ["wait"],
    message: "does not go with `dryRun`: nothing is begun",
  })
  .openapi("WarmupRequest");

export type WarmupBody = z.infer<typeof warmupSchema>;
