// Makes a cache: its databases, its view of the log, and what it was told to be.

import { mix } from "../../shared/core/mix.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import { NAMESPACE } from "../../shared/core/value-key.ts";
import { batchedRedis } from "../../shared/mid-tier/batched.ts";
import { guardedRedis } from "../../shared/mid-tier/guarded.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { MissingCopies } from "../../shared/mid-tier/missing-copies.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock, systemDigest, systemRandom, systemTimers } from "../../shared/runtime/system.ts";
import { Peers } from "../../shared/view/peers.ts";
import { ViewKeeper } from "../../shared/view/view-keeper.ts";
import { KnownShardMap } from "../../shared/wire/shard-map.ts";
import { TidegateError } from "../tidegate-error.ts";
import { longestFlight } from "./acquire.ts";
import { Cache } from "./cache.ts";
import { checkCacheOptions } from "./checked-options.ts";
import type { CacheCore, CachePorts } from "./core.ts";
import { newCounters } from "./counters.ts";
import { Failing } from "./failing.ts";
import { offerUnsent } from "./invalidate.ts";
import type { Namespace } from "./keys.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { Near } from "./near.ts";
import { type KeyPolicy, Policies } from "./policies.ts";
import { type ClassOptions, type Duration, durationOf, invalid, rulesByClass } from "./rules.ts";
import { Signals } from "./signals.ts";
import type { SourceOptions } from "./source.ts";
import { checkSource, Sources } from "./sources.ts";
import { tasks } from "./tasks.ts";
import { Telemetry, type TelemetryOptions } from "./telemetry.ts";
import { type Logger, Telling } from "./telling.ts";
import { allTiers } from "./tiers.ts";
import { unrefTimers } from "./timers.ts";
import { toldLog } from "./told-log.ts";
import { Unsent } from "./unsent.ts";
import { Untold } from "./untold.ts";
import { jsonSerializer, type Serializer } from "./values.ts";

/** A database of the mid-tier: where Upstash answers for it, and its token. */
export interface DatabaseOptions {
  /** As the shard map names it; the one named `control` has the log. */
  readonly id?: string;
  /** As the environment has them: without one no cache is made. */
  readonly url: string | undefined;
  readonly token: string | undefined;
}

export interface CacheOptions {
  /** The database named `control`, or all of them. */
  readonly redis: DatabaseOptions | readonly DatabaseOptions[];
  /** Tags, and purges of everything, are the site's: `default`, unless others are configured. */
  readonly site?: string;
  /** Whose keys these are, among the programs of the site: lower-case letters, digits and hyphens. */
  readonly namespace: string;
  /** The class of whatever no call says another of. */
  readonly class?: string;
  /** Which class keys are of, by patterns. What the control plane's table says of `tidegate://<namespace>/…` goes before it. */
  readonly policies?: readonly KeyPolicy[];
  /** Classes of one's own, and changes to Tidegate's. */
  readonly classes?: Readonly<Record<string, ClassOptions>>;
  /** What loaders ask where their calls name no source: how much it may be asked. */
  readonly origin?: SourceOptions;
  /** The same of several, by the names that calls give. `default` is for all others. */
  readonly sources?: Readonly<Record<string, SourceOptions>>;
  readonly serializer?: Serializer;
  /** A call in all; a loader; and when a stale value is given while the loader goes on. */
  readonly deadlines?: { readonly call?: Duration; readonly load?: Duration; readonly soft?: Duration };
  readonly logger?: Logger;
  /** A meter and a tracer of `@opentelemetry/api`. */
  readonly telemetry?: TelemetryOptions;
  /** Keeps a task alive beyond the request it began in, where a runtime needs that (`waitUntil`). */
  readonly waitUntil?: (task: Promise<unknown>) => void;
}

/** Without it no key has a name in the mid-tier: each call would fail, and look as if its loader had. */
function requireWebCrypto(): void {
  // The types don't know of runtimes that lack it.
  const { crypto } = globalThis as { readonly crypto?: Partial<Crypto> };
  if (crypto?.subtle === undefined)
    throw new TidegateError(
      "unsupported-runtime",
      "A cache needs WebCrypto (crypto.subtle): browsers have it on https and localhost alone.",
    );
}

/** Throws `invalid-option` for whatever is not as it has to be, and asks nobody anything yet. */
export function createCache(options: CacheOptions): Cache {
  if (typeof options !== "object" || options === null) throw invalid("options", "an object is needed");
  requireWebCrypto();
  const clock = systemClock();
  const databases = databasesOf(options, clock);
  const control = databases.get("control");
  if (control === undefined) throw invalid("redis", "one database has to be named control");
  const map = new KnownShardMap("control");
  const ports: CachePorts = {
    ...{ clock, timers: unrefTimers, callTimers: systemTimers, random: systemRandom, digest: systemDigest },
    budget: createOriginBudget(control, {
      ...{ clock, deadline: CACHE_LIMITS.takeDeadline, breaker: CACHE_LIMITS.breaker },
    }),
    log: createLog(control, { ...LOG_LIMITS, readDeadline: CACHE_LIMITS.logDeadline }),
    midTier: createMidTier({
      shards: databases,
      map: () => map.current,
      digest: systemDigest,
      clock,
      readDeadline: CACHE_LIMITS.readDeadline,
      failoverAfter: CACHE_LIMITS.failoverAfter,
      failoverTries: CACHE_LIMITS.failoverTries,
      fillDeadline: CACHE_LIMITS.fillDeadline,
      variantsPerKey: 1,
      traffic: () => ({ hits: 0, misses: 0, corrupt: 0 }),
      missing: new MissingCopies(CACHE_LIMITS.copiesMissed),
      known: new KnownShards(CACHE_LIMITS),
      mapSettlesIn: CACHE_LIMITS.mapSettlesIn,
    }),
  };
  return cacheOver(ports, options, (fields) => map.configure(fields));
}

/** @internal The same over any ports: what tests use. */
export function cacheOver(
  ports: CachePorts,
  options: Omit<CacheOptions, "redis">,
  learnt: (fields: ReadonlyMap<string, string>) => void = () => undefined,
): Cache {
  checkCacheOptions(options);
  const { waitUntil } = options;
  const { site, name: namespace } = namespaceOf(options);
  const rules = rulesByClass(options.classes ?? {});
  if (options.class !== undefined && !rules.has(options.class))
    throw invalid("class", `there is no class ${JSON.stringify(options.class)}`);
  const policies = new Policies({ site, name: namespace }, rules, options.policies ?? []);
  const counters = newCounters();
  const deadlines = deadlinesOf(options);
  const { background, idle } = tasks(ports, { waitUntil, longest: longestFlight({ deadlines }) });
  const longestHeld = longestHeldOf(deadlines.load, waitUntil);
  const of = { namespace: { site, name: namespace }, longestHeld };
  const sources = new Sources(ports, sourcesOf(options), of);
  const telling = new Telling(options.logger ?? null, counters);
  const log = toldLog(ports.log, (reason) => {
    counters.sharedErrors += 1;
    telling.tell({ event: "unavailable", tier: "log", reason });
  });
  const view = new ViewKeeper({
    ...ports,
    log,
    shared: null,
    begunAt: ports.clock.now(),
    self: `cache/${namespace}`,
    peers: new Peers({ self: "", urls: new Map() }),
    callPeer: async () => ({ kind: "unreachable", reason: "refused" }),
    counters,
    configured(fields) {
      learnt(fields);
      sources.configure(fields);
      if (policies.configure(fields)) core.near.clear();
    },
    reached: () => offerUnsent(core),
  });
  const core: CacheCore = {
    ...ports,
    log,
    namespace: { site, name: namespace },
    ...{ policies, view, counters, telling, background, deadlines },
    serializer: options.serializer ?? jsonSerializer,
    near: new Near(() => mix(ports.random.token())),
    ...{ flights: new Map(), looks: new Map(), signals: new Signals() },
    failing: new Failing(longestHeld),
    unsent: new Unsent(),
    untold: new Untold(),
    telemetry: new Telemetry(options.telemetry ?? {}, telling),
    tiers: allTiers(),
    losesTasks: waitUntil !== undefined,
    sources,
  };
  const cache = new Cache(core, options.class ?? null, idle);
  core.telemetry.observe(namespace, () => cache.stats());
  return cache;
}

function namespaceOf({
  site = "default",
  namespace: name,
}: Pick<CacheOptions, "site" | "namespace">): Namespace {
  if (!NAMESPACE.test(name)) throw invalid("namespace", "lower-case letters, digits and hyphens, at most 63");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(site)) throw invalid("site", "a site's name is needed");
  return { site, name };
}

function databasesOf({ redis, waitUntil }: CacheOptions, clock: Clock): Map<string, Redis> {
  const isList = Array.isArray(redis);
  const databases = new Map<string, Redis>();
  for (const [at, database] of (isList ? (redis as readonly DatabaseOptions[]) : [redis]).entries()) {
    const where = isList ? `redis.${at}` : "redis";
    const { id, url, token } = checkedDatabase(database as DatabaseOptions, where);
    if (databases.has(id)) throw invalid(`${where}.id`, `another database is named ${JSON.stringify(id)}`);
    const remote = guardedRedis(upstashRedis({ url, token }), clock, CACHE_LIMITS.breaker);
    // Where tasks are kept alive for requests, one request may not wait for another's call.
    databases.set(id, waitUntil === undefined ? batchedRedis(remote) : remote);
  }
  return databases;
}

function checkedDatabase(database: DatabaseOptions, where: string) {
  if (typeof database !== "object" || database === null)
    throw invalid(where, "a database's url and token are needed");
  const { id = "control", url, token } = database;
  if (typeof id !== "string") throw invalid(`${where}.id`, "a text is needed");
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalid(`${where}.url`, "the database's http(s) URL is needed");
  if (typeof token !== "string" || token === "") throw invalid(`${where}.token`, "a token is needed");
  return { id, url, token };
}

function deadlinesOf({ deadlines = {} }: Pick<CacheOptions, "deadlines">): CacheCore["deadlines"] {
  const { call, load, soft } = deadlines;
  const span = (said: Duration | undefined, name: string, fallback: Millis): Millis => {
    if (said === undefined) return fallback;
    const given = durationOf(said, `deadlines.${name}`);
    if (given < 1) throw invalid(`deadlines.${name}`, "it has to be at least a millisecond");
    return given;
  };
  return {
    call: span(call, "call", CACHE_LIMITS.deadline),
    load: span(load, "load", CACHE_LIMITS.loadDeadline),
    soft: span(soft, "soft", CACHE_LIMITS.softDeadline),
  };
}

/**
 * After how long nothing is waited for any more that has begun. Where tasks are kept alive for requests, one may be lost
 * with its request: a load, its second try, and a moment. Else each comes to an end of its own, or never does: what has
 * gone on for many times its deadline is given up, or in the end there would be no turn left.
 */
function longestHeldOf(load: Millis, waitUntil: CacheOptions["waitUntil"]): Millis {
  const lost = millis(2 * load + CACHE_LIMITS.leaseMargin);
  return waitUntil === undefined ? millis(Math.max(CACHE_LIMITS.endless, 20 * load)) : lost;
}

/** `origin` is another name for the source of whatever names none. */
function sourcesOf({ origin, sources = {} }: Pick<CacheOptions, "origin" | "sources">) {
  if (origin === undefined) return sources;
  if ("default" in sources) throw invalid("origin", "sources.default says the same");
  checkSource("origin", origin);
  return { default: origin, ...sources };
}
