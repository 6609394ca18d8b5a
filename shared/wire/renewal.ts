// What an edge tells of when an answer that it counts is due, and the batch by which it is asked to renew what is.

import * as z from "zod";
import { parseJson } from "./json.ts";
import { decodeTarget, type WarmTarget } from "./warm-target.ts";

export const RENEW_PATH = "/.tidegate/renew";

/** Of an answer as an edge holds it, in milliseconds. */
export interface Renewal {
  /** Until it expires. */
  readonly inMs: number;
  readonly lifeMs: number;
  /** What its fetch took. */
  readonly tookMs: number;
}

const span = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const renewalSchema = z.object({ inMs: span, lifeMs: span, tookMs: span });

export interface RenewMessage {
  readonly targets: readonly WarmTarget[];
  /** What has more left than that is left alone. */
  readonly leastMs: number;
  readonly concurrency: number;
}

/** `targets` as `encodeTarget` writes them. */
export const encodeRenew = (
  message: Omit<RenewMessage, "targets"> & { readonly targets: readonly string[] },
): string => JSON.stringify({ v: 1, ...message });

const messageSchema = z.object({
  v: z.literal(1),
  targets: z.array(z.string()),
  leastMs: span,
  concurrency: z.int().min(1).max(64),
});

/** Null where any part of it can't be read. */
export function decodeRenew(text: string): RenewMessage | null {
  const read = messageSchema.safeParse(parseJson(text)).data;
  if (read === undefined) return null;
  const targets = read.targets.map(decodeTarget);
  const { leastMs, concurrency } = read;
  return targets.every((target) => target !== null) ? { targets, leastMs, concurrency } : null;
}

/**
 * One target's fate: the origin was asked, or somebody had done so already; it was turned away or failed, and may be
 * tried again; or it is not to be renewed at all.
 */
export type RenewedResult = "fetched" | "held" | "turned-away" | "failed" | "dropped";

export interface Renewed {
  readonly result: RenewedResult;
  /** Of what is held by now; null where nothing is. */
  readonly renewal: Renewal | null;
}

const replySchema = z.object({
  results: z.array(
    z.object({
      result: z.enum(["fetched", "held", "turned-away", "failed", "dropped"]),
      renewal: renewalSchema.nullable(),
    }),
  ),
});

/** In the order of the targets; null where it can't be read. */
export const decodeRenewed = (text: string): readonly Renewed[] | null =>
  replySchema.safeParse(parseJson(text)).data?.results ?? null;
