// Which edges there are, and where each was when it was last seen.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { decodeListedEdge, encodeListedEdge, type ListedEdge } from "../wire/edge-list.ts";
import { parseJson } from "../wire/log-payload.ts";
import { EDGES, EDGES_LISTED } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import REPLACE_HASH from "./scripts/replace-hash.lua";

/** An edge's own words at `seenAt`, which is Redis TIME in milliseconds. */
export interface Sighting {
  readonly seenAt: number;
  readonly boot: string;
  readonly region: string;
  /** `"<epoch>-<seq>"`, null while cold. */
  readonly position: string | null;
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number;
}

export interface Directory {
  readonly edges: readonly ListedEdge[];
  readonly sightings: ReadonlyMap<string, Sighting>;
  /** Redis TIME, milliseconds. */
  readonly now: number;
}

export type DirectoryOutcome = { readonly kind: "directory"; readonly directory: Directory } | Unavailable;

export interface EdgeDirectory {
  read(): Promise<DirectoryOutcome>;
  replace(edges: readonly ListedEdge[]): Promise<{ readonly kind: "replaced" } | Unavailable>;
}

/** The environment's list counts until it is replaced, and again as soon as the environment says something else. */
export interface DirectoryConfig {
  readonly environment: { readonly text: string; readonly edges: readonly ListedEdge[] };
  readonly deadline: Millis;
}

/** No edge's id begins with a slash. */
const ENVIRONMENT_FIELD = "/environment";

export function createEdgeDirectory(redis: Redis, config: DirectoryConfig): EdgeDirectory {
  return {
    async read() {
      const commands = [["TIME"], ["HGETALL", EDGES_LISTED], ["HGETALL", EDGES]];
      const outcome = await redis.run(commands, config.deadline);
      const [time, listed, seen] = [0, 1, 2].map((index) => scriptReply(outcome, index));
      if (time?.kind !== "strings" || listed?.kind !== "strings" || seen?.kind !== "strings")
        return { kind: "unavailable", reason: "the edge directory did not answer" };
      const now = Number(time.strings[0]) * 1000 + Math.floor(Number(time.strings[1]) / 1000);
      const directory = {
        now,
        edges: readList(pairs(listed.strings), config),
        sightings: readSightings(pairs(seen.strings)),
      };
      return { kind: "directory", directory };
    },
    async replace(edges) {
      const fields = edges.flatMap((edge) => [edge.id, encodeListedEdge(edge)]);
      const args = [ENVIRONMENT_FIELD, config.environment.text, ...fields];
      const command = evalCommand(REPLACE_HASH, [EDGES_LISTED], args);
      const reply = scriptReply(await redis.run([command], config.deadline));
      return reply.kind === "unavailable" ? reply : { kind: "replaced" };
    },
  };
}

function readList(fields: readonly (readonly [string, string])[], config: DirectoryConfig): ListedEdge[] {
  const { text, edges } = config.environment;
  const replaced = fields.some(([id, value]) => id === ENVIRONMENT_FIELD && value === text);
  const list = replaced
    ? fields.flatMap(([id, value]) => (id === ENVIRONMENT_FIELD ? [] : (decodeListedEdge(value) ?? [])))
    : [...edges];
  return list.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `seen-at report`, as `fold-metrics.lua` writes it. */
function readSightings(fields: readonly (readonly [string, string])[]): Map<string, Sighting> {
  const sightings = new Map<string, Sighting>();
  for (const [id, text] of fields) {
    const space = text.indexOf(" ");
    const report = parseJson(text.slice(space + 1)) as Partial<Sighting> | null;
    if (space < 0 || typeof report?.boot !== "string" || typeof report.memoryBytes !== "number") continue;
    sightings.set(id, {
      seenAt: Number(text.slice(0, space)),
      boot: report.boot,
      region: report.region ?? "",
      position: report.position ?? null,
      knownAgeMs: report.knownAgeMs ?? null,
      memoryBytes: report.memoryBytes,
    });
  }
  return sightings;
}

function pairs(strings: readonly string[]): (readonly [string, string])[] {
  const list: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < strings.length; i += 2) list.push([strings[i] ?? "", strings[i + 1] ?? ""]);
  return list;
}
