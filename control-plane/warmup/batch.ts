// Warms one batch of URLs: each first by one edge, which fills the mid-tier, and only then by the others.

import type { Millis } from "../../shared/core/units.ts";
import type { WarmupError } from "../../shared/mid-tier/warmup-record.ts";
import type { CallEdge } from "../../shared/wire/call-edge.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { WARM_PATH, type WarmMessage, type WarmResult } from "../../shared/wire/internal.ts";
import { decodeWarmReply } from "../../shared/wire/replies.ts";

export interface Batch {
  readonly urls: readonly string[];
  readonly edges: readonly ListedEdge[];
  readonly into: WarmMessage["into"];
  /** Requests to the origin at once, over all edges. */
  readonly concurrency: number;
  /** Turns the edges, so that every one fills its share. */
  readonly turn: number;
}

export interface BatchOutcome {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** What some edge could not get now, in whole or in part. */
  readonly later: readonly string[];
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
  readonly status: number;
  readonly reason: string;
}

export async function warmBatch(ports: Ports, batch: Batch): Promise<BatchOutcome> {
  const { filled, gone } = await fillAll(ports, batch);
  const tally = new Tally();
  for (const url of batch.urls) tally.count(url, filled.get(url));
  // What may not be kept would cost the origin a request an edge.
  const shared = batch.urls.filter((url) => ["stored", "held"].includes(filled.get(url)?.result ?? ""));
  const { concurrency, into } = batch;
  const spread = async (edge: ListedEdge): Promise<void> => {
    const urls = shared.filter((url) => filled.get(url)?.edge !== edge.id);
    const results = await warmAt(ports, edge, { v: 1, urls, concurrency, into });
    if (results === "refused") gone.add(edge.id);
    else for (const [url, fate] of results) tally.count(url, fate.result === "not-stored" ? HAD : fate);
  };
  if (into === "edges") await Promise.all(batch.edges.filter(({ id }) => !gone.has(id)).map(spread));
  for (const edge of gone)
    tally.errors.push({ url: batch.urls[0] ?? "", edge, reason: "the edge is gone: it was left out" });
  return tally.outcome(batch.urls.length);
}

/** What one edge keeps and another doesn't is there. */
const HAD: Filled = { edge: "", result: "held", status: 200, reason: "" };

/** Each URL counts once: as failed where any edge failed with it, else as for later where any edge left it for that. */
class Tally {
  readonly errors: WarmupError[] = [];
  private readonly failed = new Set<string>();
  private readonly later = new Set<string>();
  private readonly skipped = new Set<string>();

  count(url: string, fate: Filled | undefined): void {
    if (fate === undefined) this.fail(url, "", "no edge could be reached");
    else if (fate.result === "failed" || (fate.status >= 400 && fate.result !== "later"))
      this.fail(url, fate.edge, fate.reason);
    else if (fate.result === "later") this.later.add(url);
    else if (fate.result === "not-stored") this.skipped.add(url);
  }

  private fail(url: string, edge: string, reason: string): void {
    this.failed.add(url);
    this.errors.push({ url, edge, reason });
  }

  outcome(of: number): BatchOutcome {
    const later = [...this.later].filter((url) => !this.failed.has(url));
    const [failed, skipped] = [this.failed.size, this.skipped.size];
    return { done: of - failed - skipped - later.length, failed, skipped, later, errors: this.errors };
  }
}

/** An edge that refuses its share, because it is gone, leaves it to the others; one that is slow may still be at it. */
async function fillAll(
  ports: Ports,
  batch: Batch,
): Promise<{ filled: Map<string, Filled>; gone: Set<string> }> {
  const filled = new Map<string, Filled>();
  const gone = new Set<string>();
  for (let left = batch.urls; left.length > 0; left = left.filter((url) => !filled.has(url))) {
    const edges = batch.edges.filter(({ id }) => !gone.has(id));
    const lanes = Math.min(edges.length, batch.concurrency);
    if (lanes === 0) break;
    const fill = async (lane: number): Promise<void> => {
      const edge = edges[(batch.turn + lane) % edges.length];
      const urls = left.filter((_url, index) => index % lanes === lane);
      if (edge === undefined || urls.length === 0) return;
      const concurrency = Math.ceil((batch.concurrency - lane) / lanes);
      const results = await warmAt(ports, edge, { v: 1, urls, concurrency, into: batch.into });
      if (results === "refused") gone.add(edge.id);
      else for (const [url, fate] of results) filled.set(url, fate);
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => fill(lane)));
  }
  return { filled, gone };
}

/** A fate for every URL, or "refused" where the edge did nothing with the message. */
async function warmAt(
  { callEdge, deadline }: Ports,
  edge: ListedEdge,
  message: WarmMessage,
): Promise<Map<string, Filled> | "refused"> {
  const fates = new Map<string, Filled>();
  if (message.urls.length === 0) return fates;
  const answer = await callEdge(edge, { path: WARM_PATH, body: JSON.stringify(message) }, deadline);
  if (answer.kind === "unreachable" && answer.reason === "refused") return "refused";
  const reply = answer.kind === "answer" ? decodeWarmReply(answer.text) : null;
  const reason = answer.kind === "answer" ? "the edge gave no result" : "the edge took too long";
  for (const url of message.urls) fates.set(url, { edge: edge.id, result: "failed", status: 0, reason });
  for (const { url, status, result } of reply?.results ?? [])
    if (fates.has(url)) fates.set(url, { edge: edge.id, result, status, reason: reasonFor(status) });
  return fates;
}

/** Only told where it was a failure. */
function reasonFor(status: number): string {
  if (status === 0) return "no answer came to its end";
  return status === 503
    ? "answered with 503: the origin fails, or says that it can't"
    : `answered with ${status}`;
}
