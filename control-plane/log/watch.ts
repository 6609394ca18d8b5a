// Watches over the log: has it tell what nobody has confirmed, notes how far it has come, and reports what it has lost.

import { formatPosition } from "../../shared/core/position.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { LOSSES_FIELD, type LogLoss, readLosses } from "./losses.ts";
import { type WitnessStore, witnessLog } from "./witness.ts";

type Ports = Pick<ControlPlane, "log" | "digest" | "clock" | "settings">;

/** A step of the beat. `began` is told of a new epoch, in which the configuration may be missing. */
export async function watchLog(
  plane: Ports,
  { witness, began }: { readonly witness: WitnessStore; readonly began: () => void },
): Promise<{ readonly kind: "done" } | Unavailable> {
  const [confirmed, outcome] = await Promise.all([
    confirmUntold(plane),
    witnessLog({ log: plane.log, witness }),
  ]);
  if (outcome.kind !== "lost") return outcome.kind === "kept" ? confirmed : outcome;
  began();
  const [from, to] = [formatPosition(outcome.from), formatPosition(outcome.to)];
  console.error(`the log has lost what it had acknowledged up to ${from}; it goes on from ${to}`);
  const recorded = await recordLoss(plane, { foundAt: plane.clock.wall(), from, to });
  // Only then: until the log tells of the loss, every beat finds it anew.
  if (recorded.kind === "done") await witness.put(outcome.to);
  return recorded;
}

/** Whoever appended it may have died before he could, or given up on replicas that are back by now. */
async function confirmUntold({
  log,
  settings: { replicas },
}: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  // A log that asks for none tells of everything at once.
  if (replicas === 0) return { kind: "done" };
  // Asked first, and without them: a WAIT for replicas that are away takes its time even where there is nothing to tell.
  if ((await log.untold(0)).kind === "nothing") return { kind: "done" };
  const untold = await log.untold(replicas);
  if (untold.kind === "nothing") return { kind: "done" };
  const outcome = untold.kind === "untold" ? await log.confirm(untold.head, replicas) : untold;
  return outcome.kind === "confirmed" ? { kind: "done" } : { kind: "unavailable", reason: outcome.kind };
}

/** Once for what was acknowledged, wherever the log has got to when it is told at last. */
async function recordLoss(
  { log, digest, settings }: Ports,
  loss: LogLoss,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const known = await log.snapshot(0);
  if (known.kind === "unavailable") return known;
  const losses = [...readLosses(known.configuration), loss].slice(-LIMITS.lossesKept);
  const operationId = await digest.sha256Hex(`loss\n${loss.from}`);
  const outcome = await appendConfirmed(log, {
    operationId,
    requestDigest: operationId,
    actor: "control-plane",
    action: "log.lost",
    payload: { kind: "config", field: LOSSES_FIELD, value: JSON.stringify(losses), selectors: [] },
    facts: { log: "invalidations", from: loss.from, to: loss.to },
    detail: `acknowledged up to ${loss.from}, goes on from ${loss.to}`,
    replicas: settings.replicas,
  });
  return outcome.kind === "appended" ? { kind: "done" } : { kind: "unavailable", reason: outcome.kind };
}
