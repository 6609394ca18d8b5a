// Puts the control plane together from its ports: the same parts in a worker, in tests and in the simulator.

import { createAgenda } from "../shared/mid-tier/agenda.ts";
import { createAlertStore } from "../shared/mid-tier/alerts.ts";
import { createAnswerSamples } from "../shared/mid-tier/answer-sample.ts";
import { createAuditLog } from "../shared/mid-tier/audit-log.ts";
import { createAudits } from "../shared/mid-tier/audits.ts";
import { createBudgets } from "../shared/mid-tier/budgets.ts";
import { createConfigurationHistories } from "../shared/mid-tier/configuration-history.ts";
import { createDistinctCounts } from "../shared/mid-tier/distinct-counts.ts";
import { createDueKeys } from "../shared/mid-tier/due-keys.ts";
import { createEdgeDirectory } from "../shared/mid-tier/edge-directory.ts";
import { createExperiments } from "../shared/mid-tier/experiments.ts";
import { createHotKeys } from "../shared/mid-tier/hot-keys.ts";
import { createJournalLedger } from "../shared/mid-tier/journal-ledger.ts";
import { LOG_LIMITS } from "../shared/mid-tier/limits.ts";
import { createLog } from "../shared/mid-tier/log.ts";
import { createLogTail } from "../shared/mid-tier/log-tail.ts";
import { createMetrics } from "../shared/mid-tier/metrics.ts";
import { createObservations } from "../shared/mid-tier/observations.ts";
import { createReceipts } from "../shared/mid-tier/receipts.ts";
import { createRepeats } from "../shared/mid-tier/repeats.ts";
import { createRequestTails } from "../shared/mid-tier/request-tails.ts";
import { createTokens } from "../shared/mid-tier/tokens.ts";
import { createWarmups } from "../shared/mid-tier/warmups.ts";
import type { Clock, Timers } from "../shared/ports/clock.ts";
import type { HttpCalls } from "../shared/ports/http.ts";
import type { Digest, Random } from "../shared/ports/identity.ts";
import type { Redis } from "../shared/ports/redis.ts";
import type { ParseUrl } from "../shared/ports/url.ts";
import { type CallEdge, createCallEdge } from "../shared/wire/call-edge.ts";
import { CONTROL } from "../shared/wire/databases.ts";
import { SignatureChecker } from "../shared/wire/signature.ts";
import { Reachability } from "./alerts/reachability.ts";
import { Auditor } from "./audit/auditor.ts";
import type { AuditWitness } from "./audit-log/witness.ts";
import { LIMITS } from "./config.ts";
import { Routings } from "./configuration/routings.ts";
import type { ReadEnvironment } from "./configuration/settings.ts";
import type { ControlPlane } from "./control-plane.ts";
import { MergedBatches } from "./edges/merged-batches.ts";
import { HotLedger } from "./hot/ledger.ts";
import type { Witness } from "./log/witness.ts";
import { SettledSteps } from "./metrics/settled-steps.ts";
import { ObservedLedger } from "./observe/take-observed.ts";
import { Gates } from "./tokens/gates.ts";
import { Principals } from "./tokens/principals.ts";
import { tokenOf } from "./tokens/token-text.ts";
import { TurnedAway } from "./tokens/turned-away.ts";
import { SpanExport } from "./tracing/export-spans.ts";
import { Spans } from "./tracing/spans.ts";
import { tracedCallEdge, tracedDatabases, tracedRedis } from "./tracing/traced-calls.ts";

/** The outside of a control plane. */
export interface ControlPlanePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digest: Digest;
  readonly parseUrl: ParseUrl;
  readonly http: HttpCalls;
  /** The database named `control`. */
  readonly redis: Redis;
  readonly databases: ControlPlane["databases"];
  readonly witness: Witness;
  readonly auditWitness: AuditWitness;
}

export function createControlPlane(
  outside: ControlPlanePorts,
  given: { readonly clusterKey: string; readonly environment: ReadEnvironment },
): ControlPlane {
  const spans = spansOf(outside, given.environment);
  const ports = spans === null ? outside : traced(outside, spans);
  const { clock, timers, random, digest, parseUrl, http } = ports;
  const reach = new Reachability(clock);
  const redis = reach.noting(ports.redis);
  const { clusterKey: key, environment } = given;
  const deadline = LIMITS.redisDeadline;
  const log = createLog(redis, LOG_LIMITS);
  const audits = createAudits(redis, deadline);
  const metrics = createMetrics(redis, deadline);
  return {
    ...{ clock, timers, random, digest, parseUrl, http, reach },
    ...{ witness: ports.witness, auditWitness: ports.auditWitness, databases: ports.databases },
    settings: environment.settings,
    clusterKey: key,
    ...{ callEdge: callEdgeOf(ports, key, spans), spans },
    checker: new SignatureChecker({ key, digest, maxAgeMs: LIMITS.signatureAge }),
    log,
    auditLog: createAuditLog(redis, environment.settings.replicas, {
      ...LOG_LIMITS,
      pageBytes: LIMITS.auditPageBytes,
    }),
    logTail: createLogTail(redis, { entries: LIMITS.tailEntries, bytes: LIMITS.tailBytes, deadline }),
    histories: createConfigurationHistories(redis, deadline),
    routings: new Routings(),
    auditor: new Auditor({ audits, log, clock, tell: (line) => console.error(line) }),
    ...ofTraffic(redis),
    ...whoAsks({ ...ports, redis }, environment),
    ...{ metrics, foldedReports: new MergedBatches() },
    turnedAway: new TurnedAway({ metrics, timers, every: LIMITS.turnedAwayEvery }),
    tokenOf: (operationId) => tokenOf(digest, key, operationId),
    edges: createEdgeDirectory(redis, {
      environment: environment.edges,
      departedKept: LOG_LIMITS.operationsKept,
      deadline,
    }),
    receipts: createReceipts(redis, { deadline, entryBytes: LIMITS.receiptEntries }),
    distinctCounts: createDistinctCounts(redis, deadline),
    settledSteps: new SettledSteps(LIMITS.stepsRemembered),
    answerSamples: answerSamplesOf({ ...ports, redis }),
    budgets: budgetsOf(ports),
    agenda: createAgenda(redis, { deadline, lead: LIMITS.refreshLead }),
    repeats: createRepeats(redis, { deadline, most: LIMITS.repeatsScheduled }),
    journal: createJournalLedger({
      databases: ports.databases,
      deadline: LIMITS.shardDeadline,
      dueFor: LIMITS.journalDueFor,
      replication: { ...LOG_LIMITS, replicas: environment.settings.replicas },
    }),
    alerts: createAlertStore(redis, deadline),
    warmups: warmupsOn(redis),
    experiments: experimentsOn(redis),
  };
}

function spansOf(
  { clock, timers, http }: ControlPlanePorts,
  { settings: { tracing } }: ReadEnvironment,
): Spans | null {
  if (tracing === null) return null;
  const to = new SpanExport({ http, clock, tell: (line) => console.error(line) }, tracing);
  return new Spans({ clock, timers, send: (spans) => to.send(spans) });
}

const traced = (ports: ControlPlanePorts, spans: Spans): ControlPlanePorts => ({
  ...ports,
  redis: tracedRedis(spans, CONTROL, ports.redis),
  databases: tracedDatabases(spans, ports.databases),
});

function callEdgeOf(ports: ControlPlanePorts, key: string, spans: Spans | null): CallEdge {
  const { http, digest, random, clock } = ports;
  const callEdge = createCallEdge({ http, key, digest, random, clock });
  return spans === null ? callEdge : tracedCallEdge(spans, callEdge);
}

const budgetsOf = ({ databases }: ControlPlanePorts): ControlPlane["budgets"] =>
  createBudgets(databases, {
    ...{ members: LIMITS.tendMembers, keys: LIMITS.tendKeys, restsMost: LIMITS.tendRestsMost },
    deadline: LIMITS.shardDeadline,
  });

const answerSamplesOf = ({ redis, databases, clock, random }: ControlPlanePorts) =>
  createAnswerSamples(
    { redis, shards: () => [...databases.values()].map((shard) => shard.redis), clock, random },
    {
      answers: LIMITS.estimateAnswers,
      scan: LIMITS.estimateScan,
      pages: LIMITS.estimatePages,
      deadline: LIMITS.estimateDeadline,
    },
  );

/** Whose tokens there are, and how fast they may ask. */
function whoAsks(
  { redis, digest, clock }: ControlPlanePorts,
  { settings: { adminTokenHash } }: ReadEnvironment,
): Pick<ControlPlane, "tokens" | "principals" | "gates"> {
  const tokens = createTokens(redis, {
    ...{ most: LIMITS.tokens, usedEvery: LIMITS.tokenUsedEvery },
    ...{ revokedKept: LIMITS.revokedTokenKept, deadline: LIMITS.redisDeadline },
  });
  return {
    tokens,
    principals: new Principals({
      ...{ tokens, digest, clock, adminTokenHash },
      ...{ keptFor: LIMITS.principalKept, most: LIMITS.principalsHeld },
    }),
    gates: {
      principals: new Gates({ ...LIMITS.requests, most: LIMITS.gatesHeld }),
      refusals: new Gates({ ...LIMITS.refusals, most: LIMITS.gatesHeld }),
      failures: new Gates({ ...LIMITS.wrongTokens, most: LIMITS.gatesHeld }),
      strangers: new Gates({ ...LIMITS.strangers, most: LIMITS.gatesHeld }),
      anyStranger: new Gates({ ...LIMITS.anyStranger, most: 1 }),
    },
  };
}

/** What edges count of their traffic, merged, and what they show of it. */
function ofTraffic(
  redis: Redis,
): Pick<
  ControlPlane,
  "hotKeys" | "dueKeys" | "hotLedger" | "observations" | "observedLedger" | "requestTails"
> {
  const deadline = LIMITS.redisDeadline;
  const hotKeys = createHotKeys(redis, { deadline, halfLife: LIMITS.hotHalfLife, most: LIMITS.hotLedger });
  const observations = createObservations(redis, {
    ...{ deadline, halfLife: LIMITS.observedHalfLife, most: LIMITS.observedPatterns },
  });
  const dueKeys = dueKeysOn(redis);
  const hotLedger = new HotLedger(hotKeys, dueKeys);
  const observedLedger = new ObservedLedger(observations);
  const requestTails = createRequestTails(redis, {
    ...{ deadline, lasts: LIMITS.tailLasts, watches: LIMITS.tailWatches },
    ...{ batches: LIMITS.tailBatches, kept: LIMITS.tailKept, page: LIMITS.tailPage },
  });
  return { hotKeys, dueKeys, hotLedger, observations, observedLedger, requestTails };
}

const warmupsOn = (redis: Redis): ControlPlane["warmups"] =>
  createWarmups(redis, {
    deadline: LIMITS.redisDeadline,
    ...{ kept: LIMITS.warmupKept, errors: LIMITS.warmupErrors, remembered: LIMITS.warmupsRemembered },
    ...{ targets: LIMITS.warmupTargets, documents: LIMITS.warmupDocuments },
  });

const experimentsOn = (redis: Redis): ControlPlane["experiments"] =>
  createExperiments(redis, {
    deadline: LIMITS.redisDeadline,
    ...{ kept: LIMITS.chaosKept, remembered: LIMITS.chaosRemembered },
  });

const dueKeysOn = (redis: Redis): ControlPlane["dueKeys"] =>
  createDueKeys(redis, {
    ...{ deadline: LIMITS.redisDeadline, halfLife: LIMITS.refreshHalfLife, most: LIMITS.refreshKeys },
    ...{ lead: LIMITS.refreshLead, late: LIMITS.refreshLate, again: LIMITS.refreshAgain },
    ...{ looked: LIMITS.refreshLooked, leastLife: LIMITS.refreshLeastLife },
  });
