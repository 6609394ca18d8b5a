// Lists: `?limit=&cursor=` in, `nextCursor` out.

import { z } from "@hono/zod-openapi";
import { LIMITS } from "../config.ts";
import { Refusal } from "./problem.ts";

export const limitOr = (standard: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .refine((count) => count >= 1 && count <= LIMITS.pageMost, `must be from 1 to ${LIMITS.pageMost}`)
    .optional()
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: LIMITS.pageMost,
      description: `Default: ${standard}.`,
    });

const CURSOR = { description: "The `nextCursor` of the page before." };

export const pageQuery = z.strictObject({
  limit: limitOr(String(LIMITS.page)),
  cursor: z.string().max(256).optional().openapi(CURSOR),
});

/** Of a list that is at hand as a whole; its cursor is the name of the last item. */
export const namedPageQuery = z.strictObject({
  limit: limitOr("all"),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, "is not one that a page ended with")
    .optional()
    .openapi(CURSOR),
});

/** Of whatever takes no query: a field that does nothing would be taken for one that does. */
export const noQuery = z.strictObject({});

/** In order of their ids, whether or not the last item of the page before is still there. */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  { limit, cursor: after }: z.infer<typeof namedPageQuery>,
): { readonly items: Item[]; readonly nextCursor: string | null } {
  const rest = after === undefined ? items : items.filter(({ id }) => id > after);
  const page = rest.slice(0, limit);
  return { items: page, nextCursor: page.length < rest.length ? (page.at(-1)?.id ?? null) : null };
}

/** Two numbers that the page before ended with; null for the first page. */
export function readCursor(text: string | undefined): readonly [number, number] | null {
  if (text === undefined) return null;
  const match = /^(\d{1,16})-(\d{1,9})$/.exec(text);
  if (match === null) throw wrongCursor();
  return [Number(match[1]), Number(match[2])];
}

export const wrongCursor = (): Refusal =>
  new Refusal("invalid-query", "cursor is not one that a page ended with", {
    faults: [{ pointer: "/cursor", message: "is not one that a page ended with" }],
  });
