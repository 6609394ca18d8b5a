// One beat of the control plane: every step on its own, so that none that fails stops another.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { bootConfiguration } from "../configuration/boot.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { followReceipts } from "../invalidate/follow.ts";
import { appendDueRepeats } from "../invalidate/repeat.ts";

export type StepOutcome = { readonly kind: "done" } | Unavailable;

/** What failed, and how; empty when all went well. */
export type BeatFailures = ReadonlyMap<string, string>;

export async function beat(plane: ControlPlane, given: { readonly boot: boolean }): Promise<BeatFailures> {
  const failures = new Map<string, string>();
  if (given.boot) await step("boot", bootConfiguration(plane), failures);
  await step("repeats", appendDueRepeats(plane), failures);
  // Receipts are judged by where the edges have just said they are.
  await step("status", collectStatus(plane), failures);
  await step("receipts", followReceipts(plane), failures);
  return failures;
}

async function step(name: string, work: Promise<StepOutcome>, failures: Map<string, string>): Promise<void> {
  try {
    const outcome = await work;
    if (outcome.kind === "unavailable") failures.set(name, outcome.reason);
  } catch (error) {
    // A bug in one step must not stop the beat that the others live by.
    failures.set(name, error instanceof Error ? `${error.name}: ${error.message}` : "unknown");
  }
}
