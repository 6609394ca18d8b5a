// For tests of traces: a collector on loopback that takes OTLP/HTTP JSON, or is told to take it badly.

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** OTLP: 2 serves, 3 calls. */
  readonly kind: number;
  /** OTLP: 2 is an error. */
  readonly status: number;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  /** How it answers; null not at all. */
  answers: { readonly status: number; readonly headers?: Record<string, string> } | null;
  readonly exports: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly text: string }[];
  spans(): CollectedSpan[];
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += String(piece);
    collector.exports.push({ path: request.url ?? "", headers: request.headers, text });
    const { answers } = collector;
    if (answers !== null) response.writeHead(answers.status, answers.headers).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: { status: 200 },
    exports: [],
    spans: () => collector.exports.flatMap(({ text }) => spansIn(text)),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return collector;
}

interface Otlp {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan extends Pick<CollectedSpan, "traceId" | "spanId" | "name" | "kind"> {
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const spansIn = (text: string): CollectedSpan[] =>
  (JSON.parse(text) as Otlp).resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({
      ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId ?? null },
      ...{ name: span.name, kind: span.kind, status: span.status.code },
      ms: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
      attributes: Object.fromEntries(
        span.attributes.map(({ key, value }) => [key, Object.values(value)[0]] as const),
      ),
    }));
