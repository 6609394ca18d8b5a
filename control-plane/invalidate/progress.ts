// Brings receipts up to what is known of the edges, and records it before anybody is told.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Ack, AckRecord, StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import { fencesOf, type ToFence } from "./fence.ts";
import { rowsOf, type Surroundings, waitsForUnlisted } from "./receipt.ts";

export type Ports = Pick<ControlPlane, "edges" | "receipts" | "histories" | "settings">;

export interface Progress {
  readonly directory: Directory;
  readonly receipts: readonly StoredReceipt[];
  /** What edges have just said, by receipt. */
  readonly heard?: ReadonlyMap<string, ReadonlyMap<string, Ack>>;
  /** Whether to work out when they are fenced where somebody is pending: it costs reading the configuration. */
  readonly fence: "where-needed" | "leave";
}

export type BroughtUp =
  | { readonly kind: "receipts"; readonly receipts: readonly StoredReceipt[] }
  | Unavailable;

/** The receipts in the same order, as they are recorded from now on. */
export async function bringUpToDate(plane: Ports, progress: Progress): Promise<BroughtUp> {
  const around: Surroundings = { directory: progress.directory, unlisted: plane.settings.unlisted };
  const heard = progress.receipts.map((receipt) => withHeard(receipt, progress));
  const fenced =
    progress.fence === "leave"
      ? ({ kind: "receipts", receipts: heard } as const)
      : await withFences(plane, heard, around);
  if (fenced.kind === "unavailable") return fenced;
  const receipts = fenced.receipts.map((receipt) => settled(receipt, around));
  const records = receipts.flatMap((receipt, index) => {
    const before = progress.receipts[index];
    return before === undefined ? [] : (recordOf(before, receipt) ?? []);
  });
  const recorded = await plane.receipts.record(records, progress.directory);
  if (recorded.kind === "unavailable") return recorded;
  // Whoever has been listed since owes them something too: the next look finds out what.
  return { kind: "receipts", receipts: recorded.kind === "relisted" ? fenced.receipts : receipts };
}

/** With every acknowledgement that is known: those just heard, and those that sightings of the edges amount to. */
function withHeard(receipt: StoredReceipt, { heard, directory }: Progress): StoredReceipt {
  if (receipt.closed !== null) return receipt;
  const acks = new Map([...(heard?.get(receipt.id) ?? []), ...receipt.acks]);
  for (const { edge, state, position, afterMs } of rowsOf({ ...receipt, acks }, directory))
    if (state === "applied" && position !== null && afterMs !== null) acks.set(edge, { position, afterMs });
  return { ...receipt, acks };
}

/** Worked out once, and kept with the receipt: the entry and the configuration of its time are not there for ever. */
async function withFences(
  plane: Ports,
  receipts: readonly StoredReceipt[],
  around: Surroundings,
): Promise<BroughtUp> {
  const lacking = receipts.filter(
    (receipt) => receipt.fencedAt === null && isTold(receipt, around.directory) && isWaiting(receipt, around),
  );
  if (lacking.length === 0) return { kind: "receipts", receipts };
  const [outcome, found] = await Promise.all([
    plane.histories.read(),
    plane.receipts.read(
      lacking.map(({ id }) => id),
      "with-entries",
    ),
  ]);
  if (outcome.kind === "unavailable") return outcome;
  const ready = found.flatMap((one) =>
    one.kind === "receipt" && one.receipt.entry !== "left-out" ? [one.receipt] : [],
  );
  const times = fencesOf(
    outcome.history,
    ready.map((receipt) => toFence(receipt, around.directory)),
  );
  const fences = new Map(ready.map(({ id }, index) => [id, times[index] ?? null]));
  const withFence = (receipt: StoredReceipt): StoredReceipt => ({
    ...receipt,
    fencedAt: receipt.fencedAt ?? fences.get(receipt.id) ?? null,
  });
  return { kind: "receipts", receipts: receipts.map(withFence) };
}

/** Until the log tells of an entry an edge may go on without it: there is no saying until when. */
const isTold = ({ position }: StoredReceipt, { head }: Directory): boolean =>
  head === null || head.epoch !== position.epoch || position.seq <= head.seq;

const toFence = ({ position, at, payload }: StoredReceipt, { confirmedAt }: Directory): ToFence => ({
  position,
  // It was told then at the latest.
  at: Math.max(at, confirmedAt ?? 0),
  selectors: payload?.kind === "invalidate" ? payload.selectors : null,
});

const isWaiting = (receipt: StoredReceipt, around: Surroundings): boolean =>
  receipt.closed === null &&
  (waitsForUnlisted(receipt, around) ||
    rowsOf(receipt, around.directory).some(({ state }) => state === "pending"));

/** Closed where nothing is pending any more. */
function settled(receipt: StoredReceipt, around: Surroundings): StoredReceipt {
  if (receipt.closed !== null) return receipt;
  const unlisted = waitsForUnlisted(receipt, around);
  const isFenced = receipt.fencedAt !== null && around.directory.now >= receipt.fencedAt;
  const rows = rowsOf(receipt, around.directory);
  if (rows.some(({ state }) => state === "pending") || (unlisted && !isFenced)) return receipt;
  const fenced = rows.flatMap(({ edge, state }) => (state === "fenced" ? [edge] : []));
  return { ...receipt, closed: { fenced, unlisted } };
}

/** Null where there is nothing to record. */
function recordOf(before: StoredReceipt, after: StoredReceipt): AckRecord | null {
  if (before.closed !== null) return null;
  const acks = new Map([...after.acks].filter(([edge]) => !before.acks.has(edge)));
  const fencedAt = before.fencedAt === null ? after.fencedAt : null;
  if (acks.size === 0 && fencedAt === null && after.closed === null) return null;
  const closed = after.closed === null ? null : { ...after.closed, convergence: convergenceOf(after) };
  return { id: after.id, acks, fencedAt, closed };
}

/** How long it took until nothing was pending: whoever had to be fenced took until then. */
function convergenceOf({ acks, at, closed, fencedAt }: StoredReceipt): number {
  const waited = closed !== null && (closed.unlisted || closed.fenced.length > 0);
  const last = Math.max(0, ...[...acks.values()].map(({ afterMs }) => afterMs));
  return Math.round(waited && fencedAt !== null ? fencedAt - at : last);
}
