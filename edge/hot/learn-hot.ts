// Takes in what the control plane says is hot: kept in memory, and known to whoever asks.

import type { CacheKey } from "../../shared/core/units.ts";
import type { WarmTarget } from "../../shared/wire/warm-target.ts";
import type { Edge } from "../edge.ts";

/**
 * By its own configuration and what it knows of variants, an edge finds the keys that are meant; what it does not serve
 * is not hot here. Hottest first.
 */
export async function learnHot(edge: Edge, targets: readonly WarmTarget[]): Promise<void> {
  const keys = new Set<CacheKey>();
  const named = new Set<CacheKey>();
  for (const { url, headers } of targets) {
    const request = { url, header: (name: string) => headers.find(([key]) => key === name)?.[1] ?? null };
    const route = edge.router.route(request);
    if (route === null) continue;
    const key = edge.memory.variantKey(route.key, request);
    keys.add(key);
    named.add(key).add(route.key);
  }
  edge.memory.hold(keys);
  const digest = async (key: CacheKey): Promise<[string, string]> => [
    key,
    edge.heat.digestOf(key) ?? (await edge.digest.sha256Hex(key)),
  ];
  edge.heat.learn(new Map(await Promise.all([...named].map(digest))));
}
