// Acknowledged writes that wait in the journal, and that a change of policies would have overtaken.

import { placeOf, type Routing, rulesFor } from "../../shared/core/routing.ts";
import type { Rules } from "../../shared/core/rules.ts";
import type { JournalCursor } from "../../shared/mid-tier/journal-ledger.ts";
import { readConfiguration } from "../../shared/wire/configuration.ts";
import { LIMITS } from "../config.ts";
import { FALLBACK_SITE } from "../configuration/routings.ts";
import type { ControlPlane } from "../control-plane.ts";

type Fields = ReadonlyMap<string, string>;

export type Stranded =
  | { readonly kind: "none" }
  | { readonly kind: "some"; readonly url: string }
  /** A database did not answer, or more waits than is looked through. */
  | { readonly kind: "unknown" };

/**
 * Edges that go by the later configuration would send writes of such a URL past those that wait, or look for these under
 * another key: the origin would be left with the older value.
 */
export async function strandedBy(
  plane: Pick<ControlPlane, "journal" | "parseUrl">,
  site: string,
  { before, after }: { readonly before: Fields; readonly after: Fields },
): Promise<Stranded> {
  const [was, becomes] = [before, after].map((fields) => readConfiguration(fields, FALLBACK_SITE).routing);
  if (was === undefined || becomes === undefined || !journals(was, site)) return { kind: "none" };
  let cursor: JournalCursor | null = null;
  for (let pages = 0; pages < LIMITS.strandedPages; pages++) {
    const page = await plane.journal.list({ only: "all", after: cursor, most: LIMITS.strandedPage });
    if (page.kind === "unavailable") return { kind: "unknown" };
    for (const { site: of, url } of page.operations)
      if (of === site && isStranded(rulesAt(plane, was, url), rulesAt(plane, becomes, url)))
        return { kind: "some", url };
    cursor = page.next;
    if (cursor === null) return page.silent.length > 0 ? { kind: "unknown" } : { kind: "none" };
  }
  return { kind: "unknown" };
}

const journals = ({ policies }: Routing, site: string): boolean =>
  policies.get(site)?.some(({ rules }) => rules.write === "write-back") === true;

function rulesAt({ parseUrl }: Pick<ControlPlane, "parseUrl">, routing: Routing, url: string): Rules | null {
  const parsed = parseUrl(url);
  const place = parsed === null ? null : placeOf(routing, parsed.parts);
  return place === null ? null : rulesFor(routing, place);
}

function isStranded(was: Rules | null, becomes: Rules | null): boolean {
  if (was?.write !== "write-back") return false;
  if (becomes?.write !== "write-back") return true;
  const keyed = ({ key, journal }: Rules): string => JSON.stringify([key, journal.shared]);
  return keyed(was) !== keyed(becomes);
}
