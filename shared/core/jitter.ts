// Deterministic TTL jitter: spreads expiries without letting replicas disagree about them.

import { mixUnit } from "./mix.ts";
import { type Millis, millis } from "./units.ts";

/**
 * A lifetime in `[ttl·(1−fraction), ttl]`, chosen by the key and the lease under which the answer was
 * fetched, so that every replica and every retry of the same fill picks the same one.
 */
export function jitteredLifetime(
  ttl: Millis,
  fraction: number,
  seed: { key: string; lease: string },
): Millis {
  if (ttl <= 0 || fraction <= 0) return ttl;
  return millis(Math.floor(ttl * (1 - fraction * mixUnit(`${seed.lease}\n${seed.key}`))));
}
