// The flags of `npm start`: every one checked, every mistake named in one line.

import { parseArgs } from "node:util";
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
}

export type RedisChoice =
  | { readonly kind: "server" }
  | { readonly kind: "embedded" }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "upstash"; readonly url: string; readonly token: string };

/** Wrong usage: one line for the user, exit code 2. */
export class UsageError extends Error {}

const MOST_EDGES = 64;

export const USAGE = `Usage: npm start -- [options]
  --origin URL        the server to cache for (default: a built-in demo site)
  --edges N           number of edges, 1 to ${MOST_EDGES} (default 3)
  --edge-port P       port of the first edge (default 8787)
  --control-port C    port of the control plane (default 8780)
  --redis WHAT        server | embedded | redis://… | https://… (Upstash; token in UPSTASH_REDIS_REST_TOKEN)
  --token T           the admin token (default: made, and kept in DIR/admin-token)
  --data DIR          where everything is kept between runs (default ./.tidegate)
  --policies FILE     JSON array of policies
  --no-push           don't push invalidations to edges; they pull within their windows
  --help`;

const FLAGS = {
  origin: { type: "string" },
  edges: { type: "string" },
  "edge-port": { type: "string" },
  "control-port": { type: "string" },
  redis: { type: "string" },
  token: { type: "string" },
  data: { type: "string" },
  policies: { type: "string" },
  "no-push": { type: "boolean" },
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
  return {
    origin: flags.origin === undefined ? null : originUrl(flags.origin),
    edges,
    edgePort,
    controlPort,
    redis: redisChoice(flags.redis, env),
    token: flags.token === undefined ? null : tokenText(flags.token),
    data: flags.data ?? ".tidegate",
    policies: flags.policies ?? null,
    push: flags["no-push"] !== true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "");
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
  if (url.pathname !== "/" || url.search !== "" || url.username !== "") {
    throw new UsageError("--origin must name a server only, without path, query or credentials");
  }
  return url;
}

function tokenText(text: string): string {
  if (!/^[\x21-\x7e]{8,256}$/.test(text))
    throw new UsageError("--token must be 8 to 256 visible ASCII characters");
  return text;
}

function redisChoice(text: string | undefined, env: NodeJS.ProcessEnv): RedisChoice {
  if (text === undefined) return { kind: findRedisServer() === null ? "embedded" : "server" };
  if (text === "embedded") return { kind: "embedded" };
  if (text === "server") {
    if (findRedisServer() === null)
      throw new UsageError("--redis server needs redis-server on PATH; there is none");
    return { kind: "server" };
  }
  if (text.includes(",")) throw new UsageError("--redis takes one database");
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return { kind: "url", url: text };
  if (/^https:\/\//.test(text) && URL.canParse(text)) {
    const token = env.UPSTASH_REDIS_REST_TOKEN;
    if (!token) throw new UsageError("--redis https://… needs UPSTASH_REDIS_REST_TOKEN in the environment");
    return { kind: "upstash", url: text, token };
  }
  throw new UsageError(`--redis must be server, embedded, redis://… or https://…, not "${text}"`);
}
