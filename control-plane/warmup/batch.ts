// Warms one batch of URLs: each first by one edge, which fills the mid-tier, and only then by the others.

import type { Millis } from "../../shared/core/units.ts";
import type { WarmupError } from "../../shared/mid-tier/warmups.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { WARM_PATH, type WarmMessage, type WarmResult } from "../../shared/wire/internal.ts";
import { decodeWarmReply } from "../../shared/wire/replies.ts";
import type { CallEdge } from "../edges/call-edge.ts";

export interface Batch {
  readonly urls: readonly string[];
  readonly edges: readonly ListedEdge[];
  /** Requests to the origin at once, over all edges. */
  readonly concurrency: number;
  /** Turns the edges, so that every one fills its share. */
  readonly turn: number;
}

export interface BatchOutcome {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly errors: readonly WarmupError[];
}

interface Ports {
  readonly callEdge: CallEdge;
  readonly deadline: Millis;
}

/** A URL's fate at the edge that was to fill the mid-tier with it. */
interface Filled {
  readonly edge: string;
  readonly result: WarmResult["result"];
  readonly reason: string;
}

export async function warmBatch(ports: Ports, batch: Batch): Promise<BatchOutcome> {
  const filled = await fillAll(ports, batch);
  const errors: WarmupError[] = [];
  const failed = new Set<string>();
  const fail = (url: string, edge: string, reason: string): void => {
    failed.add(url);
    errors.push({ url, edge, reason });
  };
  for (const url of batch.urls) {
    const fate = filled.get(url);
    if (fate === undefined) fail(url, "", "no edge could be reached");
    else if (fate.result === "failed") fail(url, fate.edge, fate.reason);
  }
  // What may not be kept would cost the origin a request an edge.
  const shared = batch.urls.filter((url) => ["stored", "held"].includes(filled.get(url)?.result ?? ""));
  const spread = async (edge: ListedEdge): Promise<void> => {
    const urls = shared.filter((url) => filled.get(url)?.edge !== edge.id);
    const results = await warmAt(ports, edge, { v: 1, urls, concurrency: batch.concurrency });
    for (const url of urls) {
      const fate = results.get(url);
      if (fate === undefined || fate.result === "failed")
        fail(url, edge.id, fate?.reason ?? "the edge could not be reached");
    }
  };
  await Promise.all(batch.edges.map(spread));
  const skipped = batch.urls.filter((url) => filled.get(url)?.result === "not-stored").length;
  return { done: batch.urls.length - failed.size - skipped, failed: failed.size, skipped, errors };
}

/** An edge that refuses its share, because it is gone, leaves it to the next; one that is slow may still be at it. */
async function fillAll(ports: Ports, batch: Batch): Promise<Map<string, Filled>> {
  const filled = new Map<string, Filled>();
  const lanes = Math.min(batch.edges.length, batch.concurrency);
  let left: readonly string[] = batch.urls;
  for (let attempt = 0; attempt < batch.edges.length && left.length > 0; attempt++) {
    const shares = Array.from({ length: lanes }, (_, lane) => left.filter((_url, i) => i % lanes === lane));
    const fill = async (urls: readonly string[], lane: number): Promise<void> => {
      const edge = batch.edges[(batch.turn + attempt + lane) % batch.edges.length];
      if (edge === undefined) return;
      const concurrency = Math.ceil((batch.concurrency - lane) / lanes);
      const results = await warmAt(ports, edge, { v: 1, urls, concurrency });
      for (const [url, fate] of results) filled.set(url, fate);
    };
    await Promise.all(shares.map(fill));
    left = left.filter((url) => !filled.has(url));
  }
  return filled;
}

/** Empty where the edge did nothing with the message. */
async function warmAt(
  { callEdge, deadline }: Ports,
  edge: ListedEdge,
  message: WarmMessage,
): Promise<Map<string, Filled>> {
  const fates = new Map<string, Filled>();
  if (message.urls.length === 0) return fates;
  const answer = await callEdge(edge, { path: WARM_PATH, body: JSON.stringify(message) }, deadline);
  if (answer.kind === "unreachable" && answer.reason === "refused") return fates;
  const reply = answer.kind === "answer" ? decodeWarmReply(answer.text) : null;
  const reason = answer.kind === "answer" ? "the edge gave no result" : "the edge took too long";
  for (const url of message.urls) fates.set(url, { edge: edge.id, result: "failed", reason });
  for (const { url, status, result } of reply?.results ?? [])
    fates.set(url, { edge: edge.id, result, reason: status === 0 ? "no answer" : `status ${status}` });
  return fates;
}
