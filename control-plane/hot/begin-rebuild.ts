// Begins the warm-ups by which whoever has lost what it held is given the hottest of it: one a site, once however often.

import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";
import type { NewWarmup } from "../../shared/mid-tier/warmups.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface RebuildOf extends Pick<NewWarmup, "edges" | "into"> {
  /** The same loss has the same name, whoever sees to it. */
  readonly name: readonly (string | number)[];
  /** The hottest first. */
  readonly keys: readonly RankedKey[];
}

export type BegunJobs =
  | { readonly kind: "jobs"; readonly ids: readonly string[]; readonly begun: number }
  | Unavailable;

export async function beginRebuild(
  { warmups, digest }: Pick<ControlPlane, "warmups" | "digest">,
  { name, keys, edges, into }: RebuildOf,
): Promise<BegunJobs> {
  const ids: string[] = [];
  let begun = 0;
  for (const [site, urls] of bySite(keys)) {
    const id = await digest.sha256Hex([...name, site].join("\n"));
    const created = await warmups.create({
      ...{ id, requestDigest: id, site, actor: "control-plane", urls, edges, into },
      ratePerSecond: LIMITS.rebuildRate,
      concurrency: LIMITS.rebuildConcurrency,
      behind: LIMITS.rebuildBehind,
    });
    if (created.kind === "unavailable") return created;
    if (created.kind === "created") begun += 1;
    ids.push(id);
  }
  return { kind: "jobs", ids, begun };
}

/** Each in the order in which they came, without what is asked for too seldom to be missed. */
function bySite(keys: readonly RankedKey[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const { key, share } of keys)
    if (share >= LIMITS.rebuildShare)
      targets.set(key.site, [...(targets.get(key.site) ?? []), encodeTarget(key)]);
  return targets;
}
