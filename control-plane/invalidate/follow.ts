// Follows receipts until every edge has applied them or is fenced, and records what each edge has said.

import type { Ack, ReceiptOutcome } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import { bringUpToDate, type Ports } from "./progress.ts";

/** `open`: receipts that some edge has not applied yet. */
export type Followed = { readonly kind: "done"; readonly open: number } | Unavailable;

/** A step of the beat: bounded work, the oldest and the newest, so that neither waits behind a silent edge. */
export async function followReceipts(plane: Ports): Promise<Followed> {
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { directory } = outcome;
  const limits = { found: LIMITS.receiptsFound, named: LIMITS.receiptsFollowed, open: LIMITS.receiptsOpen };
  const open = await plane.receipts.follow(limits, directory.now);
  if (open.kind === "unavailable") return open;
  const found = await plane.receipts.read(open.ids, "without");
  const receipts = found.flatMap((each) =>
    each.kind === "receipt" && !isClosed(each) ? [each.receipt] : [],
  );
  const gone = open.ids.filter((_, index) => found[index]?.kind === "absent" || isClosed(found[index]));
  const updated = await bringUpToDate(plane, { directory, receipts, fence: "where-needed" });
  if (updated.kind === "unavailable") return updated;
  // One that has expired, or was closed before it was found, is not open any more: the script strikes it off.
  const records = gone.map((id) => ({ id, acks: new Map(), fencedAt: null, closed: null }));
  const struck = await plane.receipts.record(records, directory.now);
  if (struck.kind === "unavailable") return struck;
  return { kind: "done", open: updated.receipts.filter(({ closed }) => closed === null).length };
}

const isClosed = (outcome: ReceiptOutcome | undefined): boolean =>
  outcome?.kind === "receipt" && outcome.receipt.closed !== null;

/** Acknowledgements as they came; the receipt that they complete is closed with them. */
export async function noteAcks(plane: Ports, id: string, acks: ReadonlyMap<string, Ack>): Promise<void> {
  const [outcome, [found]] = await Promise.all([plane.edges.read(), plane.receipts.read([id], "without")]);
  if (outcome.kind === "unavailable" || found?.kind !== "receipt") return;
  const { directory } = outcome;
  const heard = new Map([[id, acks]]);
  await bringUpToDate(plane, { directory, receipts: [found.receipt], heard, fence: "leave" });
}
