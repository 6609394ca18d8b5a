// Whether warm-ups that were begun are still going on.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isOpen } from "./show-warmup.ts";

export async function isRunning(
  { warmups }: Pick<ControlPlane, "warmups">,
  ids: readonly string[],
): Promise<boolean | Unavailable> {
  for (const id of ids) {
    const read = await warmups.read(id);
    if (read.kind === "unavailable") return read;
    if (read.kind === "warmup" && isOpen(read.warmup)) return true;
  }
  return false;
}
