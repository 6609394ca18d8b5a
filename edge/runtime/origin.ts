// The origin over the runtime's fetch: Host kept, redirects not followed, failure as a value.

import type { HeaderPair } from "../../shared/core/headers.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { LIMITS } from "../config.ts";
import { bodyOf, NativeSource } from "./streams.ts";

export interface Fetches {
  fetch(request: Request): Promise<Response>;
}

export function runtimeOrigin(target: Fetches): Origin {
  return {
    async fetch(request): Promise<OriginOutcome> {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), request.deadline);
      try {
        const response = await target.fetch(nativeRequest(request, controller.signal));
        return readResponse(request, response);
      } catch (error) {
        const reason = controller.signal.aborted ? "timeout" : "refused";
        return { kind: "unreachable", reason, detail: error instanceof Error ? error.message : "unknown" };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function nativeRequest(request: OriginRequest, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  const { body } = request;
  const stream =
    body.kind === "source" && body.source instanceof NativeSource ? body.source.untouched() : null;
  const content = body.kind === "bytes" ? body.bytes : stream;
  return new Request(request.url, {
    method: request.method,
    headers,
    body: content,
    redirect: "manual",
    signal,
  });
}

const BODILESS = new Set([101, 204, 205, 304]);

function readResponse(request: OriginRequest, response: Response): OriginOutcome {
  // Informational answers come as if they were final, and no client could be sent these statuses (RFC 9110 §15).
  if (response.status !== 101 && (response.status < 200 || response.status > 599)) {
    return {
      kind: "unreachable",
      reason: "broken",
      detail: `the origin answered with status ${response.status}`,
    };
  }
  const headers: HeaderPair[] = [...response.headers].map(([name, value]) => [name.toLowerCase(), value]);
  const coded = response.headers.has("content-encoding");
  const announced = response.headers.get("content-length");
  const length = announced !== null && /^\d+$/.test(announced) && !coded ? Number(announced) : null;
  const bodiless = request.method === "HEAD" || BODILESS.has(response.status);
  return {
    kind: "answer",
    status: response.status,
    headers,
    body: bodiless ? { kind: "none" } : bodyOf(response.body, { length, idle: LIMITS.originIdle }),
  };
}
