// Reads an edge's environment once; what can't be read is told and left out, and the edge serves all the same.

import type { BucketTerms } from "../shared/core/token-bucket.ts";
import { type Database, readDatabases } from "../shared/wire/databases.ts";
import { edgeIdSchema } from "../shared/wire/edge-list.ts";
import { isEdgeUrl, withoutClosingSlash } from "../shared/wire/internal.ts";
import { parseJson } from "../shared/wire/json.ts";
import { readShare } from "../shared/wire/origin-limits.ts";

/** All of it is text, but for what Cloudflare itself tells of a deployment. */
export interface Environment {
  /** The database named `control`. Without it there is no log, so nothing is read from a tier or stored. */
  readonly UPSTASH_REDIS_REST_URL?: string;
  readonly UPSTASH_REDIS_REST_TOKEN?: string;
  /** JSON: the databases that hold answers, where it isn't `control` alone. */
  readonly SHARDS?: string;
  readonly EDGE_ID?: string;
  readonly EDGE_REGION?: string;
  /** Without it nothing signed is sent or taken: no pushes, no gossip, no receipts. */
  readonly CLUSTER_KEY?: string;
  /** JSON, id → URL: where peers are reached, where not at the URLs that the control plane tells. */
  readonly PEER_URLS?: string;
  /** JSON, rate and burst: what this isolate may ask of origins while the mid-tier is away; else what each site says. */
  readonly ORIGIN_SHARE?: string;
  /** `off`: requests are not counted. */
  readonly METRICS?: string;
  /** `on`: answers say in `Server-Timing` which tiers they have passed, and how long each took. */
  readonly SERVER_TIMING?: string;
  /** Which build this is, as its deployment calls it. */
  readonly VERSION?: string;
  /** The same as Cloudflare has it. */
  readonly CF_VERSION_METADATA?: { readonly id: string; readonly tag: string };
  /** `on`: whoever holds the cluster's key may shift this edge's wall clock. For experiments, never in production. */
  readonly CHAOS?: string;
  /** `cache-api`: isolates of a data centre share what one of them pulls of the log; `off`: each pulls for itself. */
  readonly SHARED_VIEW?: string;
}

export interface ReadEnvironment {
  readonly id: string;
  readonly region: string;
  /** Null where nobody has said. */
  readonly version: string | null;
  /** Empty where there is none. */
  readonly clusterKey: string;
  readonly peerUrls: ReadonlyMap<string, string>;
  readonly originShare: BucketTerms | null;
  readonly countsRequests: boolean;
  readonly serverTiming: boolean;
  readonly sharesView: boolean;
  readonly control: Pick<Database, "url" | "token">;
  /** None where they can't be read: no answers are shared then. */
  readonly databases: readonly Database[];
  /** What of it is missing or could not be read. */
  readonly faults: readonly string[];
}

export function readEnvironment(env: Environment): ReadEnvironment {
  const { EDGE_ID: id = "edge", EDGE_REGION: region = "local", CLUSTER_KEY: clusterKey = "" } = env;
  const faults: string[] = [];
  if (!edgeIdSchema.safeParse(id).success)
    faults.push("EDGE_ID can't stand in EDGES: it must be 1 to 64 letters, digits, '.', '_' or '-'");
  if (clusterKey === "")
    faults.push("CLUSTER_KEY is not set: no push, no peer and no beat reaches this edge");
  const peerUrls = readPeerUrls(env.PEER_URLS ?? "{}", faults);
  const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = env;
  const control = { url, token };
  const read = readDatabases(env.SHARDS, control);
  if (read.kind === "invalid") faults.push(`${read.reason}; no answers are shared`);
  const databases = read.kind === "invalid" ? [] : read.databases;
  const originShare = readOriginShare(env.ORIGIN_SHARE, faults);
  const { METRICS: metrics = "on" } = env;
  if (metrics !== "on" && metrics !== "off") faults.push("METRICS must be on or off; requests are counted");
  const countsRequests = metrics !== "off";
  const serverTiming = env.SERVER_TIMING === "on";
  return {
    id,
    region,
    version: versionIn(env),
    clusterKey,
    peerUrls,
    originShare,
    countsRequests,
    serverTiming,
    sharesView: readSharedView(env, faults),
    control,
    databases,
    faults,
  };
}

const VERSION_LENGTH = 64;

function versionIn({ VERSION, CF_VERSION_METADATA: told }: Environment): string | null {
  const version = [VERSION, told?.tag, told?.id].find((text) => text !== undefined && text !== "");
  return version?.slice(0, VERSION_LENGTH) ?? null;
}

/** What is shared is sealed with the cluster's key: without one anybody in the zone could tell an edge what to believe. */
function readSharedView(
  { SHARED_VIEW: where = "off", CLUSTER_KEY: key = "" }: Environment,
  faults: string[],
): boolean {
  if (where !== "off" && where !== "cache-api")
    faults.push("SHARED_VIEW must be cache-api or off; each isolate pulls for itself");
  if (where === "cache-api" && key === "")
    faults.push("SHARED_VIEW needs CLUSTER_KEY; each isolate pulls for itself");
  return where === "cache-api" && key !== "";
}

function readOriginShare(text: string | undefined, faults: string[]): BucketTerms | null {
  if (text === undefined) return null;
  const read = readShare(text);
  if (read.kind === "share") return read.terms;
  for (const { pointer, message } of read.faults)
    faults.push(`ORIGIN_SHARE${pointer && `: ${pointer}`} ${message}`);
  return null;
}

function readPeerUrls(text: string, faults: string[]): Map<string, string> {
  const urls = new Map<string, string>();
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    faults.push("PEER_URLS is not a JSON object that names URLs by id");
    return urls;
  }
  for (const [id, url] of Object.entries(value)) {
    if (typeof url === "string" && isEdgeUrl(url)) urls.set(id, withoutClosingSlash(url));
    else faults.push(`PEER_URLS: ${JSON.stringify(id)} must be http(s)://host[:port]`);
  }
  return urls;
}
