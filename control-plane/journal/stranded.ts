// Acknowledged writes that wait in the journal, and that a change of policies or sites would have overtaken.

import { type Place, placeOf, type Routing, rulesFor } from "../../shared/core/routing.ts";
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

/** A write waits in the journal by what would be changed; of which URL, where that is known. */
export interface Journalled {
  readonly kind: "journalled";
  readonly url: string | null;
}

export const journalled = (stranded: Exclude<Stranded, { kind: "none" }>): Journalled => ({
  kind: "journalled",
  url: stranded.kind === "some" ? stranded.url : null,
});

export const NONE_STRANDED: Stranded = { kind: "none" };

/**
 * Edges that go by the later configuration would send writes of such a URL past those that wait, or look for these under
 * another key: the origin would be left with the older value.
 */
export async function strandedBy(
  plane: Pick<ControlPlane, "journal" | "parseUrl">,
  { before, after }: { readonly before: Fields; readonly after: Fields },
): Promise<Stranded> {
  const [was, becomes] = [before, after].map((fields) => readConfiguration(fields, FALLBACK_SITE).routing);
  if (was === undefined || becomes === undefined || !concernsJournal(was, becomes)) return NONE_STRANDED;
  let cursor: JournalCursor | null = null;
  for (let pages = 0; pages < LIMITS.strandedPages; pages++) {
    const page = await plane.journal.list({ only: "all", after: cursor, most: LIMITS.strandedPage });
    if (page.kind === "unavailable" || page.silent.length > 0) return { kind: "unknown" };
    for (const { url } of page.operations)
      if (namedBy(plane, was, url) !== namedBy(plane, becomes, url)) return { kind: "some", url };
    cursor = page.next;
    if (cursor === null) return NONE_STRANDED;
  }
  return { kind: "unknown" };
}

/** A change behind the last policy that writes back takes nothing from any of them. */
function concernsJournal(was: Routing, becomes: Routing): boolean {
  return [...was.policies].some(([site, policies]) => {
    const last = policies.findLastIndex(({ rules }) => rules.write === "write-back");
    if (last < 0) return false;
    const upTo = ({ policies, sites }: Routing): string =>
      JSON.stringify([
        policies.get(site)?.slice(0, last + 1),
        sites.map(({ name, hosts, aliases, canonicalHost }) => [name, hosts, aliases, canonicalHost]),
      ]);
    return upTo(was) !== upTo(becomes);
  });
}

/** What says under which key the journal has a URL's values, if it has them. */
function namedBy({ parseUrl }: Pick<ControlPlane, "parseUrl">, routing: Routing, url: string): string {
  const parsed = parseUrl(url);
  const place: Place | null = parsed === null ? null : placeOf(routing, parsed.parts);
  if (place === null) return "";
  const { write, key, journal } = rulesFor(routing, place);
  return write === "write-back" ? JSON.stringify([place.site.name, place.url, key, journal.shared]) : "";
}
