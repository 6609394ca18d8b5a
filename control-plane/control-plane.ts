// What the control plane is made of: its ways to the outside, what it keeps in Redis, and what it was told to be.

import type { Reach } from "../shared/core/address.ts";
import type { Site } from "../shared/core/routing.ts";
import type { Agenda } from "../shared/mid-tier/agenda.ts";
import type { AlertStore } from "../shared/mid-tier/alerts.ts";
import type { AnswerSamples } from "../shared/mid-tier/answer-sample.ts";
import type { Budgets } from "../shared/mid-tier/budgets.ts";
import type { ConfigurationHistories } from "../shared/mid-tier/configuration-history.ts";
import type { DistinctCounts } from "../shared/mid-tier/distinct-counts.ts";
import type { DueKeys } from "../shared/mid-tier/due-keys.ts";
import type { EdgeDirectory } from "../shared/mid-tier/edge-directory.ts";
import type { Experiments } from "../shared/mid-tier/experiments.ts";
import type { HotKeys } from "../shared/mid-tier/hot-keys.ts";
import type { JournalLedger } from "../shared/mid-tier/journal-ledger.ts";
import type { LogTail } from "../shared/mid-tier/log-tail.ts";
import type { Metrics } from "../shared/mid-tier/metrics.ts";
import type { Observations } from "../shared/mid-tier/observations.ts";
import type { Receipts } from "../shared/mid-tier/receipts.ts";
import type { Repeats } from "../shared/mid-tier/repeats.ts";
import type { RequestTails } from "../shared/mid-tier/request-tails.ts";
import type { Tokens } from "../shared/mid-tier/tokens.ts";
import type { Warmups } from "../shared/mid-tier/warmups.ts";
import type { AuditLog } from "../shared/ports/audit-log.ts";
import type { Clock, Timers } from "../shared/ports/clock.ts";
import type { HttpCalls } from "../shared/ports/http.ts";
import type { Digest, Random } from "../shared/ports/identity.ts";
import type { Log } from "../shared/ports/mid-tier.ts";
import type { Redis } from "../shared/ports/redis.ts";
import type { ParseUrl } from "../shared/ports/url.ts";
import type { CallEdge } from "../shared/wire/call-edge.ts";
import type { SignatureChecker } from "../shared/wire/signature.ts";
import type { Reachability } from "./alerts/reachability.ts";
import type { Alerting } from "./alerts/settings.ts";
import type { Auditor } from "./audit/auditor.ts";
import type { AuditWitness } from "./audit-log/witness.ts";
import type { Routings } from "./configuration/routings.ts";
import type { MergedBatches } from "./edges/merged-batches.ts";
import type { HotLedger } from "./hot/ledger.ts";
import type { Witness } from "./log/witness.ts";
import type { SettledSteps } from "./metrics/settled-steps.ts";
import type { ObservedLedger } from "./observe/take-observed.ts";
import type { Gates } from "./tokens/gates.ts";
import type { Principals } from "./tokens/principals.ts";
import type { ShownToken } from "./tokens/token-text.ts";
import type { TurnedAway } from "./tokens/turned-away.ts";
import type { Tracing } from "./tracing/settings.ts";
import type { Spans } from "./tracing/spans.ts";

/** The environment, read once. */
export interface Settings {
  readonly sites: readonly Site[];
  /** Fields of the configuration that the environment asks for. */
  readonly fields: ReadonlyMap<string, string>;
  /** Whether entries are pushed to edges; without it they learn by pulling. */
  readonly push: boolean;
  /** Whether isolates serve that no address of the list stands for: receipts then wait until they are fenced. */
  readonly unlisted: boolean;
  /** How many replicas must have an entry before anybody is told of it, and before it is acknowledged. */
  readonly replicas: number;
  /** Where the API lets sites have their origins beside the world. */
  readonly privateOrigins: Reach;
  readonly alerting: Alerting;
  /** Who takes the traces of requests; null traces nothing. */
  readonly tracing: Tracing | null;
  /** Where whoever breaks things on purpose is; null breaks nothing. */
  readonly chaosAgent: string | null;
  /** SHA-256 of the admin token in hexadecimal; null lets nobody in. */
  readonly adminTokenHash: string | null;
  /** The header in which the runtime itself says whom it answers; null where none does. */
  readonly addressHeader: string | null;
  /** What of the environment could not be read. */
  readonly faults: readonly string[];
}

/** A database of the mid-tier that holds answers, and its share of the keys until somebody says otherwise. */
export interface ShardDatabase {
  readonly redis: Redis;
  readonly weight: number;
  /** Where it is reached, to tell one database from another that has its name later on. */
  readonly url?: string;
}

export interface ControlPlane {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digest: Digest;
  readonly parseUrl: ParseUrl;
  /** To whom the environment names, and nobody else (docs/adr/0033-the-control-plane-fetches-nothing.md). */
  readonly http: HttpCalls;
  readonly callEdge: CallEdge;
  readonly spans: Spans | null;
  readonly checker: SignatureChecker;
  readonly log: Log;
  readonly logTail: LogTail;
  readonly witness: Witness;
  readonly histories: ConfigurationHistories;
  readonly routings: Routings;
  readonly edges: EdgeDirectory;
  readonly receipts: Receipts;
  readonly metrics: Metrics;
  /** Which of edges' reports it has folded. */
  readonly foldedReports: MergedBatches;
  readonly distinctCounts: DistinctCounts;
  readonly settledSteps: SettledSteps;
  readonly auditor: Auditor;
  readonly hotKeys: HotKeys;
  readonly dueKeys: DueKeys;
  readonly hotLedger: HotLedger;
  readonly observations: Observations;
  readonly observedLedger: ObservedLedger;
  readonly requestTails: RequestTails;
  readonly answerSamples: AnswerSamples;
  readonly budgets: Budgets;
  readonly agenda: Agenda;
  readonly repeats: Repeats;
  readonly warmups: Warmups;
  readonly journal: JournalLedger;
  readonly auditLog: AuditLog;
  readonly auditWitness: AuditWitness;
  readonly tokens: Tokens;
  readonly principals: Principals;
  readonly gates: Readonly<
    Record<"principals" | "failures" | "refusals" | "strangers" | "anyStranger", Gates>
  >;
  readonly turnedAway: TurnedAway;
  /** The token that an operation creates: the same however often it is asked for. */
  readonly tokenOf: (operationId: string) => Promise<ShownToken>;
  readonly alerts: AlertStore;
  readonly experiments: Experiments;
  readonly reach: Reachability;
  /** By the ids that the shard map names them by. */
  readonly databases: ReadonlyMap<string, ShardDatabase>;
  readonly settings: Settings;
  /** By which edges know it, and from which the dashboard's sessions derive; empty where there is none. */
  readonly clusterKey: string;
}
