// The edges that can be addressed, as whoever runs them names them.

import { z } from "zod";
import { isEdgeUrl, withoutClosingSlash } from "./internal.ts";
import { parseJson } from "./json.ts";

/** Where the list is replaced, by a signed request with the same JSON array that EDGES holds. */
export const EDGES_PATH = "/.tidegate/edges";

const listedEdgeSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'"),
  url: z.string().refine(isEdgeUrl, "must be http(s)://host[:port]"),
  region: z.string().max(64).nullish(),
  /** The leader of the edge's process group, where it is a process of this machine. */
  pid: z.int().positive().nullish(),
});

/** More edges than this need fan-out in pages. */
const MOST_EDGES = 500;

export interface ListedEdge {
  readonly id: string;
  /** Without a closing slash. */
  readonly url: string;
  readonly region: string | null;
  readonly pid: number | null;
}

/** Null where the text is no such list, or names an edge twice. */
export function decodeEdgeList(text: string): ListedEdge[] | null {
  const parsed = z.array(listedEdgeSchema).max(MOST_EDGES).safeParse(parseJson(text));
  if (!parsed.success) return null;
  const edges = parsed.data.map(
    ({ id, url, region, pid }): ListedEdge => ({
      id,
      url: withoutClosingSlash(url),
      region: region ?? null,
      pid: pid ?? null,
    }),
  );
  return new Set(edges.map(({ id }) => id)).size === edges.length ? edges : null;
}

export const encodeListedEdge = (edge: ListedEdge): string => JSON.stringify(edge);

export function decodeListedEdge(text: string): ListedEdge | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  const { id, url, region, pid } = value as Record<string, unknown>;
  if (typeof id !== "string" || typeof url !== "string") return null;
  return {
    id,
    url,
    region: typeof region === "string" ? region : null,
    pid: typeof pid === "number" ? pid : null,
  };
}
