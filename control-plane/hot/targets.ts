// What is asked for most, as warm-ups name it: by site, the hottest first.

import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";
import { encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";

/** Without what is asked for too seldom to be missed. */
export function hottestTargets(keys: readonly RankedKey[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const { key, share } of keys)
    if (share >= LIMITS.rebuildShare)
      targets.set(key.site, [...(targets.get(key.site) ?? []), encodeTarget(key)]);
  return targets;
}
