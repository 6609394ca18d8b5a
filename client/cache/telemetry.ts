// OpenTelemetry: counters and a span a load, through a meter and a tracer that the program hands over.

import type { CacheStats } from "./counters.ts";
import type { Job } from "./job.ts";
import type { Telling } from "./telling.ts";

/** As far as they are needed here, so that no package has to be there: `metrics.getMeter(…)`, `trace.getTracer(…)`. */
export interface TelemetryOptions {
  readonly meter?: Meter;
  readonly tracer?: Tracer;
}

export type Attributes = Record<string, string>;

export interface Meter {
  createObservableCounter(name: string, options?: Described): Observable;
  createObservableGauge(name: string, options?: Described): Observable;
}

export interface Described {
  description?: string;
  unit?: string;
}

export interface Observable {
  addCallback(callback: (result: { observe(value: number, attributes?: Attributes): void }) => void): void;
}

export interface Tracer {
  startActiveSpan<Result>(
    name: string,
    options: { attributes?: Attributes },
    action: (span: Span) => Result,
  ): Result;
}

export interface Span {
  recordException(exception: Error | string): void;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** `SpanStatusCode.ERROR`. */
const ERROR = 2;

/** Counters by name: what is read of the cache's own, and by which attributes. */
const COUNTERS: readonly {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly of: (stats: CacheStats) => readonly (readonly [number, Attributes])[];
}[] = [
  {
    ...{ name: "tidegate.cache.reads", description: "Reads by where their value came from.", unit: "{read}" },
    of: ({ near, shared, loaded, absent }) => [
      [near, { source: "near" }],
      [shared, { source: "shared" }],
      [loaded, { source: "loader" }],
      [absent, { source: "none" }],
    ],
  },
  {
    ...{ name: "tidegate.cache.stale", description: "Values given past their time.", unit: "{read}" },
    of: ({ stale }) => [[stale, {}]],
  },
  {
    ...{ name: "tidegate.cache.coalesced", description: "Reads that joined another's.", unit: "{read}" },
    of: ({ coalesced }) => [[coalesced, {}]],
  },
  {
    ...{ name: "tidegate.cache.failures", description: "Reads without a value.", unit: "{read}" },
    of: ({ failures }) => Object.entries(failures).map(([code, count]) => [count, { code }]),
  },
  {
    ...{ name: "tidegate.cache.loads", description: "Loaders run, by what came of them.", unit: "{load}" },
    of: ({ loads, loadFailures }) => [
      [loads - loadFailures, { outcome: "loaded" }],
      [loadFailures, { outcome: "failed" }],
    ],
  },
  {
    ...{ name: "tidegate.cache.shed", description: "Loads that were turned away.", unit: "{load}" },
    of: ({ shed }) => Object.entries(shed).map(([reason, count]) => [count, { reason }]),
  },
  {
    ...{ name: "tidegate.cache.load.time", description: "Time spent in loaders.", unit: "ms" },
    of: ({ loadMs }) => [[loadMs, {}]],
  },
  {
    ...{
      name: "tidegate.cache.invalidations",
      description: "By whether the log has them.",
      unit: "{invalidation}",
    },
    of: ({ invalidations, unacknowledged }) => [
      [invalidations, { acknowledged: "yes" }],
      [unacknowledged, { acknowledged: "no" }],
    ],
  },
  {
    ...{
      name: "tidegate.cache.shared.errors",
      description: "Calls of the mid-tier that failed.",
      unit: "{call}",
    },
    of: ({ sharedErrors }) => [[sharedErrors, {}]],
  },
];

export class Telemetry {
  private readonly options: TelemetryOptions;
  private readonly telling: Pick<Telling, "quietly">;

  constructor(options: TelemetryOptions, telling: Pick<Telling, "quietly">) {
    this.options = options;
    this.telling = telling;
  }

  /** Nothing is counted twice: whoever collects reads what the cache has counted anyway. */
  observe(namespace: string, stats: () => CacheStats): void {
    const { meter } = this.options;
    if (meter === undefined) return;
    for (const { name, description, unit, of } of COUNTERS)
      meter.createObservableCounter(name, { description, unit }).addCallback((result) => {
        for (const [value, attributes] of of(stats())) result.observe(value, { ...attributes, namespace });
      });
    const gauge = (name: string, described: Described, of: (now: CacheStats) => number | null): void =>
      meter.createObservableGauge(name, described).addCallback((result) => {
        const value = of(stats());
        if (value !== null) result.observe(value, { namespace });
      });
    gauge("tidegate.cache.near.size", { unit: "By" }, ({ nearBytes }) => nearBytes);
    gauge("tidegate.cache.known.age", { unit: "ms" }, ({ knownAgeMs }) => knownAgeMs);
  }

  /**
   * The loader's own spans are this one's children. Keys are no attributes: there are too many of them. Whatever a tracer
   * throws is its own affair: the load goes on as it would without one.
   */
  spanning<Value>({ rules, source }: Job, load: () => Promise<Value>): Promise<Value> {
    const { tracer } = this.options;
    if (tracer === undefined) return load();
    const attributes = { "tidegate.class": rules.class, "tidegate.source": source };
    const loading: { one: Promise<Value> | null } = { one: null };
    this.telling.quietly(() =>
      tracer.startActiveSpan("tidegate.load", { attributes }, (span) => {
        loading.one ??= this.within(span, load);
      }),
    );
    // A tracer that fails, or runs nothing, spans nothing: the load goes on without it.
    return loading.one ?? load();
  }

  private async within<Value>(span: Span, load: () => Promise<Value>): Promise<Value> {
    const { telling } = this;
    try {
      return await load();
    } catch (error) {
      telling.quietly(() => span.recordException(error instanceof Error ? error : String(error)));
      telling.quietly(() => span.setStatus({ code: ERROR }));
      throw error;
    } finally {
      telling.quietly(() => span.end());
    }
  }
}
