// Follows receipts until every edge has applied them or is fenced, and records what each edge has said.

import type { DirectoryOutcome } from "../../shared/mid-tier/edge-directory.ts";
import type { ReceiptOutcome, StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import { bringUpToDate, type Ports } from "./progress.ts";

/**
 * `open`: receipts that some listed edge has not applied yet. Others may wait for their fence: `named` are all that are
 * not finished, as many as one call names.
 */
export type Followed = { readonly kind: "done"; readonly open: number; readonly named: number } | Unavailable;

/**
 * A step of the beat: bounded work, the oldest and the newest, so that neither waits behind a silent edge. `now` is Redis
 * TIME where the caller has learnt it just now.
 */
export async function followReceipts(plane: Ports, now: number | null = null): Promise<Followed> {
  const before = now === null ? await plane.edges.read() : null;
  if (before?.kind === "unavailable") return before;
  const open = await plane.receipts.follow(FOLLOWED, now ?? before?.directory.now ?? 0);
  if (open.kind === "unavailable") return open;
  if (open.ids.length === 0) return { kind: "done", open: 0, named: 0 };
  const outcome = before ?? (await plane.edges.read());
  if (outcome.kind === "unavailable") return outcome;
  const { directory } = outcome;
  const found = await plane.receipts.read(open.ids, "without");
  const receipts = found.flatMap((each) =>
    each.kind === "receipt" && !isClosed(each) ? [each.receipt] : [],
  );
  const gone = open.ids.filter((_, index) => found[index]?.kind === "absent" || isClosed(found[index]));
  const updated = await bringUpToDate(plane, { directory, receipts, fence: "where-needed" });
  if (updated.kind === "unavailable") return updated;
  // One that has expired, or was closed before it was found, is not open any more: the script strikes it off.
  const records = gone.map((id) => ({ id, acks: new Map(), fencedAt: null, closed: null }));
  const struck = await plane.receipts.record(records, directory);
  if (struck.kind === "unavailable") return struck;
  const waiting = updated.receipts.filter(
    ({ closed, acks }) => closed === null && directory.edges.some(({ id }) => !acks.has(id)),
  );
  return { kind: "done", open: waiting.length, named: open.ids.length };
}

const FOLLOWED = {
  found: LIMITS.receiptsFound,
  named: LIMITS.receiptsFollowed,
  open: LIMITS.receiptsOpen,
};

const isClosed = (outcome: ReceiptOutcome | undefined): boolean =>
  outcome?.kind === "receipt" && outcome.receipt.closed !== null;

/** Acknowledgements as they came; the receipt that they complete is closed with them. Null where they are not noted. */
export async function noteAcks(
  plane: Ports,
  receipt: StoredReceipt,
  outcome: DirectoryOutcome,
): Promise<StoredReceipt | null> {
  if (outcome.kind === "unavailable") return null;
  const { directory } = outcome;
  const before = { ...receipt, acks: new Map() };
  const heard = new Map([[receipt.id, receipt.acks]]);
  const updated = await bringUpToDate(plane, { directory, receipts: [before], heard, fence: "leave" });
  return updated.kind === "unavailable" ? null : (updated.receipts[0] ?? null);
}
