// The edges of a warm-up that seem to be there, and those that don't.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { showEdges } from "../edges/show-edges.ts";

/**
 * Calling an edge that is away would cost the whole batch its deadline. One that nobody has asked yet may well be
 * there, and so may all of them where all seem away.
 */
export function edgesFor(
  { edges }: { readonly edges: readonly string[] | null },
  directory: Directory,
): Record<"reachable" | "silent", readonly ListedEdge[]> {
  const wanted = directory.edges.filter(({ id }) => edges === null || edges.includes(id));
  const away = new Set(
    showEdges(directory).flatMap(({ id, state, lastSeenMs }) =>
      state === "silent" && lastSeenMs !== null ? [id] : [],
    ),
  );
  const reachable = wanted.filter(({ id }) => !away.has(id));
  return reachable.length === 0
    ? { reachable: wanted, silent: [] }
    : { reachable, silent: wanted.filter(({ id }) => away.has(id)) };
}
