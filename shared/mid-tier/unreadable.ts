// What of the journal could not be read: a reply may have been garbled on its way, but not twice.

import type { Millis } from "../core/units.ts";
import type { Delivery } from "../ports/journal.ts";

/** As many as are remembered at once, which is as many as may wait on a database. */
const MOST = 10_000;

/** Where it is kept whole, giving it up would take it out of the order of its key until somebody looks. */
export class Unreadable {
  private readonly once = new Set<string>();

  /** What becomes of an operation that could not be read just now; `after`: when it is handed out again. */
  deliveryOf(id: string, after: Millis): Delivery {
    if (this.once.delete(id)) return { kind: "dead", why: "its record is damaged" };
    if (this.once.size >= MOST) this.once.clear();
    this.once.add(id);
    return { kind: "held", after, why: "its record could not be read" };
  }
}
