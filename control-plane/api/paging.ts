// Lists: `?limit=&cursor=` in, `nextCursor` out.

import { z } from "@hono/zod-openapi";
import { LIMITS } from "../config.ts";
import { Refusal } from "./problem.ts";

export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, "must be a number")
    .transform(Number)
    .refine((count) => count >= 1 && count <= LIMITS.pageMost, `must be from 1 to ${LIMITS.pageMost}`)
    .optional()
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: LIMITS.pageMost,
      description: `Default ${LIMITS.page}.`,
    }),
  cursor: z.string().max(256).optional().openapi({ description: "The `nextCursor` of the page before." }),
});

/** Two numbers that the page before ended with; null for the first page. */
export function readCursor(text: string | undefined): readonly [number, number] | null {
  if (text === undefined) return null;
  const match = /^(\d{1,16})-(\d{1,9})$/.exec(text);
  if (match === null)
    throw new Refusal("invalid-query", "cursor is not one that a page ended with", {
      faults: [{ pointer: "/cursor", message: "is not one that a page ended with" }],
    });
  return [Number(match[1]), Number(match[2])];
}
