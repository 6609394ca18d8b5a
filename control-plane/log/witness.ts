// Compares the log with what was last acknowledged of it, which is kept outside its database: a lost suffix shows.

import { comparePositions } from "../../shared/core/position.ts";
import type { Log, LogHead, Unavailable } from "../../shared/ports/mid-tier.ts";

/** Who is told how far the log has come. Never rejects. */
export interface Witness {
  /** The later of two heads of one epoch is kept; one of another epoch is not: the beat has yet to see the change. */
  note(head: LogHead): Promise<void>;
}

/** Holds one head of the log, apart from the log. Never rejects. */
export interface WitnessStore extends Witness {
  /** Null where none was noted yet, which is not the same as unavailable. */
  read(): Promise<{ readonly kind: "noted"; readonly head: LogHead | null } | Unavailable>;
  put(head: LogHead): Promise<void>;
}

export type WitnessOutcome =
  | { readonly kind: "kept" }
  /**
   * What was acknowledged up to `from` is no part of the log any more: a new epoch has begun, at `to` by now. `from` stays
   * noted, so that it is found again, until whoever asked has reported it and puts `to` in its place.
   */
  | { readonly kind: "lost"; readonly from: LogHead; readonly to: LogHead }
  | Unavailable;

/** A step of the beat. Asking for what follows an entry that the log has lost makes the log begin a new epoch. */
export async function witnessLog(ports: {
  readonly log: Log;
  readonly witness: WitnessStore;
}): Promise<WitnessOutcome> {
  const { log, witness } = ports;
  const noted = await witness.read();
  if (noted.kind === "unavailable") return noted;
  const { head } = noted;
  if (head !== null) {
    const outcome = await log.since(head, 1);
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "entries") {
      await witness.note(outcome.head);
      return { kind: "kept" };
    }
    // Trimmed beyond what was noted, the log can prove nothing, and has broken no promise either.
    if (outcome.reason === "epoch") return replaced(log, head);
  }
  const begun = await log.snapshot(head?.epoch ?? 0);
  if (begun.kind === "unavailable") return begun;
  await witness.put(begun.head);
  return { kind: "kept" };
}

async function replaced(log: Log, from: LogHead): Promise<WitnessOutcome> {
  const begun = await log.snapshot(from.epoch + 1);
  return begun.kind === "unavailable" ? begun : { kind: "lost", from, to: begun.head };
}

/** What `note` keeps. */
export function laterNoted(noted: LogHead | null, head: LogHead): LogHead | null {
  if (noted === null) return head;
  return noted.epoch === head.epoch && comparePositions(head, noted) > 0 ? head : noted;
}
