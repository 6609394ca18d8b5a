// What an edge in virtual time has for clocks, timers, chance and digests.

import type { EdgePorts } from "../../edge/edge.ts";
import { instant } from "../../shared/core/units.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Chance } from "../simulator/chance.ts";
import { DIGEST } from "../simulator/digest.ts";
import { TIME_ZERO } from "../simulator/time-zero.ts";
import type { VirtualTime } from "../simulator/virtual-time.ts";

export function virtualHost(
  time: VirtualTime,
  chance: Chance,
): Pick<EdgePorts, "clock" | "timers" | "random"> & { readonly digest: Digest } {
  const now = () => instant(time.now);
  return {
    digest: DIGEST,
    random: { token: () => chance.token(), unit: () => chance.unit() },
    clock: { now, surely: now, backwardSteps: () => 0, wall: () => TIME_ZERO + time.now },
    timers: {
      sleep: (span) => time.pass(span),
      after: (span, action) => time.after(span, action),
    },
  };
}
