// How long the oldest unfinished purge has been open, and by how much that is beyond the time from which it must hold.

import { greatestBound } from "../../shared/core/bound.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { OpenReceipts } from "./show-metrics.ts";

export const NOTHING_OPEN: OpenReceipts = { oldestOpenMs: 0, overdueMs: 0 };

export async function readOpenReceipts(
  { receipts, routings }: Pick<ControlPlane, "receipts" | "routings">,
  configuration: ReadonlyMap<string, string>,
): Promise<OpenReceipts> {
  const oldest = await receipts.oldestOpen();
  if (oldest.kind === "unavailable") return { oldestOpenMs: null, overdueMs: null };
  if (oldest.kind === "absent") return NOTHING_OPEN;
  const { receipt, now } = oldest;
  // Until somebody had to work out when it is fenced, no rule says more than the longest bound of all.
  const bound = greatestBound(routings.of(configuration)) + LIMITS.fenceSlack;
  return openFor(receipt, { now, holdsAt: receipt.fencedAt ?? receipt.at + bound });
}

const openFor = (
  { at }: StoredReceipt,
  { now, holdsAt }: { readonly now: number; readonly holdsAt: number },
): OpenReceipts => ({ oldestOpenMs: Math.max(0, now - at), overdueMs: Math.max(0, now - holdsAt) });
