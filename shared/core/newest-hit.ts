// Which invalidation was the last that hit an answer, for whoever wants to know why it is not served.

import { lastSoft } from "./log-index.ts";
import type { LogView } from "./log-view.ts";
import type { Position } from "./position.ts";
import type { Selector } from "./units.ts";

export interface Hit {
  readonly position: Position;
  readonly mode: "hard" | "soft";
  /** By which it hit. */
  readonly selector: Selector;
}

/** As far as the view reaches; null where it knows of none. Of one entry's selectors the first counts. */
export function newestHit({ index, epoch }: LogView, selectors: readonly Selector[]): Hit | null {
  let newest: Hit | null = null;
  for (const selector of selectors) {
    const known = index.get(selector);
    if (known === undefined) continue;
    const soft = lastSoft(known);
    const [seq, mode] = known.hard >= soft ? ([known.hard, "hard"] as const) : ([soft, "soft"] as const);
    if (seq > (newest?.position.seq ?? 0)) newest = { position: { epoch, seq }, mode, selector };
  }
  return newest;
}
