// An answer of L2 as this host holds it: its age is what Redis counted, and all of the time that the reply took.

import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import { earlier, elapsed, type Instant, millis } from "../../shared/core/units.ts";
import type { L2Answer } from "../../shared/ports/mid-tier.ts";

export function heldFromL2(
  { answer, residence, verifiedTo }: L2Answer,
  { askedAt, now }: { readonly askedAt: Instant; readonly now: Instant },
): HeldAnswer {
  const transit = elapsed(askedAt, now);
  const bornAt = earlier(askedAt, millis(answer.ageWhenSent + residence + transit));
  return { answer, verifiedTo, bornAt, sentAt: null };
}
