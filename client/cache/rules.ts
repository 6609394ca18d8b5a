// What governs a key: its class, and what the program says beside it.

import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { type ClassSettings, type Fence, type L2Budget, l2BudgetOf } from "../../shared/core/rules.ts";
import { type Bytes, bytes, type Millis, millis } from "../../shared/core/units.ts";
import { CLASS_NAME } from "../../shared/core/value-key.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { TidegateError } from "../tidegate-error.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { NO_SUCH_OPTION, unknownOption } from "./unknown-option.ts";

/** Milliseconds, or a text such as `500ms`, `30s`, `5m`, `2h`, `7d`. */
export type Duration = number | string;

/** A class of one's own, or what a class of Tidegate's is to be here. What is left out stays as it is there. */
export interface ClassOptions {
  /** How long a value is fresh. */
  readonly ttl?: Duration;
  /** For how long after that it is given while a new one is loaded behind it. */
  readonly staleWhileRevalidate?: Duration;
  /** For how long it stands in for a loader that fails or is slow. */
  readonly staleIfError?: Duration;
  /** The consistency window: an invalidation shows everywhere within it. 0 asks the log for each read. */
  readonly window?: Duration;
  /** What happens when the log can't be heard for longer than the window: the loader is asked, or stale values are given up to a cap. */
  readonly fence?: "revalidate" | { readonly serveStale: Duration };
  /** For how long it is remembered that there is nothing (`null` or `undefined`); 0 = not at all. */
  readonly negativeTtl?: Duration;
  /** The largest part of the ttl that jitter takes away, 0 to 1. */
  readonly jitter?: number;
  /** Octets of the near cache of this class; 0 = none. */
  readonly memory?: number;
  /** Whether values are renewed ahead of their end, behind whoever reads them. */
  readonly refreshAhead?: boolean;
  /** How many databases hold each value. */
  readonly replicas?: number;
}

export interface ValueRules {
  readonly class: string;
  /** The policy's id, where one governs. */
  readonly policy: string | null;
  /** The policy's. */
  readonly tags: readonly string[];
  /** Null: each call has to say it. */
  readonly ttl: Millis | null;
  /** Whether what a call or a loader says of it counts. */
  readonly ttlMode: "respect" | "override";
  readonly staleWhileRevalidate: Millis;
  readonly staleIfError: Millis;
  readonly negativeTtl: Millis;
  readonly window: Millis;
  readonly fence: Fence;
  readonly jitter: number;
  readonly memory: Bytes;
  readonly eviction: ClassSettings["eviction"];
  readonly refreshAhead: boolean;
  readonly replicas: number;
  readonly budget: L2Budget;
  readonly largestShared: Bytes;
}

/** All classes by name: Tidegate's own, and those that the program has made or changed. */
export function rulesByClass(
  classes: Readonly<Record<string, ClassOptions>>,
): ReadonlyMap<string, ValueRules> {
  const rules = new Map<string, ValueRules>();
  for (const [name, settings] of DEFAULT_CLASSES) rules.set(name, rulesOf(settings, {}, name));
  const standard = DEFAULT_CLASSES.get("standard");
  for (const [name, options] of Object.entries(classes)) {
    if (!CLASS_NAME.test(name))
      throw invalid(`classes.${name}`, "a class's name is letters, digits, - and _");
    const base = DEFAULT_CLASSES.get(name) ?? standard;
    if (base !== undefined) rules.set(name, rulesOf({ ...base, name }, options, `classes.${name}`));
  }
  return rules;
}

function rulesOf(settings: ClassSettings, options: ClassOptions, where: string): ValueRules {
  refuseOthers(options, where);
  const span = (name: keyof ClassOptions & string, fallback: Millis | null): Millis | null =>
    options[name] === undefined ? fallback : durationOf(options[name], `${where}.${name}`);
  const none = millis(0);
  const ttl = span("ttl", settings.ttl);
  const { refreshAhead = settings.refresh === "refresh-ahead", jitter = settings.jitter } = options;
  if (typeof jitter !== "number" || !(jitter >= 0 && jitter <= 1))
    throw invalid(`${where}.jitter`, "jitter is a number from 0 to 1");
  if (typeof refreshAhead !== "boolean") throw invalid(`${where}.refreshAhead`, "true or false is needed");
  if (options.replicas === 0) throw invalid(`${where}.replicas`, "a whole number from 1 on is needed");
  return {
    class: settings.name,
    policy: null,
    tags: [],
    ttl,
    ttlMode: "respect",
    staleWhileRevalidate: span("staleWhileRevalidate", settings.staleWhileRevalidate) ?? none,
    staleIfError: span("staleIfError", settings.staleIfError) ?? none,
    negativeTtl: span("negativeTtl", null) ?? CACHE_LIMITS.negative,
    window: span("window", settings.window) ?? settings.window,
    fence: fenceOf(options.fence, settings, `${where}.fence`),
    jitter,
    memory: bytes(whole(options.memory, `${where}.memory`) ?? settings.memoryBudget),
    eviction: settings.eviction === "gdsf" ? "s3-fifo" : settings.eviction,
    refreshAhead,
    replicas: whole(options.replicas, `${where}.replicas`) ?? settings.replicas,
    budget: l2BudgetOf(settings),
    largestShared: settings.l2MaxBody,
  };
}

const KNOWN: ReadonlySet<string> = new Set<keyof ClassOptions>([
  ...(["ttl", "staleWhileRevalidate", "staleIfError", "window", "fence", "negativeTtl", "jitter"] as const),
  ...(["memory", "refreshAhead", "replicas"] as const),
]);

function refuseOthers(options: ClassOptions, where: string): void {
  const other = unknownOption(options, KNOWN);
  if (other !== undefined) throw invalid(`${where}.${other}`, NO_SUCH_OPTION);
}

/** A loader is the truth: what an edge would refuse, it is asked for. */
function fenceOf(said: ClassOptions["fence"], settings: ClassSettings, where: string): Fence {
  if (said === undefined) return settings.fence.kind === "refuse" ? { kind: "revalidate" } : settings.fence;
  if (said === "revalidate") return { kind: "revalidate" };
  return { kind: "serve-stale", cap: durationOf(said.serveStale, `${where}.serveStale`) };
}

function whole(value: number | undefined, where: string): number | null {
  if (value === undefined) return null;
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(where, "a whole number from 0 on is needed");
  return value;
}

/** Throws `invalid-option` where it is none. */
export function durationOf(value: unknown, where: string): Millis {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return millis(value);
  const span = typeof value === "string" ? parseDuration(value) : null;
  if (span === null) throw invalid(where, "milliseconds, or a duration such as 30s or 5m, is needed");
  return span;
}

export const invalid = (where: string, message: string): TidegateError =>
  new TidegateError("invalid-option", `${where}: ${message}.`, {
    errors: [{ pointer: `/${where.replaceAll(".", "/")}`, message }],
  });
