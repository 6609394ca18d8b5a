// Sends the spans of one request to the collector that the environment names, as OTLP/HTTP JSON.

import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { HttpCalls, HttpOutcome } from "../../shared/ports/http.ts";
import { LIMITS } from "../config.ts";
import { encodeSpans } from "./otlp.ts";
import type { Tracing } from "./settings.ts";

export interface ExportPorts {
  readonly http: HttpCalls;
  readonly clock: Pick<Clock, "now">;
  readonly tell: (line: string) => void;
}

/**
 * Not OpenTelemetry's own exporter (docs/adr/0044-a-request-sends-its-own-spans.md). What is not taken is lost: a trace is
 * no record, and whoever waited for a collector would hold requests' spans without bound.
 */
export class SpanExport {
  private readonly ports: ExportPorts;
  private readonly to: Tracing;
  /** When those that are under way began: one whose request was cut off never says that it has ended. */
  private readonly sending = new Set<{ readonly since: Instant }>();
  private failing = false;

  constructor(ports: ExportPorts, to: Tracing) {
    this.ports = ports;
    this.to = to;
  }

  /** Resolves within a deadline. */
  async send(spans: readonly ReadableSpan[]): Promise<void> {
    if (spans.length === 0) return;
    if (this.isFull()) return this.note("too many are under way");
    const own = { since: this.ports.clock.now() };
    this.sending.add(own);
    const { url, headers, service } = this.to;
    const outcome = await this.ports.http.send(
      {
        ...{ method: "POST", url, body: encodeSpans(service, spans) },
        headers: { ...headers, "content-type": "application/json" },
      },
      LIMITS.traceDeadline,
    );
    this.sending.delete(own);
    this.note(failureOf(outcome));
  }

  private isFull(): boolean {
    const now = this.ports.clock.now();
    for (const one of this.sending)
      if (elapsed(one.since, now) > 2 * LIMITS.traceDeadline) this.sending.delete(one);
    return this.sending.size >= LIMITS.traceExports;
  }

  /** Once an outage, not once a request; where to is not told, since the address may hold a secret. */
  private note(failure: string | null): void {
    if (this.failing === (failure !== null)) return;
    this.failing = failure !== null;
    this.ports.tell(failure === null ? "traces are taken again" : `traces are not taken: ${failure}`);
  }
}

function failureOf(outcome: HttpOutcome): string | null {
  if (outcome.kind === "unreachable") return outcome.reason;
  return outcome.status >= 200 && outcome.status < 300 ? null : `answered with ${outcome.status}`;
}
