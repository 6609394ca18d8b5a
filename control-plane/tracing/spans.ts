// One trace a request: a span for the request itself, and one for each call that it makes of a database or an edge.

import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import type { TraceParent } from "../../shared/core/trace-context.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Background, Clock, Timers } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";

export interface SpansPorts {
  readonly clock: Pick<Clock, "now" | "wall">;
  readonly timers: Timers;
  readonly send: (spans: readonly ReadableSpan[]) => Promise<void>;
}

/** A request as its span begins: whose trace it belongs to, where it says so. */
export interface Asked {
  readonly method: string;
  readonly parent: TraceParent | null;
  readonly state: string | null;
}

/** `route` null: nothing is there. */
export interface Served {
  readonly route: string | null;
  readonly status: number;
}

export interface Call<Outcome> {
  readonly name: string;
  readonly attributes: Attributes;
  /** What became of it, in a word or two; null where it went well. */
  readonly failure: (outcome: Outcome) => string | null;
}

/** What one request keeps until it is sent, in its own context: no request sends another's. */
interface Kept {
  readonly parent: Context;
  readonly ended: ReadableSpan[];
  begun: number;
  /** Calls that had no room. */
  omitted: number;
  underWay: number;
  /** Called when nothing is under way any more. */
  quiet: (() => void) | null;
  isSent: boolean;
}

/** RFC 9110 and 5789; any other name is the client's own text. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

export class Spans {
  private readonly ports: SpansPorts;
  private readonly tracer: Tracer;
  /** Databases and edges are called by parts that all requests share: whose call it is, only the context knows. */
  private readonly current = new AsyncLocalStorage<Kept>();

  constructor(ports: SpansPorts) {
    this.ports = ports;
    const nothing = async (): Promise<void> => {};
    const collector = {
      ...{ onStart: () => {}, forceFlush: nothing, shutdown: nothing },
      onEnd: (span: ReadableSpan) => void this.current.getStore()?.ended.push(span),
    };
    // A caller that does not sample its trace gets none of ours; whoever comes without a trace begins one.
    this.tracer = new TracerProvider({ spanProcessors: [collector] }).getTracer("tidegate");
  }

  /** Routes that ask others in the same process are one request with them. */
  async serve(asked: Asked, background: Background, work: () => Promise<Served>): Promise<void> {
    if (this.current.getStore() !== undefined) return void (await work());
    const method = METHODS.has(asked.method) ? asked.method : "_OTHER";
    const begun = this.begin(method, { "http.request.method": method }, contextOf(asked));
    if (!begun.span.isRecording()) return void (await work());
    const kept: Kept = {
      ...{ parent: trace.setSpan(ROOT_CONTEXT, begun.span), ended: [] },
      ...{ begun: 0, omitted: 0, underWay: 0, quiet: null, isSent: false },
    };
    await this.current.run(kept, async () => {
      try {
        tellServed(begun.span, method, await work());
      } finally {
        if (kept.omitted > 0) begun.span.setAttribute("tidegate.calls.omitted", kept.omitted);
        this.end(begun);
        background.keep(this.send(kept));
      }
    });
  }

  /** Outside of a request, and once its spans are sent, there is nothing but the work. */
  async call<Outcome>(
    { name, attributes, failure }: Call<Outcome>,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const kept = this.current.getStore();
    if (kept === undefined || kept.isSent) return work();
    if (kept.begun >= LIMITS.traceCalls) {
      kept.omitted += 1;
      return work();
    }
    kept.begun += 1;
    kept.underWay += 1;
    const begun = this.begin(name, attributes, kept.parent);
    try {
      const outcome = await work();
      tellFailure(begun.span, failure(outcome));
      return outcome;
    } finally {
      this.end(begun);
      kept.underWay -= 1;
      if (kept.underWay === 0) kept.quiet?.();
    }
  }

  private begin(name: string, attributes: Attributes, parent: Context): Begun {
    const { clock } = this.ports;
    const kind = "http.request.method" in attributes ? SpanKind.SERVER : SpanKind.CLIENT;
    const [at, wall] = [clock.now(), clock.wall()];
    return {
      span: this.tracer.startSpan(name, { kind, attributes, startTime: timeOf(wall) }, parent),
      ...{ at, wall },
    };
  }

  private end({ span, at, wall }: Begun): void {
    span.end(timeOf(wall + elapsed(at, this.ports.clock.now())));
  }

  /** What the answer has left under way is waited for, within reason; what begins after that is not in it. */
  private async send(kept: Kept): Promise<void> {
    if (kept.underWay > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      kept.quiet = resolve;
      const cancel = this.ports.timers.after(LIMITS.traceGrace, resolve);
      await promise;
      cancel();
    }
    kept.isSent = true;
    await this.ports.send(kept.ended);
  }
}

interface Begun {
  readonly span: Span;
  readonly at: Instant;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

function contextOf({ parent, state }: Asked): Context {
  if (parent === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId: parent.traceId, spanId: parent.spanId, isRemote: true },
    traceFlags: Number.parseInt(parent.flags, 16) & 1,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  });
}

function tellServed(span: Span, method: string, { route, status }: Served): void {
  span.setAttribute("http.response.status_code", status);
  if (route !== null) span.setAttribute("http.route", route).updateName(`${method} ${route}`);
  tellFailure(span, status >= 500 ? String(status) : null);
}

function tellFailure(span: Span, failure: string | null): void {
  if (failure === null) return;
  span.setAttribute("error.type", failure).setStatus({ code: SpanStatusCode.ERROR });
}

/** Seconds and nanoseconds: a number alone could be taken for one of another clock. */
function timeOf(wall: number): [number, number] {
  const whole = Math.floor(wall / 1000);
  return [whole, Math.round((wall - whole * 1000) * 1e6)];
}
