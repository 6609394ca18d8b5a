// When an answer is to be renewed before it expires, so that nobody ever meets it expired (XFetch: Vattani, Chierichetti, Lowenstein 2015).

import { type Millis, millis } from "./units.ts";

/** Of its life: earlier than that costs the origin more than a tenth of its requests, jitter included. */
const MOST = 0.04;
/** Of its life: whoever asks seldom needs time to come by. And where fetches are quick, isolates need to be told apart. */
const LEAST = 0.02;

/**
 * How long before its end an answer that lives for `life` is renewed. An exponential draw on top of twice what its fetch
 * took: isolates that hold the same answer come one after the other, and all but the first find it renewed.
 * `unit`: uniform in [0, 1).
 */
export function leadOf(
  { life, took }: { readonly life: Millis; readonly took: Millis },
  unit: number,
): Millis {
  const drawn = took * (2 - Math.log(1 - unit));
  const spread = LEAST + (MOST - LEAST) * unit;
  return millis(Math.min(MOST * life, Math.max(spread * life, drawn)));
}
