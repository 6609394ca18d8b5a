// What an edge that can't reach the log has a peer tell it: which URLs writes have made out of date.

import { z } from "zod";
import type { LogEntry } from "../core/log-entry.ts";
import { formatPosition, type Position, parsePosition } from "../core/position.ts";
import { parseJson } from "./json.ts";
import { fromWireEntry, toWireEntry } from "./log-payload.ts";

export const WRITES_PATH = "/.tidegate/writes";

/** A write that the origin took. It names URLs, because an edge that is still cold knows no sites to name selectors by. */
export interface OriginWrite {
  readonly operationId: string;
  readonly method: string;
  readonly target: string;
  /** What Location and Content-Location named, as received. */
  readonly references: readonly string[];
  /** Groups of `Cache-Group-Invalidation`. */
  readonly groups: readonly string[];
}

export interface WritesCall {
  /** Who asks: the entry is made in its name. */
  readonly edge: string;
  /** All for one entry. */
  readonly writes: readonly OriginWrite[];
}

/** What the log has taken. */
export interface ToldWrites {
  /** Null where an earlier attempt was taken that named something else. */
  readonly at: Position | null;
  /** Its entry, and those before it, as far as they are known. */
  readonly entries: readonly LogEntry[];
}

/** Null where the log did not take it from there either. */
export type WritesReply = ToldWrites | null;

const callSchema = z.object({
  v: z.literal(1),
  edge: z.string(),
  writes: z
    .array(
      z.object({
        operationId: z.string().min(1),
        method: z.string().min(1),
        target: z.string().min(1),
        references: z.array(z.string()),
        groups: z.array(z.string()),
      }),
    )
    .min(1),
});

const replySchema = z.object({
  v: z.literal(1),
  taken: z.boolean(),
  at: z.string().nullable(),
  entries: z.array(z.unknown()),
});

export const encodeWrites = (call: WritesCall): string => JSON.stringify({ v: 1, ...call });

/** Null where any part of it can't be read. */
export const decodeWrites = (text: string): WritesCall | null =>
  callSchema.safeParse(parseJson(text)).data ?? null;

/** As it is to be put into JSON. */
export const encodeWritesReply = (reply: WritesReply): object => ({
  v: 1,
  taken: reply !== null,
  at: reply === null || reply.at === null ? null : formatPosition(reply.at),
  entries: (reply?.entries ?? []).map(toWireEntry),
});

/** What can't be read says that nothing was taken: to tell it again does no harm. */
export function decodeWritesReply(text: string): WritesReply {
  const read = replySchema.safeParse(parseJson(text)).data;
  if (read === undefined || !read.taken) return null;
  const entries = read.entries.map(fromWireEntry).filter((entry) => entry !== null);
  return { at: read.at === null ? null : parsePosition(read.at), entries };
}
