// Isolates of any data centre before one L2, on one clock: each begins with the log as it is, and knows nothing from before.

import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "./lone-edge.ts";
import type { MemoryBlobs } from "./memory-blobs.ts";
import { type SmallL2, smallL2 } from "./small-l2.ts";

export interface Isolates {
  /** One more, with the Cache API of its data centre. */
  begin(blobs: MemoryBlobs): Promise<LoneEdge>;
  /** What the origin says to all of them. */
  origin: (request: OriginRequest) => OriginOutcome;
  /** An entry of the log that those who are there learn at once; or that none does, but who begins. */
  append(payload: LogPayload, heard?: "by all" | "by none"): Promise<void>;
  pass(span: number): Promise<void>;
  now(): number;
  /** How often L2 has been read since somebody last asked. */
  reads(): number;
}

export function isolates(policies: readonly Record<string, unknown>[]): Isolates {
  const all: LoneEdge[] = [];
  const logged: LogPayload[] = [];
  const now = (): number => all[0]?.now ?? 0;
  const l2 = smallL2(now);
  let reads = 0;
  const read: SmallL2["read"] = (query) => {
    reads += 1;
    return l2.read(query);
  };
  const beat = async (): Promise<void> => {
    for (const edge of all) await edge.beat();
  };
  const together: Isolates = {
    async begin(blobs) {
      const edge = loneEdge(policies, { blobs, midTier: { ...l2, read } });
      edge.now = all.length === 0 ? edge.now : now();
      for (const payload of logged) edge.append(payload);
      edge.origin = (request) => together.origin(request);
      all.push(edge);
      await edge.beat();
      return edge;
    },
    origin: () => ({ kind: "unreachable", reason: "refused", detail: "no origin" }),
    async append(payload, heard = "by all") {
      logged.push(payload);
      if (heard === "by none") return;
      for (const edge of all) edge.append(payload);
      await beat();
    },
    async pass(span) {
      for (const edge of all) edge.now += span;
      await beat();
    },
    now,
    reads() {
      const since = reads;
      reads = 0;
      return since;
    },
  };
  return together;
}

/** Who has answered, once all that this sets off is done. */
export async function statusOf(
  edge: LoneEdge,
  path: string,
  more: Parameters<LoneEdge["get"]>[1] = {},
): Promise<string> {
  const { cacheStatus } = await edge.get(path, more);
  await edge.settled();
  return cacheStatus;
}

export const HIT_NEAR = /^tidegate-l1; hit; ttl=\d+$/;
/** Small, and of a class that is kept near. */
export const HIT_FAR = /^tidegate-l2; hit; ttl=\d+, tidegate-l1; fwd=uri-miss; stored$/;
