// A warm-up tried dry: its sitemaps are read, and edges say what they hold of the first targets; nothing is begun.

import { elapsed } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { WarmupError } from "../../shared/mid-tier/warmup-record.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { decodeHeld, encodeHeldCall, HELD_PATH, type HeldReply } from "../../shared/wire/held.ts";
import { decodeTarget, encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { ReferenceContext } from "../invalidate/reference.ts";
import type { WarmupOrder } from "./accept.ts";
import { decodeDocument, encodeDocument } from "./document.ts";
import { edgesFor } from "./edges-for.ts";
import { readForWarmup } from "./list.ts";
import type { Reader } from "./read-through-edge.ts";

/** `unknown`: the edge did not answer. */
export interface HeldBy {
  readonly edge: string;
  readonly tier: HeldReply["held"][number] | "unknown";
}

export interface Rehearsal {
  readonly total: number;
  /** Whether all sitemaps and manifests were read in time. */
  readonly complete: boolean;
  readonly refused: number;
  readonly errors: readonly WarmupError[];
  readonly edges: readonly string[];
  /** The first that would be fetched. */
  readonly targets: readonly {
    readonly url: string;
    readonly variant: number | null;
    readonly held: readonly HeldBy[];
  }[];
}

type Ports = Pick<ControlPlane, "callEdge" | "clock">;

export async function rehearse(
  plane: Ports,
  order: WarmupOrder,
  given: { readonly directory: Directory; readonly reference: ReferenceContext },
): Promise<Rehearsal> {
  const { reachable } = edgesFor(order, given.directory);
  const reader = { callEdge: plane.callEdge, edges: reachable, context: given.reference };
  const listed = await listAll(plane, order, reader);
  const urls = [...listed.urls];
  const first = targetsOf(order, urls).slice(0, LIMITS.rehearsalShown);
  const held = await Promise.all(reachable.map((edge) => heldBy(plane, edge, first)));
  return {
    ...listed,
    total: urls.length * Math.max(1, order.variants.length) + listed.refused,
    edges: reachable.map(({ id }) => id),
    targets: first.map((text, index) => ({
      url: decodeTarget(text)?.url ?? text,
      variant: order.variants.length === 0 ? null : Math.floor(index / urls.length),
      held: held.map(({ edge, tiers }) => ({
        edge,
        tier: tiers === null ? "unknown" : (tiers[index] ?? null),
      })),
    })),
  };
}

interface Listing {
  readonly urls: ReadonlySet<string>;
  readonly complete: boolean;
  readonly refused: number;
  readonly errors: readonly WarmupError[];
}

async function listAll({ clock }: Ports, order: WarmupOrder, reader: Reader): Promise<Listing> {
  const begun = clock.now();
  const urls = new Set(order.urls);
  const errors: WarmupError[] = [];
  const queue = order.documents.map(encodeDocument);
  const seen = new Set<string>(order.documents.flatMap((one) => (one.kind === "sitemap" ? [one.url] : [])));
  const most = Math.floor(LIMITS.warmupTargets / Math.max(1, order.variants.length));
  let refused = 0;
  for (let text = queue.shift(); text !== undefined; text = queue.shift()) {
    const document = decodeDocument(text);
    const isOver = elapsed(begun, clock.now()) >= LIMITS.rehearsalFor || urls.size >= most;
    const outcome = document === null || isOver ? LATER : await readForWarmup(reader, document);
    if (outcome.kind === "later" || seen.size > LIMITS.warmupDocuments)
      return { urls, complete: false, refused, errors };
    const { told } = outcome;
    for (const url of told.urls) urls.add(url);
    refused += told.refused;
    errors.push(...told.errors.slice(0, LIMITS.warmupErrors - errors.length));
    for (const { name, text: found } of told.documents) {
      if (!seen.has(name)) queue.push(found);
      seen.add(name);
    }
    if (told.next !== null) queue.unshift(told.next);
    if (told.again !== null) queue.push(told.again);
  }
  return { urls, complete: true, refused, errors };
}

const LATER = { kind: "later" } as const;

/** As many as may be shown, in the order in which they would be fetched. */
function targetsOf({ variants }: WarmupOrder, urls: readonly string[]): string[] {
  if (variants.length === 0) return urls.slice(0, LIMITS.rehearsalShown);
  const first = urls.slice(0, LIMITS.rehearsalShown);
  return variants.flatMap((headers) => first.map((url) => encodeTarget({ url, headers })));
}

async function heldBy(
  { callEdge }: Ports,
  edge: ListedEdge,
  targets: readonly string[],
): Promise<{ readonly edge: string; readonly tiers: HeldReply["held"] | null }> {
  if (targets.length === 0) return { edge: edge.id, tiers: [] };
  const message = { path: HELD_PATH, body: encodeHeldCall(targets) };
  const answer = await callEdge(edge, message, LIMITS.heldDeadline);
  const reply = answer.kind === "answer" ? decodeHeld(answer.text) : null;
  return { edge: edge.id, tiers: reply?.held ?? null };
}
