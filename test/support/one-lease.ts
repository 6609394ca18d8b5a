// An L2 that grants a lease to everybody and keeps nothing; told is what leases were given back with.

import type { LeaseMarker, MidTier } from "../../shared/ports/mid-tier.ts";

export const oneLease = (markers: (LeaseMarker | null)[]): MidTier => ({
  read: async ({ lease }) =>
    lease === null
      ? { kind: "absent" }
      : { kind: "leased", granted: { shard: "one", copies: [], silent: [] } },
  fill: async () => ({ kind: "unavailable", reason: "keeps nothing" }),
  async release({ marker }) {
    markers.push(marker);
    return "released";
  },
  renew: async () => "renewed",
  verified: async () => undefined,
});
