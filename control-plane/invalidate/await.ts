// Waits until every edge has applied an invalidation or is fenced, or until the caller's patience ends.

import { elapsed, type Millis } from "../../shared/core/units.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type Receipt, showReceipt } from "./receipt.ts";

export type ReceiptRead =
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "absent" }
  | Unavailable;

type Ports = Pick<ControlPlane, "edges" | "receipts">;

export async function readReceipt({ edges, receipts }: Ports, id: string): Promise<ReceiptRead> {
  const [directory, [found]] = await Promise.all([edges.read(), receipts.read([id], "with-entries")]);
  if (directory.kind === "unavailable") return directory;
  if (found?.kind !== "receipt") return found ?? { kind: "absent" };
  return { kind: "receipt", receipt: showReceipt(found.receipt, directory.directory, LIMITS.selectors) };
}

export async function awaitReceipt(
  plane: Ports & Pick<ControlPlane, "clock" | "timers">,
  id: string,
  timeout: Millis,
): Promise<ReceiptRead> {
  const begun = plane.clock.now();
  for (;;) {
    const read = await readReceipt(plane, id);
    const over = elapsed(begun, plane.clock.now()) >= timeout;
    if (over || read.kind !== "receipt" || read.receipt.state === "converged") return read;
    await plane.timers.sleep(LIMITS.waitPoll);
  }
}
