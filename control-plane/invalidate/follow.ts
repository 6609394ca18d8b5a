// Follows receipts until every edge has applied them or is fenced, and records what each edge has said.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Ack, AckRecord, StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { bucketOf, CONVERGENCE_BOUNDS } from "../../shared/wire/latency.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { convergenceMs, newlyApplied, showReceipt } from "./receipt.ts";

type Ports = Pick<ControlPlane, "edges" | "receipts">;

/** A step of the beat: bounded work, the oldest and the newest, so that neither waits behind a silent edge. */
export async function followReceipts(plane: Ports): Promise<{ kind: "done" } | Unavailable> {
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { directory } = outcome;
  const limits = { found: LIMITS.receiptsFound, named: LIMITS.receiptsFollowed, open: LIMITS.receiptsOpen };
  const open = await plane.receipts.follow(limits, directory.now);
  if (open.kind === "unavailable") return open;
  const found = await plane.receipts.read(open.ids, "without");
  const records = found.map((each, index) => {
    if (each.kind === "receipt") return progressOf(each.receipt, new Map(), directory);
    // One that has expired is not open any more: the script strikes it off.
    return each.kind === "absent" ? { id: open.ids[index] ?? "", acks: new Map(), convergence: null } : null;
  });
  const recorded = await plane.receipts.record(
    records.filter((record) => record !== null),
    directory.now,
  );
  return recorded.kind === "unavailable" ? recorded : { kind: "done" };
}

/** Acknowledgements as they came; the receipt that they complete is closed with them. */
export async function noteAcks(plane: Ports, id: string, acks: ReadonlyMap<string, Ack>): Promise<void> {
  const [outcome, [found]] = await Promise.all([plane.edges.read(), plane.receipts.read([id], "without")]);
  if (outcome.kind === "unavailable" || found?.kind !== "receipt") return;
  const record = progressOf(found.receipt, acks, outcome.directory);
  if (record !== null) await plane.receipts.record([record], outcome.directory.now);
}

/** Null where there is nothing to record. */
function progressOf(
  receipt: StoredReceipt,
  fresh: ReadonlyMap<string, Ack>,
  directory: Directory,
): AckRecord | null {
  const known = { ...receipt, acks: new Map([...fresh, ...receipt.acks]) };
  const shown = showReceipt(known, directory, 0);
  const acks = new Map([...fresh, ...newlyApplied(known, shown)]);
  if (shown.state === "converging")
    return acks.size === 0 ? null : { id: receipt.id, acks, convergence: null };
  const convergence = bucketOf(CONVERGENCE_BOUNDS, convergenceMs(known, shown));
  return { id: receipt.id, acks, convergence };
}
