// Waits until every edge has applied an invalidation or is fenced, or until the caller's patience ends.

import { elapsed, type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { bringUpToDate, type Ports } from "./progress.ts";
import { type Receipt, type Surroundings, showReceipt } from "./receipt.ts";
import type { Spared } from "./spared.ts";

export type ReceiptRead =
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "absent" }
  | Unavailable;

export type ReceiptsRead = { readonly kind: "receipts"; readonly receipts: readonly Receipt[] } | Unavailable;

/** How receipts are to be shown. */
interface Showing {
  readonly mostSelectors: number;
  /** Where left out nobody looks. */
  readonly spared?: Spared | undefined;
}

export async function readReceipt(plane: Ports, id: string, spared?: Spared): Promise<ReceiptRead> {
  return shownOne(await readStored(plane, [id]), spared);
}

/** Those that are there, in order. */
export async function readReceipts(
  plane: Ports,
  ids: readonly string[],
  showing: Showing,
): Promise<ReceiptsRead> {
  const read = await readStored(plane, ids);
  return read.kind === "stored" ? shown(read, showing) : read;
}

interface Stored {
  readonly kind: "stored";
  readonly receipts: readonly StoredReceipt[];
  readonly around: Surroundings;
}

async function readStored(plane: Ports, ids: readonly string[]): Promise<Stored | Unavailable> {
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
  const around = { directory: directory.directory, unlisted: plane.settings.unlisted };
  const known = { directory: directory.directory, receipts: stored, fence: "where-needed" } as const;
  const updated = await bringUpToDate(plane, known);
  return updated.kind === "unavailable" ? updated : { kind: "stored", receipts: updated.receipts, around };
}

async function shown({ receipts, around }: Stored, { mostSelectors, spared }: Showing) {
  const dirty = await spared?.(receipts);
  const all = receipts.map((stored) =>
    showReceipt(stored, around, { mostSelectors, dirty: dirty?.get(stored.id) ?? 0 }),
  );
  return { kind: "receipts", receipts: all } as const;
}

async function shownOne(read: Stored | Unavailable, spared: Spared | undefined): Promise<ReceiptRead> {
  if (read.kind === "unavailable") return read;
  const [receipt] = (await shown(read, { mostSelectors: LIMITS.selectors, spared })).receipts;
  return receipt === undefined ? { kind: "absent" } : { kind: "receipt", receipt };
}

/** While Redis is away nothing can be shown, but the wait goes on: the log has the entry. */
export async function awaitReceipt(
  plane: Ports & Pick<ControlPlane, "clock" | "timers">,
  id: string,
  patience: { readonly since: Instant; readonly timeout: Millis; readonly spared?: Spared },
): Promise<ReceiptRead> {
  for (;;) {
    const read = await readStored(plane, [id]);
    const left = patience.timeout - elapsed(patience.since, plane.clock.now());
    const waits = read.kind === "unavailable" || read.receipts.some(({ closed }) => closed === null);
    if (left <= 0 || !waits) return shownOne(read, patience.spared);
    await plane.timers.sleep(millis(Math.min(LIMITS.waitPoll, left)));
  }
}
