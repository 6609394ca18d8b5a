// What the package offers: a cache for programs, and the control plane as an object.

export type { Random } from "../shared/ports/identity.ts";
export type { AlertCalls } from "./alerts.ts";
export type { AuditCalls, AuditQuery, DeploymentCalls } from "./audit.ts";
export type { Certificate, Invalidated } from "./cache/answers.ts";
export { Cache, type Found, type Governance } from "./cache/cache.ts";
export type { CacheStats, ValueSource } from "./cache/counters.ts";
export {
  type CacheOptions,
  createCache,
  type DatabaseOptions,
} from "./cache/create-cache.ts";
export type { InvalidateOptions } from "./cache/invalidation.ts";
export type { LoadContext, Loader } from "./cache/job.ts";
export type { ReadOptions, ValueOptions } from "./cache/options.ts";
export type { GovernedBy, KeyPolicy } from "./cache/policies.ts";
export type { ClassOptions, Duration } from "./cache/rules.ts";
export type { OwnLimits, OwnRate, SharedRate, SiteBudget, SourceOptions } from "./cache/source.ts";
export type {
  Attributes,
  Described,
  Meter,
  Observable,
  Span,
  TelemetryOptions,
  Tracer,
} from "./cache/telemetry.ts";
export type { CacheEvent, EventName, Listener, Logger } from "./cache/telling.ts";
export type { TierSwitch, Tiers } from "./cache/tiers.ts";
export type { Serializer } from "./cache/values.ts";
export type { ChaosCalls, EndedOptions } from "./chaos.ts";
export {
  type ClientOptions,
  type ControlClient,
  createControlClient,
  type Versioned,
} from "./control-client.ts";
export type { ConvergeOptions } from "./converge.ts";
export type { JournalCalls } from "./journal.ts";
export type { ClientRuntime, Fetch } from "./runtime.ts";
export type * from "./schemas.ts";
export type { CallOptions } from "./send.ts";
export type { SiteCalls } from "./sites.ts";
export type { TailEvent } from "./tail.ts";
export { type CacheErrorCode, TidegateError, type TidegateErrorCode } from "./tidegate-error.ts";
export type { TokenCalls } from "./tokens.ts";
