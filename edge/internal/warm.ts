// Warm-up batches: each target goes the way of a client's request, with a client that reads everything and yields to all others.

import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { type Instant, later, millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { WarmMessage, WarmResult } from "../../shared/wire/internal.ts";
import { decodeTarget, type WarmTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { handleRequest } from "../handle-request.ts";
import { isShed } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";

/** In the order in which they ended. What has not begun in time is left for later: whoever asked waits no longer. */
export async function warm(edge: Edge, background: Background, message: WarmMessage): Promise<WarmResult[]> {
  const giveUpAt = later(edge.clock.now(), LIMITS.warmupPatience);
  const results: WarmResult[] = [];
  const queue = [...message.urls];
  const worker = async (): Promise<void> => {
    for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
      if (edge.clock.now() >= giveUpAt) results.push({ url, status: 0, result: "later" });
      else results.push(await warmOne(edge, background, { url, into: message.into, giveUpAt }));
    }
  };
  await Promise.all(Array.from({ length: message.concurrency }, worker));
  return results;
}

interface One extends Pick<WarmMessage, "into"> {
  readonly url: string;
  readonly giveUpAt: Instant;
}

async function warmOne(edge: Edge, background: Background, one: One): Promise<WarmResult> {
  const { url, into, giveUpAt } = one;
  const target = decodeTarget(url);
  if (target === null) return { url, status: 0, result: "failed" };
  const purpose = into === "shards" ? "refill" : "warm-up";
  const request = requestFor(edge, background, { target, purpose });
  try {
    const reply = await patiently(edge, request, giveUpAt);
    if (reply.body.kind === "source") while ((await reply.body.source.read()) !== null) {}
    return { url, status: reply.status, result: fate(reply) };
  } catch (error) {
    if (error instanceof Error) return { url, status: 0, result: "failed" };
    throw error;
  }
}

export function requestFor(
  edge: Edge,
  background: Background,
  { target, purpose }: { readonly target: WarmTarget } & Pick<EdgeRequest, "purpose">,
): EdgeRequest {
  const headers = purpose === "client" ? target.headers : named(target.headers);
  return {
    method: "GET",
    url: target.url,
    header: (name) => headerValue(headers, name),
    headers: () => headers,
    body: NO_BODY,
    purpose,
    arrivedAt: edge.clock.now(),
    background,
  };
}

/** Where answers vary by it the target says which. */
const named = (headers: HeaderList): HeaderList =>
  headers.some(([name]) => name === "user-agent") ? headers : [["user-agent", "tidegate-warmup"], ...headers];

/** Users come first at the origin: a warm-up that is turned away for them has time to come again. */
export async function patiently(edge: Edge, request: EdgeRequest, giveUpAt: Instant): Promise<Reply> {
  while (true) {
    const reply = await handleRequest(edge, { ...request, arrivedAt: edge.clock.now() });
    if (!isShed(reply) || edge.clock.now() >= giveUpAt) return reply;
    // One second is the least that anybody is told.
    await edge.timers.sleep(millis(500 + 500 * edge.random.unit()));
  }
}

/** Turned away by us is no failure, unless the origin is left alone because it fails. */
export const isForLater = (reply: Reply): boolean => isShed(reply) && reply.shed !== "breaker";

function fate(reply: Reply): WarmResult["result"] {
  const { status, cacheStatus } = reply;
  if (isForLater(reply)) return "later";
  if (status === 0 || status >= 500) return "failed";
  if (/\bhit\b|collapsed/.test(cacheStatus)) return "held";
  return cacheStatus.includes("stored") ? "stored" : "not-stored";
}
