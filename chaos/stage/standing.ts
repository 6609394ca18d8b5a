// How far the cluster has got: whether every edge has every acknowledged purge, and whether the log has each of them once.

import type { ControlClient, Receipt } from "../../client/index.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";
import { LIMITS } from "../config.ts";
import type { LedgerEntry } from "./purges.ts";

export interface LedgerFindings {
  readonly acknowledged: number;
  /** Acknowledged, and not in the log as that. */
  readonly missing: number;
  /** In the log more than once. */
  readonly doubled: number;
  /** In the log, and some edge is not known to go by it. */
  readonly unapplied: number;
  /** Whether the audit log's chain is whole. */
  readonly chainHolds: boolean;
}

const CALL = { deadlineMs: LIMITS.call } as const;
const PAGE = 100;
const MOST_PAGES = 10;

/** Whether every edge is there, and has got to the last of these. Rejects where that can't be learnt. */
export async function haveAll(
  client: ControlClient,
  { entries, edges }: { entries: readonly LedgerEntry[]; edges: number },
): Promise<boolean> {
  const positions = entries.flatMap(({ acknowledged }) => parsePosition(acknowledged?.position ?? "") ?? []);
  const { items } = await client.edges.list({ limit: PAGE }, CALL);
  if (items.length < edges) return false;
  return items.every(({ state, position }) => {
    const at = parsePosition(position ?? "");
    return state === "live" && at !== null && positions.every((each) => comparePositions(at, each) >= 0);
  });
}

/** Whether everybody is known to go by them. */
export async function areConverged(client: ControlClient, entries: readonly LedgerEntry[]): Promise<boolean> {
  const receipts = await receiptsOf(client, entries);
  return entries.every(({ acknowledged }) => {
    const receipt = receipts.find(({ id }) => id === acknowledged?.id);
    return acknowledged === null || receipt?.state === "converged";
  });
}

export async function readLedger(
  client: ControlClient,
  entries: readonly LedgerEntry[],
): Promise<LedgerFindings> {
  const receipts = await receiptsOf(client, entries);
  const byReason = Map.groupBy(receipts, ({ reason }) => reason ?? "");
  const acknowledged = entries.flatMap((entry) => (entry.acknowledged === null ? [] : [entry.acknowledged]));
  const found = acknowledged.map(({ id, position }) => ({
    position,
    receipt: receipts.find((one) => one.id === id),
  }));
  return {
    acknowledged: acknowledged.length,
    missing: found.filter(({ position, receipt }) => receipt?.position !== position).length,
    // Whether or not anybody was told of it: sent again, it has to be known again.
    doubled: entries.filter(({ reason }) => (byReason.get(reason)?.length ?? 0) > 1).length,
    unapplied: found.filter(({ receipt }) => receipt !== undefined && !isApplied(receipt)).length,
    chainHolds: (await client.audit.verify(CALL)).holds,
  };
}

const isApplied = ({ state, edges }: Receipt): boolean =>
  state === "converged" && edges.every((edge) => edge.state !== "pending");

/** All of the log's receipts back to the first of these. */
async function receiptsOf(client: ControlClient, entries: readonly LedgerEntry[]): Promise<Receipt[]> {
  const wanted = entries.filter(({ acknowledged }) => acknowledged !== null).length;
  const reasons = new Set(entries.map(({ reason }) => reason));
  const receipts: Receipt[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const { items, nextCursor } = await client.invalidations.list(query, CALL);
    receipts.push(...items);
    cursor = nextCursor;
    const ours = receipts.filter(({ reason }) => reasons.has(reason ?? "")).length;
    const isPast = ours >= wanted && !items.some(({ reason }) => reasons.has(reason ?? ""));
    if (cursor === null || isPast) break;
  }
  return receipts;
}
