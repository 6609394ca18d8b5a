// The control plane as an object: every route a method, typed, with retries, deadlines and one kind of error.

import { millis } from "../shared/core/units.ts";
import { type AlertCalls, alerts } from "./alerts.ts";
import { ask } from "./ask.ts";
import { type AuditClient, audit } from "./audit.ts";
import { type ChaosCalls, chaos } from "./chaos.ts";
import { LIMITS } from "./config.ts";
import { type ConvergeOptions, converge } from "./converge.ts";
import { warmupEvents } from "./events.ts";
import { type JournalCalls, journal } from "./journal.ts";
import type { Routes } from "./routes.ts";
import { type ClientRuntime, type Fetch, systemRuntime } from "./runtime.ts";
import type {
  AcceptedInvalidation,
  AcceptedWarmup,
  CacheMetrics,
  CacheMetricsSeries,
  ChangedPolicy,
  Diagnosis,
  DryRun,
  Edges,
  ExplainRequest,
  Explanation,
  Health,
  Invalidation,
  Policies,
  Policy,
  PolicyVerdict,
  Receipt,
  Receipts,
  Shards,
  Suggestions,
  Warmup,
  WarmupRehearsal,
  WarmupRequest,
  Warmups,
  WrittenPolicy,
} from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";
import { type SiteCalls, sites } from "./sites.ts";
import { type TailEvent, type TailQuery, tailEvents } from "./tail.ts";
import { type TokenCalls, tokens } from "./tokens.ts";
import { versionIn, versionNamed } from "./version.ts";

type Query<R extends keyof Routes> = Routes[R] extends { query: infer Fields } ? Fields : never;

/** A policy's version, as it was read: whoever has changed it since makes the call fail with `precondition-failed`. */
export interface Versioned extends CallOptions {
  readonly ifMatch: string;
  readonly site?: string;
}

export interface ControlClient extends AuditClient {
  /** Counts what it would hit, and does nothing. */
  invalidate(body: Invalidation & { dryRun: true }, options?: CallOptions): Promise<DryRun>;
  /** Comes back when every edge has it or time ran out: the receipt's `state` says which. */
  invalidate(body: Invalidation & { wait: true }, options?: CallOptions): Promise<Receipt>;
  /** Comes back when the log has it. */
  invalidate(
    body: Invalidation & { dryRun?: false; wait?: false },
    options?: CallOptions,
  ): Promise<AcceptedInvalidation>;
  readonly invalidations: {
    get(id: string, options?: CallOptions): Promise<Receipt>;
    list(query?: Query<"GET /invalidations">, options?: CallOptions): Promise<Receipts>;
    /** The last receipt seen: still `converging` where `timeoutMs` ran out. */
    converged(id: string, options?: ConvergeOptions): Promise<Receipt>;
  };
  readonly warmups: {
    start(
      body: WarmupRequest & { wait: true; dryRun?: false },
      options?: CallOptions,
    ): Promise<Warmup | AcceptedWarmup>;
    start(
      body: WarmupRequest & { wait?: false; dryRun?: false },
      options?: CallOptions,
    ): Promise<AcceptedWarmup>;
    /** Nothing is begun: what it would fetch, and who holds it. */
    start(body: WarmupRequest & { dryRun: true }, options?: CallOptions): Promise<WarmupRehearsal>;
    get(id: string, options?: CallOptions): Promise<Warmup>;
    /** Newest first. */
    list(query?: Query<"GET /warmups">, options?: CallOptions): Promise<Warmups>;
    cancel(id: string, options?: CallOptions): Promise<Warmup>;
    /** Every change until it has ended. Leaving the loop leaves the job running. */
    events(id: string, options?: Pick<CallOptions, "signal">): AsyncGenerator<Warmup>;
  };
  readonly policies: {
    list(query?: Query<"GET /policies">, options?: CallOptions): Promise<Policies>;
    get(
      id: string,
      options?: CallOptions & { site?: string },
    ): Promise<{ readonly policy: Policy; readonly version: string }>;
    create(policy: WrittenPolicy, options?: CallOptions): Promise<ChangedPolicy>;
    put(id: string, policy: WrittenPolicy, options: Versioned): Promise<ChangedPolicy>;
    /** The position from which on edges go without it; null where an earlier try was told, and this one not. */
    delete(
      id: string,
      options?: CallOptions & Partial<Versioned>,
    ): Promise<{ readonly position: string | null }>;
    validate(policies: readonly unknown[], options?: CallOptions): Promise<PolicyVerdict>;
    explain(request: ExplainRequest, options?: CallOptions): Promise<Explanation>;
    /** What the observed traffic of a site asks for. */
    suggestions(query?: Query<"GET /policies/suggestions">, options?: CallOptions): Promise<Suggestions>;
  };
  readonly sites: SiteCalls;
  readonly journal: JournalCalls;
  readonly alerts: AlertCalls;
  readonly chaos: ChaosCalls;
  readonly tokens: TokenCalls;
  /** Requests as they happen, sampled, for as long as the loop over it goes on. */
  tail(query?: TailQuery, options?: Pick<CallOptions, "signal">): AsyncGenerator<TailEvent>;
  readonly edges: { list(query?: Query<"GET /edges">, options?: CallOptions): Promise<Edges> };
  readonly shards: {
    list(options?: CallOptions): Promise<Shards>;
    put(id: string, change: Routes["PUT /shards/{id}"]["body"], options?: CallOptions): Promise<Shards>;
  };
  cacheMetrics(query?: Query<"GET /cache-metrics">, options?: CallOptions): Promise<CacheMetrics>;
  /** The same as points of time, oldest first: for charts. */
  cacheMetricsSeries(
    query?: Query<"GET /cache-metrics/series">,
    options?: CallOptions,
  ): Promise<CacheMetricsSeries>;
  /** What is not as it should be, and what to do about it. */
  doctor(options?: CallOptions): Promise<Diagnosis>;
  readonly health: {
    live(options?: CallOptions): Promise<Health>;
    /** Throws `unavailable`, with the reason, where it can't do its work. */
    ready(options?: CallOptions): Promise<Health>;
  };
}

export interface ClientOptions {
  /** Of the control plane; a path is kept, as of one behind a proxy. */
  readonly url: string;
  readonly token?: string | null;
  readonly fetch?: Fetch;
  /** Clock, timers and randomness, where they are not to be the system's. */
  readonly runtime?: Omit<ClientRuntime, "fetch">;
}

/** Throws `TypeError` where `url` is none. Every method throws `TidegateError`, and nothing else. */
export function createControlClient({ url, token = null, ...given }: ClientOptions): ControlClient {
  const { origin, pathname, protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new TypeError(`${url} is no http(s) URL`);
  const system = systemRuntime();
  const runtime = { ...system, ...given.runtime, fetch: given.fetch ?? system.fetch };
  const to: Connection = { url: origin + pathname.replace(/\/+$/, ""), token, runtime };
  return {
    ...invalidating(to),
    ...audit(to),
    warmups: warming(to),
    policies: policies(to),
    sites: sites(to),
    journal: journal(to),
    alerts: alerts(to),
    chaos: chaos(to),
    tokens: tokens(to),
    tail: (query = {}, options) => tailEvents(to, query, options),
    edges: { list: async (query = {}, options) => (await ask(to, "GET /edges", { query, options })).json },
    shards: {
      list: async (options) => (await ask(to, "GET /shards", { options })).json,
      put: async (id, body, options) => (await ask(to, "PUT /shards/{id}", { id, body, options })).json,
    },
    cacheMetrics: async (query = {}, options) =>
      (await ask(to, "GET /cache-metrics", { query, options })).json,
    cacheMetricsSeries: async (query = {}, options) =>
      (await ask(to, "GET /cache-metrics/series", { query, options })).json,
    doctor: async (options) => (await ask(to, "GET /doctor", { options })).json,
    // Whoever asks this wants to know how it is now, not whether it will be well.
    health: {
      live: async (options) => (await ask(to, "GET /livez", { options, repeatable: false })).json,
      ready: async (options) => (await ask(to, "GET /readyz", { options, repeatable: false })).json,
    },
  };
}

function invalidating(to: Connection): Pick<ControlClient, "invalidate" | "invalidations"> {
  const invalidate = async (body: Invalidation, options?: CallOptions) => {
    const waits =
      body.wait === true ? { waits: millis((body.timeoutMs ?? LIMITS.deadline) + LIMITS.waitMargin) } : {};
    return (await ask(to, "POST /invalidate", { body, options, ...waits })).json;
  };
  return {
    // What is asked for says which of its answers comes.
    invalidate: invalidate as ControlClient["invalidate"],
    invalidations: {
      get: async (id, options) => (await ask(to, "GET /invalidations/{id}", { id, options })).json,
      list: async (query = {}, options) => (await ask(to, "GET /invalidations", { query, options })).json,
      converged: (id, options = {}) => converge(to, id, options),
    },
  };
}

function warming(to: Connection): ControlClient["warmups"] {
  const start = async (body: WarmupRequest, options?: CallOptions) => {
    // For its end, or, tried dry, for the sitemaps that it names to be read.
    const waited = body.wait === true || body.dryRun === true;
    const waits = waited ? { waits: millis(LIMITS.longestWait + LIMITS.waitMargin) } : {};
    return (await ask(to, "POST /warmup", { body, options, ...waits })).json;
  };
  return {
    start: start as ControlClient["warmups"]["start"],
    get: async (id, options) => (await ask(to, "GET /warmups/{id}", { id, options })).json,
    list: async (query = {}, options) => (await ask(to, "GET /warmups", { query, options })).json,
    cancel: async (id, options) =>
      (await ask(to, "DELETE /warmups/{id}", { id, options, repeatable: true })).json,
    events: (id, options) => warmupEvents(to, id, options),
  };
}

function policies(to: Connection): ControlClient["policies"] {
  return {
    list: async (query = {}, options) => (await ask(to, "GET /policies", { query, options })).json,
    async get(id, { site, ...options } = {}) {
      const { json: policy, headers } = await ask(to, "GET /policies/{id}", { id, query: at(site), options });
      return { policy, version: versionIn(headers, id) };
    },
    create: async (body, options) => (await ask(to, "POST /policies", { body, options })).json,
    async put(id, body, { ifMatch, site, ...options }) {
      // By its key it is known again, although it has changed the version that it names itself.
      const call = { id, body, query: at(site), headers: versionNamed(ifMatch), options, repeatable: true };
      return (await ask(to, "PUT /policies/{id}", call)).json;
    },
    async delete(id, { ifMatch, site, ...options } = {}) {
      // Without a version, a second try could take out what somebody has put there since.
      const once = ifMatch === undefined || ifMatch === "*";
      const headers = ifMatch === undefined ? {} : versionNamed(ifMatch);
      const call = { id, query: at(site), headers, options, repeatable: !once, settledBy: 404 };
      const told = await ask(to, "DELETE /policies/{id}", call);
      return { position: told.headers.get("tidegate-position") };
    },
    validate: async (given, options) =>
      (await ask(to, "POST /policies/validate", { body: { policies: given }, options })).json,
    explain: async (body, options) => (await ask(to, "POST /policies/explain", { body, options })).json,
    suggestions: async (query = {}, options) =>
      (await ask(to, "GET /policies/suggestions", { query, options })).json,
  };
}

const at = (site: string | undefined): { site?: string } => (site === undefined ? {} : { site });
