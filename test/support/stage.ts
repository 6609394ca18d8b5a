// A cluster that several stories play on, one after the other: each brings its own paths or sites, and leaves it well.

import { afterAll, beforeAll } from "vitest";
import type { TestCluster } from "./cluster.ts";

/** Declares it for all tests of a file; it is there as soon as the first of them runs. */
export function clusterStage<C extends TestCluster>(start: () => Promise<C>): () => C {
  let cluster: C | undefined;
  beforeAll(async () => {
    cluster = await start();
  }, 60_000);
  afterAll(() => cluster?.stop(), 60_000);
  return () => {
    if (cluster === undefined) throw new Error("the stage is not set yet");
    return cluster;
  };
}
