// The body of `POST /warmup`.

import { z } from "@hono/zod-openapi";
import { LIMITS } from "../config.ts";

/** Named in the contract and not there yet: refused, rather than ignored. */
const notSupported = (what: string) =>
  z
    .unknown()
    .refine((value) => value === undefined, {
      message: `${what} is not supported: list the URLs in \`urls\``,
    })
    .optional()
    .openapi({ description: "Not supported yet: refused.", type: "object" });

export const warmupSchema = z
  .strictObject({
    site: z.string().optional().openapi({ description: "Default: `default`." }),
    urls: z
      .array(z.string())
      .min(1)
      .max(LIMITS.warmupUrls)
      .optional()
      .openapi({ description: "http(s) URLs of the site's own hosts, or its paths." }),
    edges: z
      .union([z.literal("all"), z.array(z.string()).min(1)])
      .optional()
      .openapi({ description: "Default: `all`." }),
    ratePerSecond: z
      .number()
      .positive()
      .max(LIMITS.warmupRateMost)
      .optional()
      .openapi({ description: `Requests a second to the origin; default ${LIMITS.warmupRate}.` }),
    concurrency: z
      .int()
      .min(1)
      .max(LIMITS.warmupConcurrencyMost)
      .optional()
      .openapi({ description: `Requests to the origin at once; default ${LIMITS.warmupConcurrency}.` }),
    wait: z.boolean().optional(),
    sitemap: notSupported("a sitemap"),
    hot: z
      .strictObject({
        class: z.string().min(1).max(64).optional(),
        top: z.int().min(1).max(LIMITS.hotLedger),
      })
      .optional()
      .openapi({ description: "What is asked for most, the hottest first, behind `urls`." }),
    variants: notSupported("warming variants"),
  })
  .refine(({ urls, hot }) => urls !== undefined || hot !== undefined, {
    path: ["urls"],
    message: "must be given, or `hot`",
  })
  .openapi("WarmupRequest");

export type WarmupBody = z.infer<typeof warmupSchema>;
