// W3C Trace Context: whose trace a request belongs to, and how it goes on to the next hop.

import {
  changedFields,
  type FieldsChange,
  type HeaderList,
  type HeaderPair,
  headerValue,
} from "./headers.ts";
import { mix } from "./mix.ts";

export interface TraceParent {
  /** 32 hexadecimal digits in lower case, not all nought; a span's id has 16. */
  readonly traceId: string;
  readonly spanId: string;
  /** Two hexadecimal digits. */
  readonly flags: string;
}

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Trace Context §3.3.1.1, §3.3.1.5: what is beyond them may be dropped as a whole. */
const STATE_MEMBERS = 32;
const STATE_LENGTH = 512;

/** Null where it is none: a later version's is read as far as this one goes (§3.2.4). */
export function parseTraceparent(text: string | null): TraceParent | null {
  const [, version, traceId = "", spanId = "", flags = "", rest] = PARENT.exec(text ?? "") ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags };
}

export const formatTraceparent = ({ traceId, spanId, flags }: TraceParent): string =>
  `00-${traceId}-${spanId}-${flags}`;

/** 16 hexadecimal digits out of a random token, never all nought. */
export const spanId = (token: string): string =>
  [1, 2]
    .map((seed) => (mix(token, seed) | seed) >>> 0)
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");

const FIELDS = ["traceparent", "tracestate"];

/**
 * What is sent to the next hop belongs to the same trace, as a child by an id of its own. Where the request belongs to
 * none, or says so by something that is no traceparent, none is begun, and its state is not passed on either (§2.3).
 */
export function continueTrace(headers: HeaderList, spanId: () => string): HeaderList {
  const change = traceChange((name) => headerValue(headers, name), spanId);
  return change === null ? headers : changedFields(headers, change);
}

/** The same as what changes; null where nothing does. */
export function traceChange(
  header: (name: string) => string | null,
  spanId: () => string,
): FieldsChange | null {
  const [said, state] = [header("traceparent"), header("tracestate")];
  if (said === null && state === null) return null;
  const parent = parseTraceparent(said);
  if (parent === null) return { without: FIELDS, replaced: [] };
  const traceparent: HeaderPair = ["traceparent", formatTraceparent({ ...parent, spanId: spanId() })];
  const keeps =
    state !== null &&
    state !== "" &&
    state.length <= STATE_LENGTH &&
    state.split(",").length <= STATE_MEMBERS;
  return { without: FIELDS, replaced: keeps ? [traceparent, ["tracestate", state]] : [traceparent] };
}
