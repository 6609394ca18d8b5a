// Acknowledged writes that an invalidation names and does not hit: the journal has them, and the origin does not yet.

import { keyedPath } from "../../shared/core/cache-key.ts";
import { placeOf, type Routing, rulesFor } from "../../shared/core/routing.ts";
import { selectorsOf } from "../../shared/core/selector.ts";
import { namesOf } from "../../shared/core/spelling.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { JournalCursor, JournalOperation } from "../../shared/mid-tier/journal-ledger.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";

type Ports = Pick<ControlPlane, "journal" | "log" | "parseUrl" | "routings" | "settings">;

/** How many values each of them spares now, by its id. */
export type Spared = (receipts: readonly StoredReceipt[]) => Promise<ReadonlyMap<string, number>>;

/** Of a great many as many as are looked through. What a database that is away holds nobody is served: it does not count. */
export const sparedBy =
  (plane: Ports): Spared =>
  (receipts) =>
    spared(plane, receipts);

async function spared(
  plane: Ports,
  receipts: readonly StoredReceipt[],
): Promise<ReadonlyMap<string, number>> {
  const waiting = receipts.length === 0 ? [] : await valuesWaiting(plane);
  const known = waiting.length === 0 ? null : await readRouting(plane);
  if (known === null || known.kind === "unavailable") return new Map();
  const values = waiting.map(({ url, acceptedAt }) => ({
    acceptedAt,
    selectors: selectorsAt(plane, known.routing, url),
  }));
  return new Map(receipts.map((receipt) => [receipt.id, sparedIn(values, receipt)]));
}

/** The first operation of each key: one stands for one value. */
async function valuesWaiting({ journal }: Ports): Promise<JournalOperation[]> {
  const found: JournalOperation[] = [];
  let cursor: JournalCursor | null = null;
  for (let pages = 0; pages < LIMITS.sparedPages; pages++) {
    const page = await journal.list({ only: "all", after: cursor, most: LIMITS.strandedPage });
    if (page.kind === "unavailable") return found;
    found.push(...page.operations.filter(({ state }) => state !== "behind"));
    cursor = page.next;
    if (cursor === null) return found;
  }
  return found;
}

/** What names the URL now, by the policy that governs it. */
function selectorsAt({ parseUrl }: Ports, routing: Routing, href: string): readonly Selector[] {
  const parsed = parseUrl(href);
  const place = parsed === null ? null : placeOf(routing, parsed.parts);
  if (place === null) return [];
  const { site, url } = place;
  const { key, name, tags } = rulesFor(routing, place);
  const [pathAndQuery, ...alsoAs] = namesOf(keyedPath(url, key));
  return selectorsOf({ site: site.name, host: url.host, class: name, tags, pathAndQuery, alsoAs });
}

function sparedIn(
  values: readonly { readonly acceptedAt: number; readonly selectors: readonly Selector[] }[],
  { at, payload }: StoredReceipt,
): number {
  if (payload?.kind !== "invalidate") return 0;
  const named = new Set(payload.selectors);
  return values.filter(
    ({ acceptedAt, selectors }) => acceptedAt <= at && selectors.some((selector) => named.has(selector)),
  ).length;
}
