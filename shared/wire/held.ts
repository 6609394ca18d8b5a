// Which of some targets an edge could answer at once, and from where: looked at, not used, and nothing is fetched.

import * as z from "zod";
import { parseJson } from "./json.ts";

export const HELD_PATH = "/.tidegate/held";

const heldSchema = z.object({
  edge: z.string(),
  /** In the order in which they were asked for; null where it would have to ask the origin. */
  held: z.array(z.enum(["memory", "dataCentre", "l2"]).nullable()),
});
export type HeldReply = z.infer<typeof heldSchema>;

const callSchema = z.object({ v: z.literal(1), targets: z.array(z.string()) });

export const encodeHeldCall = (targets: readonly string[]): string => JSON.stringify({ v: 1, targets });

/** Null where any part of it can't be read. */
export const decodeHeldCall = (text: string): readonly string[] | null =>
  callSchema.safeParse(parseJson(text)).data?.targets ?? null;

export const decodeHeld = (text: string): HeldReply | null =>
  heldSchema.safeParse(parseJson(text)).data ?? null;
