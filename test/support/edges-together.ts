// Lone edges with one L2, one origin and one clock, which the test turns.

import { millis } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { Chance } from "../simulator/chance.ts";
import { type LoneEdge, loneEdge } from "./lone-edge.ts";
import { type SmallL2, smallL2 } from "./small-l2.ts";

export interface EdgesTogether {
  readonly edges: readonly LoneEdge[];
  readonly l2: SmallL2;
  /** What all of them have asked the origin. */
  asked(): number;
  origin(says: (request: OriginRequest) => OriginOutcome | Promise<OriginOutcome>): void;
  /** Resolves when so much time has passed. */
  takes(span: number): Promise<void>;
  /** Time passes, in steps of 10 ms, and whatever it sets off goes as far as it gets. */
  pass(span: number): Promise<void>;
}

const STEP = 10;

/** As far as all get without the clock. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * `blobs`: of the data centre that an edge is in, by their clock; else each is alone in its own, and finds nothing there.
 * `bucketBlobs`: of all of them.
 */
export async function edgesTogether(
  count: number,
  policies: readonly Record<string, unknown>[] = [],
  blobs: ((now: () => number, edge: number) => BlobStore) | null = null,
  bucketBlobs: BlobStore | null = null,
): Promise<EdgesTogether> {
  const due: { at: number; run: () => void }[] = [];
  const now = (): number => edges[0]?.now ?? 0;
  const after: Timers["after"] = (span, run) => {
    const timer = { at: now() + span, run };
    due.push(timer);
    return () => void (due.includes(timer) && due.splice(due.indexOf(timer), 1));
  };
  const takes = (span: number): Promise<void> => new Promise((resolve) => void after(millis(span), resolve));
  const timers: Timers = { after, sleep: takes };
  const l2 = smallL2(now);
  // How long each waits between two looks is the same in every run.
  const random = new Chance("edges");
  const common = { midTier: l2, timers, random, ...(bucketBlobs !== null && { bucketBlobs }) };
  const edges = Array.from({ length: count }, (_, at) =>
    loneEdge(policies, { ...common, hashSeed: at + 1, ...(blobs !== null && { blobs: blobs(now, at) }) }),
  );
  for (const edge of edges) await edge.beat();
  return {
    edges,
    l2,
    asked: () => edges.reduce((sum, { asked }) => sum + asked.length, 0),
    origin(says) {
      for (const edge of edges) edge.origin = says;
    },
    takes,
    async pass(span) {
      await turns();
      for (let left = span; left > 0; left -= STEP) {
        for (const edge of edges) edge.now += millis(Math.min(STEP, left));
        for (const timer of due.filter(({ at }) => at <= now())) {
          due.splice(due.indexOf(timer), 1);
          timer.run();
        }
        await turns();
      }
    },
  };
}
