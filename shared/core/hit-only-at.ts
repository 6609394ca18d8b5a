// Whether one entry of the log alone has hit something: what a write brought may then be kept beside the write's own entry.

import { lastSoft } from "./log-index.ts";
import type { LogView } from "./log-view.ts";
import type { Position } from "./position.ts";
import type { Selector } from "./units.ts";

/**
 * Whether one entry alone has hit any of the selectors since a position: the view reaches back to it and without a gap
 * up to the entry, and knows of no other.
 */
export function hitOnlyAt(
  view: LogView,
  selectors: readonly Selector[],
  { since, entry }: { readonly since: Position; readonly entry: Position },
): boolean {
  if (since.epoch !== view.epoch || entry.epoch !== view.epoch) return false;
  if (view.floor > since.seq || view.cursor < entry.seq) return false;
  return selectors.every((selector) => {
    const newest = view.index.get(selector);
    if (newest === undefined) return true;
    const { hard, hardBefore } = newest;
    if (lastSoft(newest) > since.seq) return false;
    return hard <= since.seq || (hard === entry.seq && hardBefore <= since.seq);
  });
}
