// The edges that can be addressed, as whoever runs them names them.

import * as z from "zod";
import { readText } from "./faults.ts";
import { isEdgeUrl, withoutClosingSlash } from "./internal.ts";
import { type Fault, parseJson } from "./json.ts";

/** Where the list is replaced, by a signed request with the same JSON array that EDGES holds. */
export const EDGES_PATH = "/.tidegate/edges";

export const edgeIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'");

const listedEdgeSchema = z.strictObject({
  id: edgeIdSchema,
  url: z.string().refine(isEdgeUrl, "must be http(s)://host[:port]"),
  clientUrl: z.string().refine(isEdgeUrl, "must be http(s)://host[:port]").nullish(),
  region: z.string().max(64).nullish(),
  /** The leader of the edge's process group, where it is a process of this machine. */
  pid: z.int().positive().nullish(),
});

/** More edges than this need fan-out in pages, which nothing here does yet: no setting could allow them. */
const MOST_EDGES = 500;

export interface ListedEdge {
  readonly id: string;
  /** Without a closing slash. */
  readonly url: string;
  /** Where clients ask it, if that is elsewhere. */
  readonly clientUrl?: string;
  readonly region: string | null;
  readonly pid: number | null;
}

export type EdgeListOutcome =
  | { readonly kind: "edges"; readonly edges: readonly ListedEdge[] }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

const listSchema = z.array(listedEdgeSchema, "is not a list of edges").max(MOST_EDGES);

export function readEdgeList(text: string): EdgeListOutcome {
  const read = readText(listSchema, text);
  if (read.kind === "invalid") return read;
  const edges = read.value.map(
    ({ id, url, clientUrl, region, pid }): ListedEdge => ({
      id,
      url: withoutClosingSlash(url),
      ...(clientUrl != null && { clientUrl: withoutClosingSlash(clientUrl) }),
      region: region ?? null,
      pid: pid ?? null,
    }),
  );
  const faults = edges.flatMap(({ id }, index) =>
    edges.findIndex((edge) => edge.id === id) < index
      ? [{ pointer: `/${index}/id`, message: `repeats ${JSON.stringify(id)}` }]
      : [],
  );
  return faults.length > 0 ? { kind: "invalid", faults } : { kind: "edges", edges };
}

export const encodeListedEdge = (edge: ListedEdge): string => JSON.stringify(edge);

export function decodeListedEdge(text: string): ListedEdge | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  const { id, url, clientUrl, region, pid } = value as Record<string, unknown>;
  if (typeof id !== "string" || typeof url !== "string") return null;
  return {
    id,
    url,
    ...(typeof clientUrl === "string" && { clientUrl }),
    region: typeof region === "string" ? region : null,
    pid: typeof pid === "number" ? pid : null,
  };
}
