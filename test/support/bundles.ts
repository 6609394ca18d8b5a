// The workers' bundles, made once for all clusters of a run.

import { inject } from "vitest";
import type { Bundles } from "../../dev/workers.ts";

declare module "vitest" {
  interface ProvidedContext {
    bundles: Bundles;
  }
}

/** Where a cluster finds what `bundle-once.ts` has made before the first test. */
export const bundledOnce = async (): Promise<Bundles> => inject("bundles");
