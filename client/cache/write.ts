// A value that the program itself knows: kept as of the position at which it has invalidated all others.

import type { Position } from "../../shared/core/position.ts";
import { millis } from "../../shared/core/units.ts";
import { acquireLease } from "./acquire.ts";
import type { CacheCore } from "./core.ts";
import { keepLoaded } from "./flight.ts";
import type { Job } from "./job.ts";
import { wrong } from "./options.ts";
import { type Packed, pack } from "./values.ts";

/** A value that can be written. */
export interface Writable {
  readonly packed: Packed;
  readonly isNothing: boolean;
}

/** Throws where it can't be: what others have is not to be invalidated for nothing. */
export function writable({ serializer }: CacheCore, { ttl, rules }: Job, value: unknown): Writable {
  if (ttl === null && rules.ttl === null)
    throw wrong("ttl", `class ${rules.class} has no ttl of its own: the call has to say one`);
  return { packed: pack(serializer, value), isNothing: value === null || value === undefined };
}

/** Not kept where somebody has the lease already: he loads what is newer than this, or as new. */
export async function write(
  core: CacheCore,
  job: Job,
  { value, position }: { readonly value: Writable; readonly position: Position },
): Promise<void> {
  const right = await acquireLease(core, job, position);
  if (right === null) return;
  const { tags, ttl } = job;
  const loaded = { kind: "loaded", ...value, tags, ttl, stores: true, tookMs: millis(0) } as const;
  // From before the log was told: somebody may invalidate the key after this entry, and before its word is heard here.
  await keepLoaded(core, job, { right, loaded, loadedAt: job.arrivedAt });
}
