// Which edges there are, and where each was when it was last seen.

import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { decodeListedEdge, encodeListedEdge, type ListedEdge } from "../wire/edge-list.ts";
import { parseJson } from "../wire/json.ts";
import type { ToldWatch } from "../wire/request-tail.ts";
import { EDGES, EDGES_DEPARTED, EDGES_LISTED, LOG_HEAD, TAIL_WATCHES } from "./keys.ts";
import { watchesIn } from "./request-tails.ts";
import { evalCommand, millisecondsOf, scriptReply } from "./script.ts";
import DIRECTORY from "./scripts/directory.lua";
import REPLACE_EDGES from "./scripts/replace-edges.lua";

/** An edge's own words at `seenAt`, which is Redis TIME in milliseconds. */
export interface Sighting {
  readonly seenAt: number;
  readonly boot: string;
  readonly region: string;
  /** Which build it runs; null where it does not say. */
  readonly version?: string | null;
  /** `"<epoch>-<seq>"`, null while cold. */
  readonly position: string | null;
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number;
}

export interface Directory {
  readonly edges: readonly ListedEdge[];
  /** Changes whenever the list is replaced: what was found of one edition does not hold of the next. */
  readonly edition: string;
  /** Who has left the list and when, Redis TIME: until it is fenced it may go on serving what was purged before then. */
  readonly departed: ReadonlyMap<string, number>;
  readonly sightings: ReadonlyMap<string, Sighting>;
  /** Who watches requests as they happen: here because every round of questions reads this. */
  readonly watches: readonly ToldWatch[];
  /** Up to where the log told of itself; null where there is none yet. */
  readonly head: Position | null;
  /** Changes with all that is appended to the log, and with all that it tells; empty where there is none yet. */
  readonly logMark: string;
  /** When it last told of something later than it was appended, Redis TIME, milliseconds; null where it never has. */
  readonly confirmedAt: number | null;
  /** Redis TIME, milliseconds. */
  readonly now: number;
}

export type DirectoryOutcome = { readonly kind: "directory"; readonly directory: Directory } | Unavailable;

export interface EdgeDirectory {
  read(): Promise<DirectoryOutcome>;
  replace(edges: readonly ListedEdge[]): Promise<Replaced>;
  /** Puts the environment's list in force where it says something new, so that whoever leaves by that is noticed. */
  adopt(): Promise<Replaced>;
}

export type Replaced = { readonly kind: "replaced" } | Unavailable;

/** The environment's list counts until it is replaced, and again as soon as the environment says something else. */
export interface DirectoryConfig {
  readonly environment: { readonly text: string; readonly edges: readonly ListedEdge[] };
  readonly deadline: Millis;
  /** As long as any receipt that they may owe something to. */
  readonly departedKept: Millis;
}

/** No edge's id begins with a slash. */
const ENVIRONMENT_FIELD = "/environment";
const EDITION_FIELD = "/edition";

export function createEdgeDirectory(redis: Redis, config: DirectoryConfig): EdgeDirectory {
  return {
    read: () => readDirectory(redis, config),
    replace: (edges) => replaceEdges(redis, config, { mode: "replace", edges }),
    adopt: () => replaceEdges(redis, config, { mode: "adopt", edges: config.environment.edges }),
  };
}

const HASHES = [EDGES_LISTED, EDGES, EDGES_DEPARTED, TAIL_WATCHES, LOG_HEAD];

async function readDirectory(redis: Redis, config: DirectoryConfig): Promise<DirectoryOutcome> {
  // Of one instant: whatever was seen of an edge by then, a log that has lost nothing is as far by then.
  const outcome = await redis.run([evalCommand(DIRECTORY, HASHES, [])], config.deadline);
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable")
    return { kind: "unavailable", reason: "the edge directory did not answer" };
  const now = millisecondsOf(reply.strings);
  const [listed = [], seen = [], departed = [], watches = [], head = []] = hashesIn(reply.strings.slice(2));
  const { edges, leaving } = readList(pairs(listed), config);
  const left = pairs(departed).map(([id, at]) => [id, Number(at)] as const);
  const directory = {
    now,
    edges,
    edition: new Map(pairs(listed)).get(EDITION_FIELD) ?? "",
    departed: new Map([...left, ...leaving.map((id) => [id, now] as const)]),
    sightings: readSightings(pairs(seen)),
    watches: watchesIn(watches, now),
    ...readHead(new Map(pairs(head))),
  };
  return { kind: "directory", directory };
}

/** Of each one, how many words it holds and those. */
function hashesIn(strings: readonly string[]): (readonly string[])[] {
  const hashes: (readonly string[])[] = [];
  for (let at = 0; at < strings.length; ) {
    const from = at + 1;
    at = from + Number(strings[at]);
    hashes.push(strings.slice(from, at));
  }
  return hashes;
}

function readHead(fields: ReadonlyMap<string, string>): Pick<Directory, "head" | "confirmedAt" | "logMark"> {
  const [epoch, confirmedAt] = [fields.get("epoch"), fields.get("confirmed")];
  // A log that an older release wrote has told of everything.
  const seq = fields.get("durable") ?? fields.get("seq");
  return {
    head: epoch === undefined || seq === undefined ? null : { epoch: Number(epoch), seq: Number(seq) },
    confirmedAt: confirmedAt === undefined ? null : Number(confirmedAt),
    logMark: MARKING.map((name) => fields.get(name) ?? "")
      .join(" ")
      .trim(),
  };
}

/** Hashes are chained, so that no other log has the same. */
const MARKING = ["epoch", "seq", "hash", "durable", "durable-hash", "confirmed"];

async function replaceEdges(
  redis: Redis,
  { environment, deadline, departedKept }: DirectoryConfig,
  { mode, edges }: { mode: "replace" | "adopt"; edges: readonly ListedEdge[] },
): Promise<Replaced> {
  const named = environment.edges.map(({ id }) => id);
  const fields = edges.flatMap((edge) => [edge.id, encodeListedEdge(edge)]);
  const args = [environment.text, mode, departedKept, named.length, ...named, ...fields];
  const command = evalCommand(REPLACE_EDGES, [EDGES_LISTED, EDGES_DEPARTED, EDGES], args);
  const reply = scriptReply(await redis.run([command], deadline));
  return reply.kind === "unavailable" ? reply : { kind: "replaced" };
}

/** `leaving`: on the list that was kept, which the environment's own has replaced without anybody noting it yet. */
function readList(
  fields: readonly (readonly [string, string])[],
  config: DirectoryConfig,
): { readonly edges: readonly ListedEdge[]; readonly leaving: readonly string[] } {
  const { text, edges } = config.environment;
  const inForce = fields.some(([id, value]) => id === ENVIRONMENT_FIELD && value === text);
  const kept = fields.flatMap(([id, value]) => (id.startsWith("/") ? [] : (decodeListedEdge(value) ?? [])));
  const list = [...(inForce ? kept : edges)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ids = new Set(list.map(({ id }) => id));
  return { edges: list, leaving: kept.flatMap(({ id }) => (ids.has(id) ? [] : [id])) };
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
      version: report.version ?? null,
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
