// The control plane's word to an edge that something in the journal is due.

import { parseJson } from "./json.ts";

export const FLUSH_PATH = "/.tidegate/flush";

export interface FlushPlace {
  readonly shard: string;
  readonly partition: number;
}

export const encodeFlush = (places: readonly FlushPlace[]): string => JSON.stringify({ v: 1, places });

/** Null where any part of it can't be read. */
export function decodeFlush(text: string): FlushPlace[] | null {
  const value = parseJson(text) as { v?: unknown; places?: unknown } | null;
  if (value?.v !== 1 || !Array.isArray(value.places)) return null;
  const isPlace = (place: unknown): place is FlushPlace => {
    const { shard, partition } = (place ?? {}) as Record<string, unknown>;
    return typeof shard === "string" && Number.isSafeInteger(partition) && Number(partition) >= 0;
  };
  return value.places.every(isPlace) ? value.places : null;
}
