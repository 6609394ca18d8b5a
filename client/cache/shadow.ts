// Compares a share of what a tier gives with what its loader says now: for whoever wants to see before he trusts.

import type { CacheCore } from "./core.ts";
import type { HeldValue } from "./held.ts";
import type { Job } from "./job.ts";
import { load } from "./load.ts";
import { pack } from "./values.ts";

/** Behind the reader, in the source's turn. What differs need not be wrong: it is what a ttl allows. */
export function compare(
  core: CacheCore,
  job: Job,
  { held, tier }: { readonly held: HeldValue; readonly tier: "near" | "shared" },
): void {
  const { shadow } = core.tiers[tier];
  if (shadow <= 0 || job.loader === null || job.background || core.random.unit() >= shadow) return;
  core.background.keep(compareNow(core, { ...job, background: true }, { held, tier }));
}

async function compareNow(
  core: CacheCore,
  job: Job,
  { held, tier }: { readonly held: HeldValue; readonly tier: "near" | "shared" },
): Promise<void> {
  // It may be at it still, past its time.
  if (core.failing.of(job.key, core.clock.now()) !== null) return;
  const outcome = await load(core, job);
  if (outcome.kind !== "loaded") return;
  core.counters.compared += 1;
  const { octets } = pack(core.serializer, held.value);
  const same =
    octets.length === outcome.packed.octets.length &&
    octets.every((octet, at) => octet === outcome.packed.octets[at]);
  if (same) return;
  core.counters.differed += 1;
  core.telling.tell({ event: "differs", key: job.key, class: job.rules.class, tier });
}
