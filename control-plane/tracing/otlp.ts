// Spans as OTLP/HTTP JSON (opentelemetry-proto, trace/v1): ids in hexadecimal, times in nanoseconds as text.

import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** Of one service and one tracer. */
export const encodeSpans = (service: string, spans: readonly ReadableSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes({ "service.name": service }) },
        scopeSpans: [{ scope: { name: "tidegate" }, spans: spans.map(encodeSpan) }],
      },
    ],
  });

/** Bits 8 and 9 of the flags: whether the parent is in another process is known, and whether it is. */
const [REMOTE_KNOWN, REMOTE] = [0x100, 0x200];

function encodeSpan(span: ReadableSpan): object {
  const { parentSpanContext: parent } = span;
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return {
    ...{
      traceId,
      spanId,
      name: span.name,
      flags: traceFlags | REMOTE_KNOWN | (parent?.isRemote ? REMOTE : 0),
    },
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    ...(traceState === undefined ? {} : { traceState: traceState.serialize() }),
    // The API counts from `INTERNAL`, the wire from "unspecified".
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: encodeAttributes(span.attributes),
    status: { code: span.status.code },
  };
}

/** They are beyond what a number holds exactly. */
const nanoseconds = ([seconds, rest]: readonly [number, number]): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

/** Texts and whole numbers are all that spans here say. */
const encodeAttributes = (attributes: Attributes): object[] =>
  Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: String(value) },
    }));
