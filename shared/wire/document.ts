// What the control plane has an edge read for a warm-up: a sitemap's locations page by page, or a document's text.

import * as z from "zod";
import { parseJson } from "./json.ts";

export const DOCUMENT_PATH = "/.tidegate/document";

/** `text`: the whole of it. `from` counts the locations that were told of a sitemap before. */
export interface DocumentCall {
  readonly url: string;
  readonly as: "sitemap" | "text";
  readonly from: number;
}

const documentSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("sitemap"),
    of: z.enum(["pages", "sitemaps"]),
    locations: z.array(z.string()),
    /** Where the next page begins; null at the end. */
    next: z.int().nonnegative().nullable(),
    /** Why what follows can't be read. */
    fault: z.string().nullable(),
  }),
  z.object({ kind: z.literal("text"), text: z.string() }),
  /** It is somewhere else, if the one who asked agrees: the edge follows nothing by itself. */
  z.object({ kind: z.literal("moved"), to: z.string() }),
  /** The origin takes no more now: users come first. */
  z.object({ kind: z.literal("later") }),
  /** `passing`: it may well be another time. */
  z.object({ kind: z.literal("unreadable"), reason: z.string(), passing: z.boolean() }),
]);
export type DocumentReply = z.infer<typeof documentSchema>;

const callSchema = z.object({
  v: z.literal(1),
  url: z.string(),
  as: z.enum(["sitemap", "text"]),
  from: z.int().nonnegative(),
});

export const encodeDocumentCall = (call: DocumentCall): string => JSON.stringify({ v: 1, ...call });

/** Null where any part of it can't be read. */
export const decodeDocumentCall = (text: string): DocumentCall | null =>
  callSchema.safeParse(parseJson(text)).data ?? null;

export const decodeDocument = (text: string): DocumentReply | null =>
  documentSchema.safeParse(parseJson(text)).data ?? null;
