// The flags of `npm start`: every one checked, every mistake named in one line.

import { REACHES, type Reach, realmOfAddress, realmOfName } from "../shared/core/address.ts";
import { parseFlags } from "./flags.ts";
import { handedOn } from "./handed-on.ts";
import { findRedisServer } from "./redis/launch.ts";

export interface StartOptions {
  readonly origin: URL | null;
  readonly edges: number;
  readonly edgePort: number;
  readonly controlPort: number;
  readonly redis: RedisChoice;
  readonly token: string | null;
  readonly data: string;
  readonly policies: string | null;
  readonly push: boolean;
  /** Where sites' own origins may be beside the world: `loopback` where it is left out. */
  readonly privateOrigins?: Reach;
  /** By the names of its variables; the control plane checks them. */
  readonly handedOn?: Readonly<Record<string, string>>;
  /** None where it is left out. */
  readonly protection?: Protection;
  /** An R2 bucket for each edge: runtimes that are processes of their own can't share one. */
  readonly buckets?: true;
  /** The last edge counts no requests: what counting costs is measured against it. */
  readonly lastUncounted?: true;
  /** Things may be broken on purpose: a fault proxy on every way between processes, and an agent that breaks. */
  readonly chaos?: true;
}

/** How much the origin may be asked for; null = no such limit, or the edges' own. */
export interface Protection {
  readonly rate: number | null;
  readonly burst: number | null;
  readonly concurrency: number | null;
}

/** The first database is `control`; all of them hold answers. */
export type RedisChoice =
  | { readonly kind: "server"; readonly databases: number }
  | { readonly kind: "embedded"; readonly databases: number }
  | { readonly kind: "urls"; readonly urls: readonly string[] }
  | { readonly kind: "upstash"; readonly url: string; readonly token: string };

/** Wrong usage: one line for the user, exit code 2. */
export class UsageError extends Error {}

const MOST_EDGES = 64;
/** Each is a process of its own, and another behind it where it is a redis-server. */
const MOST_SHARDS = 16;

export const USAGE = `Usage: npm start -- [options]
  --origin URL        the server to cache for (default: a built-in demo site)
  --edges N           number of edges, 1 to ${MOST_EDGES} (default 3)
  --edge-port P       port of the first edge (default 8787)
  --control-port C    port of the control plane (default 8780)
  --redis WHAT        server | embedded | redis://…[,redis://…] | https://… (Upstash; token in UPSTASH_REDIS_REST_TOKEN);
                      the first of several is "control", and all of them are shards
  --shards N          databases that are started with server or embedded, 1 to ${MOST_SHARDS} (default 1)
  --token T           the admin token (default: made, and kept in DIR/admin-token)
  --data DIR          where everything is kept between runs (default ./.tidegate)
  --policies FILE     JSON array of policies
  --origin-rate N     requests a second that all edges together may ask of the origin (default: no limit)
  --origin-burst N    as many of them at once (default: what comes in a second)
  --origin-concurrency N  requests that one edge has at the origin at once, at most
  --private-origins W where sites may have their origins beside the world: none | loopback | all (default loopback)
  --no-push           don't push invalidations to edges; they pull within their windows
  --chaos             let experiments break things here (docs/chaos.md): a fault proxy on every way between the
                      processes, which costs a little of every request, and an agent that breaks and heals
  --help`;

const FLAGS = {
  origin: { type: "string" },
  edges: { type: "string" },
  "edge-port": { type: "string" },
  "control-port": { type: "string" },
  redis: { type: "string" },
  shards: { type: "string" },
  token: { type: "string" },
  data: { type: "string" },
  policies: { type: "string" },
  "origin-rate": { type: "string" },
  "origin-burst": { type: "string" },
  "origin-concurrency": { type: "string" },
  "private-origins": { type: "string" },
  "no-push": { type: "boolean" },
  chaos: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Null where help was asked for. Throws `UsageError`. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions | null {
  const flags = parse(args);
  if (flags.help === true) return null;
  const edges = number("--edges", flags.edges ?? "3", { least: 1, most: MOST_EDGES });
  const edgePort = number("--edge-port", flags["edge-port"] ?? "8787", { least: 1, most: 65_536 - edges });
  const controlPort = number("--control-port", flags["control-port"] ?? "8780", { least: 1, most: 65_535 });
  if (controlPort >= edgePort && controlPort < edgePort + edges) {
    throw new UsageError(
      `--control-port ${controlPort} lies among the edges' ports ${edgePort} to ${edgePort + edges - 1}`,
    );
  }
  const redis = redisChoice(flags, env);
  if (flags.chaos === true && redis.kind === "upstash")
    throw new UsageError("--chaos breaks databases of this machine only, not --redis https://…");
  const origin = flags.origin === undefined ? null : originUrl(flags.origin);
  if (origin !== null) requireAnother(origin, { edges, edgePort, controlPort });
  return {
    origin,
    edges,
    edgePort,
    controlPort,
    redis,
    token: flags.token === undefined ? null : tokenText(flags.token),
    data: flags.data ?? ".tidegate",
    policies: flags.policies ?? null,
    push: flags["no-push"] !== true,
    ...(flags.chaos === true && { chaos: true as const }),
    ...reachOf(flags["private-origins"]),
    protection: protection(flags),
    handedOn: handedOn(env),
  };
}

function reachOf(text: string | undefined): { readonly privateOrigins?: Reach } {
  if (text === undefined) return {};
  const reach = REACHES.find((one) => one === text);
  if (reach === undefined)
    throw new UsageError(`--private-origins must be ${REACHES.join(", ")}, not "${text}"`);
  return { privateOrigins: reach };
}

function protection(flags: ReturnType<typeof parse>): Protection {
  const of = (flag: "origin-rate" | "origin-burst" | "origin-concurrency", most: number): number | null => {
    const text = flags[flag];
    return text === undefined ? null : number(`--${flag}`, text, { least: 1, most });
  };
  const [rate, burst] = [of("origin-rate", 1_000_000), of("origin-burst", 1_000_000)];
  if (burst !== null && rate === null) throw new UsageError("--origin-burst needs --origin-rate beside it");
  return { rate, burst, concurrency: of("origin-concurrency", 10_000) };
}

function parse(args: readonly string[]) {
  const flags = parsed(args);
  // An unset variable of a script: nothing that it could stand for is what was meant.
  const [empty] = Object.entries(flags).find(([, value]) => value === "") ?? [];
  if (empty !== undefined) throw new UsageError(`--${empty} is empty`);
  return flags;
}

function parsed(args: readonly string[]) {
  try {
    return parseFlags(args, FLAGS);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(flag: string, text: string, range: { least: number; most: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < range.least || value > range.most) {
    throw new UsageError(
      `${flag} must be a whole number from ${range.least} to ${range.most}, not "${text}"`,
    );
  }
  return value;
}

function originUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UsageError(`--origin must be an http or https URL, not "${text}"`);
  }
  if (url.pathname !== "/" || /[?#]/.test(text) || url.username !== "" || url.password !== "") {
    throw new UsageError("--origin must name a server only, without path, query, fragment or credentials");
  }
  return url;
}

/** What asks itself would ask until time runs out. */
function requireAnother(
  origin: URL,
  { edges, edgePort, controlPort }: Pick<StartOptions, "edges" | "edgePort" | "controlPort">,
): void {
  const { hostname } = origin;
  // All addresses of a machine lead to its own, too.
  const here = hostname === "0.0.0.0" || hostname === "[::]";
  if (!here && (realmOfAddress(hostname) ?? realmOfName(hostname)) !== "loopback") return;
  const port = Number(origin.port || (origin.protocol === "https:" ? 443 : 80));
  const isEdge = port >= edgePort && port < edgePort + edges;
  if (isEdge || port === controlPort)
    throw new UsageError(`--origin ${origin.origin} is ${isEdge ? "an edge" : "the control plane"} itself`);
}

function tokenText(text: string): string {
  if (!/^[\x21-\x7e]{8,256}$/.test(text))
    throw new UsageError("--token must be 8 to 256 visible ASCII characters");
  return text;
}

function redisChoice(
  { redis: text, shards }: { redis?: string | undefined; shards?: string | undefined },
  env: NodeJS.ProcessEnv,
): RedisChoice {
  const kind = text ?? (findRedisServer() === null ? "embedded" : "server");
  if (kind === "server" || kind === "embedded") {
    if (kind === "server" && findRedisServer() === null)
      throw new UsageError("--redis server needs redis-server on PATH; there is none");
    return { kind, databases: number("--shards", shards ?? "1", { least: 1, most: MOST_SHARDS }) };
  }
  if (shards !== undefined)
    throw new UsageError(
      "--shards is for databases that are started here; --redis names those that are there",
    );
  const urls = kind.split(",");
  if (urls.every((url) => /^rediss?:\/\/[^/?#]/.test(url) && URL.canParse(url))) {
    if (urls.length > MOST_SHARDS) throw new UsageError(`--redis takes ${MOST_SHARDS} databases at most`);
    if (new Set(urls).size < urls.length) throw new UsageError("--redis names a database twice");
    return { kind: "urls", urls };
  }
  if (/^https:\/\//.test(kind) && URL.canParse(kind) && urls.length === 1) {
    const token = env.UPSTASH_REDIS_REST_TOKEN;
    if (!token) throw new UsageError("--redis https://… needs UPSTASH_REDIS_REST_TOKEN in the environment");
    return { kind: "upstash", url: kind, token };
  }
  throw new UsageError(`--redis must be server, embedded, redis://…[,redis://…] or https://…, not "${kind}"`);
}
