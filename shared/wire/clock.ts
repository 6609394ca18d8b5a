// What time it is at an edge, for whoever looks for clocks that disagree. Nothing is reckoned with it.

import { z } from "zod";
import { parseJson } from "./json.ts";

export const CLOCK_PATH = "/.tidegate/clock";

const replySchema = z.object({ edge: z.string(), wall: z.number().nonnegative() });
export type ClockReply = z.infer<typeof replySchema>;

export const decodeClockReply = (text: string): ClockReply | null =>
  replySchema.safeParse(parseJson(text)).data ?? null;
