// The origin over the runtime's fetch: Host kept, redirects not followed, failure as a value.

import { lengthOf, parseContentRange } from "../../shared/core/byte-range.ts";
import { type HeaderPair, hasHeader, headerValue, withoutHeaders } from "../../shared/core/headers.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { LIMITS } from "../config.ts";
import { changeFields } from "./change-fields.ts";
import { NativeRequest } from "./native-request.ts";
import { type OriginWays, wayTo } from "./origin-ways.ts";
import { bodyOf, NativeSource, streamOf } from "./streams.ts";

export function runtimeOrigin(ways: OriginWays): Origin {
  return {
    fetch(request): Promise<OriginOutcome> {
      const { promise, resolve } = Promise.withResolvers<OriginOutcome>();
      let isOver = false;
      // Given up, and not aborted: a signal costs more than all the rest of this. What was given up ends with the
      // request that it was sent for, which has its answer now.
      const timer = setTimeout(() => {
        isOver = true;
        resolve(TIMEOUT);
      }, request.deadline);
      void send(ways, request)
        .then((response) => (isOver ? tooLate(response) : readResponse(request, response)))
        .catch(refused)
        .then((outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        });
      return promise;
    },
  };
}

const TIMEOUT: OriginOutcome = { kind: "unreachable", reason: "timeout", detail: "no answer in time" };

async function tooLate(response: Response): Promise<OriginOutcome> {
  await response.body?.cancel();
  return TIMEOUT;
}

const refused = (error: unknown): OriginOutcome => ({
  kind: "unreachable",
  reason: "refused",
  detail: error instanceof Error ? error.message : "unknown",
});

/** `manual`: bodies arrive in the octets that the origin sent, whatever their content coding. */
const EXACT = { redirect: "manual", encodeResponseBody: "manual" } as const;

/** Rejects too where it can't be sent as it is. */
async function send(ways: OriginWays, request: OriginRequest): Promise<Response> {
  const { fetches: target, url, headers: told } = wayTo(ways, request);
  const headers = fieldsOf(request);
  for (const [name, value] of told) headers.set(name, value);
  const { body, method, passed } = request;
  const native = passed?.of instanceof NativeRequest ? passed.of.native : null;
  // The runtime has read its method and URL already. Its signal stays behind: a client that leaves is no fault of the
  // origin's, which the breaker would take it for.
  if (native !== null && native.body === null && native.url === url)
    return target.fetch(native, { headers, signal: null, ...EXACT });
  const source = body.kind === "source" && body.source instanceof NativeSource ? body.source : null;
  // No request can be made with method GET and a body, but one that arrived so can be copied.
  const arrived = method === "GET" || method === "HEAD" ? (source?.request ?? null) : null;
  if (arrived !== null) {
    const copy = new Request(new Request(url, arrived), { headers });
    return target.fetch(copy, EXACT);
  }
  const content = contentOf(body);
  return target.fetch(url, { method, headers, body: content, ...EXACT });
}

/** To change what the runtime has costs a fifth of making each anew. */
function fieldsOf({ headers, passed }: OriginRequest): Headers {
  if (passed?.of instanceof NativeRequest) return changeFields(new Headers(passed.of.fields), passed.change);
  const fields = new Headers();
  for (const [name, value] of headers) fields.append(name, value);
  return fields;
}

/** What has been begun is sent on piece by piece. */
function contentOf(body: Body): BodyInit | null {
  if (body.kind !== "source") return body.kind === "bytes" ? body.bytes : null;
  const untouched = body.source instanceof NativeSource ? body.source.untouched() : null;
  return untouched ?? streamOf(body.source, (pump) => void pump);
}

const BODILESS = new Set([101, 204, 205, 304]);
const LENGTH = new Set(["content-length"]);

function readResponse(request: OriginRequest, response: Response): OriginOutcome {
  const { status } = response;
  // Informational answers come as if they were final, and no client could be sent these statuses (RFC 9110 §15).
  if (status !== 101 && (status < 200 || status > 599))
    return { kind: "unreachable", reason: "broken", detail: `the origin answered with status ${status}` };
  // What has no content has no length either, whatever the origin says (RFC 9110 §8.6).
  const isMeasured = status === 204 && response.headers.has("content-length");
  const listed: HeaderPair[] = [...response.headers];
  const headers = isMeasured ? withoutHeaders(listed, LENGTH) : listed;
  // What has no Date is given that of its arrival, as whoever has a clock must (RFC 9110 §6.6.1).
  const dated = hasHeader(headers, "date");
  if (!dated) headers.push(["date", new Date().toUTCString()]);
  const announced = headerValue(headers, "content-length");
  const length = announced !== null && /^\d+$/.test(announced) ? Number(announced) : null;
  const bodiless = request.method === "HEAD" || BODILESS.has(status);
  const octets = length ?? (status === 206 ? octetsOf(headers) : null);
  const stream = octets === length ? response.body : ofLength(response.body, octets);
  return {
    kind: "answer",
    status,
    headers,
    native: dated && !isMeasured ? response : null,
    body: bodiless ? { kind: "none" } : bodyOf(stream, { length: octets, idle: LIMITS.originIdle }),
  };
}

/** As many as a part says that it has; null where it does not say so. */
function octetsOf(headers: readonly HeaderPair[]): number | null {
  const stated = parseContentRange(headerValue(headers, "content-range"));
  return stated === null ? null : lengthOf(stated);
}

/**
 * What states no length and is cut short reaches us as if it were whole, and our client as well. Of what is known to have
 * one that is told by the runtime itself: the client is announced it, and sees that it is not met.
 */
const ofLength = (stream: ReadableStream<Uint8Array> | null, octets: number | null) =>
  octets === null ? stream : (stream?.pipeThrough(new FixedLengthStream(octets)) ?? null);
