// How much may be broken at once: one database or a minority of edges, and nothing beside `control`.

import type { Breakable } from "./lever.ts";

export const isEdge = (place: Breakable): boolean => place.startsWith("edge-");

/** As many of them as leave more than half. */
export const minorityOf = (edges: number): number => Math.max(0, Math.ceil(edges / 2) - 1);

/** Why the next one may not be broken as well; null where it may. */
export function refusalOf(
  next: Breakable,
  { broken, edges }: { broken: ReadonlySet<Breakable>; edges: number },
): string | null {
  const others = [...broken].filter((place) => place !== next);
  if (next === "control" && others.length > 0) return `${others.join(", ")} is broken already`;
  if (others.includes("control")) return "control is broken, and nothing else may be beside it";
  const alike = others.filter((place) => isEdge(place) === isEdge(next));
  if (!isEdge(next)) return alike.length === 0 ? null : `${alike.join(", ")} is broken already`;
  const most = minorityOf(edges);
  return alike.length < most ? null : `of ${edges} edges no more than ${most} may be broken at once`;
}
