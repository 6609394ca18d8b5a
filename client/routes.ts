// The control plane's routes, typed: made from its OpenAPI document by `npm run client-types`.

import type {
  AcceptedInvalidation,
  AcceptedWarmup,
  Alert,
  AlertAcknowledgement,
  AlertRules,
  Alerts,
  AuditRecords,
  AuditVerdict,
  CacheMetrics,
  CacheMetricsSeries,
  ChangedPolicy,
  ChangedSite,
  ChaosCatalogue,
  ChaosExperiment,
  ChaosExperiments,
  ChaosRequest,
  CreatedToken,
  Deployment,
  Deployments,
  Diagnosis,
  DryRun,
  Edges,
  ExplainRequest,
  Explanation,
  Health,
  Invalidation,
  Journal,
  JournalOperation,
  Markers,
  NewDeployment,
  NewToken,
  Policies,
  Policy,
  PolicyVerdict,
  Receipt,
  Receipts,
  Shards,
  Site,
  SiteBody,
  Sites,
  Suggestions,
  Token,
  Tokens,
  Warmup,
  WarmupRehearsal,
  WarmupRequest,
  Warmups,
  WrittenPolicy,
} from "./schemas.ts";

/** By status; an answer without a body is `null`. */
export interface Routes {
  /** Heal at once, and end it */
  "DELETE /chaos/{id}": { answers: { 200: ChaosExperiment } };
  /**
   * Give an operation up: it is not sent any more, and what was written before it counts again, unless the
   * origin refused that or may have had it
   */
  "DELETE /journal/{id}": { answers: { 204: null } };
  /** Take a policy out, where If-Match is given by its version */
  "DELETE /policies/{id}": { query: { site?: string }; answers: { 204: null } };
  /** Take a site out, where If-Match is given by its version */
  "DELETE /sites/{name}": {
    query: {
      /** Takes its policies out with it. */
      policies?: "delete";
    };
    answers: { 204: null };
  };
  /** Revoke a token: nobody takes it any more within 5 s */
  "DELETE /tokens/{id}": { answers: { 204: null } };
  /** End it */
  "DELETE /warmups/{id}": { answers: { 200: Warmup } };
  /** What fires, what may soon, and what did in the last hour */
  "GET /alerts": {
    query: {
      /** Default: all. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
      state?: "pending" | "firing" | "resolved";
    };
    answers: { 200: Alerts };
  };
  /** The alert rules, with the terms that are in force */
  "GET /alerts/rules": { answers: { 200: AlertRules } };
  /** Records of the audit log, newest first; as CSV with `format=csv` */
  "GET /audit": {
    query: {
      actor?: string;
      /** `policy.put`, or `policy` for all that is done to policies. */
      action?:
        | "invalidate"
        | "policy.put"
        | "policy.delete"
        | "site.put"
        | "site.delete"
        | "configure"
        | "shards.put"
        | "edges.put"
        | "warmup.start"
        | "warmup.cancel"
        | "journal.retry"
        | "journal.drop"
        | "token.create"
        | "token.revoke"
        | "alert.fire"
        | "alert.clear"
        | "alert.ack"
        | "deployment"
        | "session.sign-in"
        | "session.sign-out"
        | "chaos.start"
        | "chaos.end"
        | "chaos.abort"
        | "log.lost"
        | "journal.lost"
        | "refused"
        | "policy"
        | "site"
        | "shards"
        | "edges"
        | "warmup"
        | "journal"
        | "token"
        | "alert"
        | "session"
        | "chaos"
        | "log";
      site?: string;
      result?: "accepted" | "done" | "refused" | "failed";
      since?: string;
      /** Default: 20; as CSV 5000. */
      limit?: number;
      cursor?: string;
      format?: "json" | "csv";
    };
    answers: { 200: AuditRecords };
  };
  /** Whether all records are as they were written, and which is the first that is not */
  "GET /audit/verify": { answers: { 200: AuditVerdict } };
  /** Hit ratios, latencies, shards, edges, invalidations over a window */
  "GET /cache-metrics": {
    query: {
      /** A duration from 10s to 24h; default 60s, of a series 1h. */
      window?: string;
      /** Of one site; of all where left out. */
      site?: string;
    };
    answers: { 200: CacheMetrics };
  };
  /** The figures of a window as points of time */
  "GET /cache-metrics/series": {
    query: {
      /** A duration from 10s to 24h; default 60s, of a series 1h. */
      window?: string;
      /** Of one site; of all where left out. */
      site?: string;
    };
    answers: { 200: CacheMetricsSeries };
  };
  /** Experiments, newest first, without their course */
  "GET /chaos": {
    query: {
      /** Default: 20. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: ChaosExperiments };
  };
  /** What can be broken, and whether it may be */
  "GET /chaos/experiments": { answers: { 200: ChaosCatalogue } };
  /** Its report */
  "GET /chaos/{id}": { answers: { 200: ChaosExperiment } };
  /** Deployments, newest first */
  "GET /deployments": {
    query: {
      /** Default: 20. */
      limit?: number;
      cursor?: string;
    };
    answers: { 200: Deployments };
  };
  /** What is not as it should be, and what to do about it */
  "GET /doctor": { answers: { 200: Diagnosis } };
  /** The addressable edges */
  "GET /edges": {
    query: {
      /** Default: all. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: Edges };
  };
  /** Receipts, newest first; a page may hold fewer where a token is bound to sites */
  "GET /invalidations": {
    query: {
      /** Default: 20. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: Receipts };
  };
  /** One invalidation's receipt */
  "GET /invalidations/{id}": { answers: { 200: Receipt } };
  /** What is acknowledged, and the origin does not have yet, oldest first */
  "GET /journal": {
    query: {
      /** Default: 20. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
      state?: "all" | "dead-lettered";
    };
    answers: { 200: Journal };
  };
  /** One operation; 404 once the origin has it */
  "GET /journal/{id}": { answers: { 200: JournalOperation } };
  /** Whether it runs */
  "GET /livez": { answers: { 200: Health } };
  /** Purges, changes, deployments and the like of a window, as marks on a chart */
  "GET /markers": {
    query: {
      /** A duration from 10s to 24h; default 60s, of a series 1h. */
      window?: string;
    };
    answers: { 200: Markers };
  };
  /** The figures as Prometheus scrapes them */
  "GET /metrics": { answers: { 200: string } };
  /** The metadata table */
  "GET /policies": {
    query: {
      site?: string;
      /** Default: all. */
      limit?: number;
      cursor?: string;
    };
    answers: { 200: Policies };
  };
  /** Classes that the observed traffic of a site asks for, with the evidence */
  "GET /policies/suggestions": { query: { site?: string }; answers: { 200: Suggestions } };
  /** One policy, its version as ETag */
  "GET /policies/{id}": { query: { site?: string }; answers: { 200: Policy } };
  /** Whether the log answers and takes writes, and the environment could be read */
  "GET /readyz": { answers: { 200: Health } };
  /** The shard map in force */
  "GET /shards": { answers: { 200: Shards } };
  /** All sites */
  "GET /sites": {
    query: {
      /** Default: all. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: Sites };
  };
  /** One site, its version as ETag */
  "GET /sites/{name}": { answers: { 200: Site } };
  /**
   * Requests as they happen, sampled, as server-sent events: `request`, and `dropped` for what is not shown
   */
  "GET /tail": {
    query: {
      /** By commas: hit, stale, miss, pass, coalesced, error, refused. */
      result?: string;
      /** By commas: hot, session, immutable, standard. */
      class?: string;
      /** By commas: names of sites. */
      site?: string;
      /** By commas: statuses such as 404 or 5xx. */
      status?: string;
      /** A pattern, as policies' `key_pattern` is written; of a host only if it is served. */
      path?: string;
      /** Requests shown in a second at most; default 50. */
      rate?: number;
    };
    answers: { 200: string };
  };
  /** All tokens, without their secrets */
  "GET /tokens": {
    query: {
      /** Default: all. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: Tokens };
  };
  /** One token, without its secret */
  "GET /tokens/{id}": { answers: { 200: Token } };
  /** Warm-ups, newest first, those that the control plane began by itself included */
  "GET /warmups": {
    query: {
      /** Default: 20. */
      limit?: number;
      /** The `nextCursor` of the page before. */
      cursor?: string;
    };
    answers: { 200: Warmups };
  };
  /** Its progress */
  "GET /warmups/{id}": { answers: { 200: Warmup } };
  /** Its progress as server-sent events: `progress` until `done` */
  "GET /warmups/{id}/events": { answers: { 200: string } };
  /** Say that somebody looks after an alert: it is not told again until it is over */
  "POST /alerts/{id}/ack": { body: AlertAcknowledgement; answers: { 200: Alert } };
  /** Break something on purpose, under load, and judge what comes of it */
  "POST /chaos": { body: ChaosRequest; answers: { 200: ChaosExperiment; 202: ChaosExperiment } };
  /** Tell of a deployment: it is marked on every chart */
  "POST /deployments": { body: NewDeployment; answers: { 201: Deployment } };
  /** Invalidate what selectors name */
  "POST /invalidate": {
    body: Invalidation;
    answers: { 200: Receipt | DryRun; 202: AcceptedInvalidation | Receipt };
  };
  /** Try a dead-lettered operation again: at once, or when what is before it of its key is gone */
  "POST /journal/{id}/retry": { answers: { 202: JournalOperation } };
  /** Add a policy */
  "POST /policies": { body: WrittenPolicy; answers: { 201: ChangedPolicy } };
  /** Which policy governs a request and why, its key, what it is granted, and who holds what */
  "POST /policies/explain": { body: ExplainRequest; answers: { 200: Explanation } };
  /** Check a policy, or several as `policies`, without changing anything */
  "POST /policies/validate": { body: Readonly<Record<string, unknown>>; answers: { 200: PolicyVerdict } };
  /** Add a site */
  "POST /sites": { body: SiteBody; answers: { 201: ChangedSite } };
  /** Check a site, or several as `sites`, without changing anything */
  "POST /sites/validate": { body: Readonly<Record<string, unknown>>; answers: { 200: PolicyVerdict } };
  /** Create a token: its text is in this answer, and nowhere else */
  "POST /tokens": { body: NewToken; answers: { 201: CreatedToken } };
  /** Fetch what is named into every edge before it is asked for */
  "POST /warmup": { body: WarmupRequest; answers: { 200: Warmup | WarmupRehearsal; 202: AcceptedWarmup } };
  /** Replace a policy, by the version that If-Match names */
  "PUT /policies/{id}": { query: { site?: string }; body: WrittenPolicy; answers: { 200: ChangedPolicy } };
  /** Give a shard another weight, take it out, or bring it back */
  "PUT /shards/{id}": {
    body: {
      weight?: number;
      /** Whether it is left out: its keys move to the others. */
      out?: boolean;
    };
    answers: { 200: Shards };
  };
  /** Replace a site, by the version that If-Match names */
  "PUT /sites/{name}": {
    query: {
      /** What becomes of stored answers where the origin is another one: `drop` by default. */
      answers?: "drop" | "keep";
    };
    body: SiteBody;
    answers: { 200: ChangedSite };
  };
}
