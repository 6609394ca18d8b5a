// One beat of the control plane: every step on its own, so that none that fails stops another.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { bootConfiguration } from "../configuration/boot.ts";
import { forgetPast } from "../configuration/past.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { followReceipts } from "../invalidate/follow.ts";
import { appendDueRepeats } from "../invalidate/repeat.ts";
import { watchLog } from "../log/watch.ts";
import type { WitnessStore } from "../log/witness.ts";

export type StepOutcome = { readonly kind: "done" } | Unavailable;

/** What failed, and how; empty when all went well. */
export type BeatFailures = ReadonlyMap<string, string>;

export interface Beat {
  /** Whether the environment's configuration is to be compared with the log's. */
  readonly boot: boolean;
  readonly witness: WitnessStore;
}

export async function beat(plane: ControlPlane, given: Beat): Promise<BeatFailures> {
  const failures = new Map<string, string>();
  let { boot } = given;
  const began = (): void => {
    boot = true;
  };
  await step("witness", watchLog(plane, { witness: given.witness, began }), failures);
  if (boot) await step("boot", lookAround(plane), failures);
  await step("repeats", appendDueRepeats(plane), failures);
  // Receipts are judged by where the edges have just said they are.
  await step("status", collectStatus(plane), failures);
  await step("receipts", followReceipts(plane), failures);
  return failures;
}

/** What has to be looked at now and then: what the environment says, and what no edge can live by any more. */
async function lookAround(plane: ControlPlane): Promise<StepOutcome> {
  for (const part of [bootConfiguration, () => plane.edges.adopt(), forgetPast]) {
    const outcome = await part(plane);
    if (outcome.kind === "unavailable") return outcome;
  }
  return { kind: "done" };
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
