// One step of a warm-up that is listing: the next document is read through an edge, and what it told is recorded.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Warmup } from "../../shared/mid-tier/warmup-record.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { siteNamed } from "../invalidate/accept.ts";
import { referenceTo } from "./accept.ts";
import { type Document, decodeDocument } from "./document.ts";
import { edgesFor } from "./edges-for.ts";
import { leftUnread, readForWarmup, type Told } from "./list.ts";

export type ListingPorts = Pick<
  ControlPlane,
  "warmups" | "callEdge" | "log" | "settings" | "routings" | "parseUrl"
>;

export interface Listed {
  readonly warmup: Warmup;
  readonly directory: Directory;
}

/** `later`: nobody could read it now. `over`: there is nothing to do for the caller. */
export type ListedNext =
  | { readonly kind: "went" }
  | { readonly kind: "later" }
  | { readonly kind: "over" }
  | Unavailable;

export async function listNext(plane: ListingPorts, { warmup, directory }: Listed): Promise<ListedNext> {
  const next = await plane.warmups.document(warmup.id);
  if (next.kind === "unavailable") return next;
  if (next.text === null) return { kind: "over" };
  const told = await toldBy(plane, { warmup, directory }, decodeDocument(next.text));
  if (told.kind !== "told") return told;
  const standing = await plane.warmups.extend(warmup, { ...told.told, read: next.text });
  if (standing.kind === "unavailable") return standing;
  return { kind: standing.kind === "over" ? "over" : "went" };
}

async function toldBy(
  plane: ListingPorts,
  { warmup, directory }: Listed,
  document: Document | null,
): Promise<Told | Unavailable> {
  const { now, at, site: name, documents } = warmup;
  if (document === null) return dropped(NO_DOCUMENT, "was damaged in Redis");
  if (now - at > LIMITS.listingFor)
    return dropped(document, `was left unread after ${LIMITS.listingFor / 60_000} minutes of reading others`);
  const known = await readRouting(plane);
  if (known.kind === "unavailable") return known;
  const { routing } = known;
  const site = siteNamed(routing, name);
  if (site === null) return dropped(document, `is of the site ${name}, which there is no more`);
  const listed = directory.edges;
  const { reachable } = edgesFor(warmup, directory);
  const first = reachable.length === 0 ? 0 : documents.read % reachable.length;
  const edges = [...reachable.slice(first), ...reachable.slice(0, first)];
  const context = referenceTo(site, { routing, parse: plane.parseUrl, listed });
  return readForWarmup({ callEdge: plane.callEdge, edges, context }, document);
}

const NO_DOCUMENT: Document = { kind: "sitemap", url: "", depth: 1, from: 0, tries: 0 };

const dropped = (document: Document, reason: string): Told => ({
  kind: "told",
  told: leftUnread(document, reason),
});
