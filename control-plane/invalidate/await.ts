// Waits until every edge has applied an invalidation or is fenced, or until the caller's patience ends.

import { elapsed, type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { bringUpToDate, type Ports } from "./progress.ts";
import { type Receipt, showReceipt } from "./receipt.ts";

export type ReceiptRead =
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "absent" }
  | Unavailable;

export type ReceiptsRead = { readonly kind: "receipts"; readonly receipts: readonly Receipt[] } | Unavailable;

export async function readReceipt(plane: Ports, id: string): Promise<ReceiptRead> {
  const read = await readReceipts(plane, [id], LIMITS.selectors);
  if (read.kind === "unavailable") return read;
  const [receipt] = read.receipts;
  return receipt === undefined ? { kind: "absent" } : { kind: "receipt", receipt };
}

/** Those that are there, in order. */
export async function readReceipts(
  plane: Ports,
  ids: readonly string[],
  mostSelectors: number,
): Promise<ReceiptsRead> {
  const [directory, found] = await Promise.all([
    plane.edges.read(),
    plane.receipts.read(ids, "with-entries"),
  ]);
  if (directory.kind === "unavailable") return directory;
  const stored: StoredReceipt[] = [];
  for (const outcome of found) {
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "receipt") stored.push(outcome.receipt);
  }
  return showAll(plane, { directory: directory.directory, stored, mostSelectors });
}

async function showAll(
  plane: Ports,
  given: { directory: Directory; stored: readonly StoredReceipt[]; mostSelectors: number },
): Promise<ReceiptsRead> {
  const { directory, stored, mostSelectors } = given;
  const updated = await bringUpToDate(plane, { directory, receipts: stored, fence: "where-needed" });
  if (updated.kind === "unavailable") return updated;
  const around = { directory, unlisted: plane.settings.unlisted };
  return {
    kind: "receipts",
    receipts: updated.receipts.map((receipt) => showReceipt(receipt, around, mostSelectors)),
  };
}

/** While Redis is away nothing can be shown, but the wait goes on: the log has the entry. */
export async function awaitReceipt(
  plane: Ports & Pick<ControlPlane, "clock" | "timers">,
  id: string,
  patience: { readonly since: Instant; readonly timeout: Millis },
): Promise<ReceiptRead> {
  for (;;) {
    const read = await readReceipt(plane, id);
    const left = patience.timeout - elapsed(patience.since, plane.clock.now());
    if (left <= 0 || read.kind === "absent") return read;
    if (read.kind === "receipt" && read.receipt.state === "converged") return read;
    await plane.timers.sleep(millis(Math.min(LIMITS.waitPoll, left)));
  }
}
