// The body of `POST /invalidate`.

import { z } from "@hono/zod-openapi";
import { milliseconds } from "../../shared/wire/milliseconds.ts";
import { line } from "../../shared/wire/text.ts";
import { LIMITS } from "../config.ts";

const texts = z.array(z.string()).max(LIMITS.selectors, `must not hold more than ${LIMITS.selectors} items`);

export const invalidateSchema = z
  .strictObject({
    site: z.string().optional().openapi({ description: "Default: `default`." }),
    urls: texts.optional().openapi({ description: "http(s) URLs, or paths of the site." }),
    tags: texts.optional(),
    prefixes: texts
      .optional()
      .openapi({ description: "`/path`, `host/path` or URLs; they match at segment boundaries." }),
    hosts: texts.optional(),
    classes: texts.optional(),
    everything: z.boolean().optional(),
    confirm: z
      .string()
      .optional()
      .openapi({ description: "The site's name, where `everything` is true, and only there." }),
    mode: z.enum(["soft", "hard"]).optional().openapi({ description: "Default: `hard`." }),
    wait: z.boolean().optional().openapi({ description: "For every edge. Not with `dryRun`." }),
    timeoutMs: milliseconds(0, LIMITS.waitMost)
      .optional()
      .openapi({ description: `Only with \`wait\`; default ${LIMITS.waitDefault}.` }),
    dryRun: z.boolean().optional(),
    repeatAfterMs: milliseconds(1, LIMITS.repeatMost).optional().openapi({
      description: "Appends the same invalidation once more after this long. Not with `dryRun`.",
    }),
    reason: line(LIMITS.reason).optional(),
  })
  .openapi("Invalidation");

/** One that was accepted and waits to be repeated: what new ones may not say any more does not undo it. */
export const waitingSchema = invalidateSchema.extend({ reason: z.string().optional() });

export type InvalidateBody = z.infer<typeof invalidateSchema>;
