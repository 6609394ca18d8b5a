// A value that the program itself knows: kept as of the position at which it has invalidated all others.

import type { Position } from "../../shared/core/position.ts";
import { millis } from "../../shared/core/units.ts";
import { acquireLease } from "./acquire.ts";
import type { CacheCore } from "./core.ts";
import { keepLoaded } from "./flight.ts";
import type { Job } from "./job.ts";
import { wrong } from "./options.ts";
import { pack } from "./values.ts";

/** Not kept where somebody has the lease already: he loads what is newer than this, or as new. */
export async function write(
  core: CacheCore,
  job: Job,
  { value, position }: { readonly value: unknown; readonly position: Position },
): Promise<void> {
  if (job.ttl === null && job.rules.ttl === null)
    throw wrong("ttl", `class ${job.rules.class} has no ttl of its own: the call has to say one`);
  const packed = pack(core.serializer, value);
  const right = await acquireLease(core, job, position);
  if (right === null) return;
  const isNothing = value === null || value === undefined;
  const loaded = {
    packed,
    isNothing,
    tags: job.tags,
    ttl: job.ttl,
    stores: true,
    tookMs: millis(0),
  } as const;
  // From before the log was told: somebody may invalidate the key after this entry, and before its word is heard here.
  const loadedAt = job.arrivedAt;
  await keepLoaded(core, job, { right, loaded: { kind: "loaded", ...loaded }, loadedAt });
}
