// One beat of the control plane: every step on its own, so that none that fails stops another.

import type { Item } from "../../shared/mid-tier/agenda.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { bootConfiguration } from "../configuration/boot.ts";
import { forgetPast } from "../configuration/past.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus, type Round } from "../edges/collect.ts";
import { type Rebuilds, rebuild } from "../hot/rebuild.ts";
import { followReceipts } from "../invalidate/follow.ts";
import type { Outstanding } from "../invalidate/outstanding.ts";
import { appendDueRepeats } from "../invalidate/repeat.ts";
import { sweepJournal } from "../journal/sweep.ts";
import type { JournalWitness } from "../journal/witness.ts";
import { watchLog } from "../log/watch.ts";
import type { WitnessStore } from "../log/witness.ts";
import { noteFigures } from "../metrics/note-figures.ts";
import type { ShardWatch } from "../shards/watch.ts";

export type StepOutcome = { readonly kind: "done" } | Unavailable;

/** What failed, and how; empty when all went well. */
export type BeatFailures = ReadonlyMap<string, string>;

/** What there is to look after soon: `open` receipts, and edges that are silent or behind the log. */
export interface Seen {
  /** Null: as many as before. */
  readonly open: number | null;
  readonly lagging: readonly string[];
}

export interface Looking {
  readonly round: Round;
  readonly outstanding: Outstanding;
  /** Is told what there is to look after. */
  readonly saw: (seen: Seen) => void;
}

export interface Beat {
  /** Whether the environment's configuration is to be compared with the log's. */
  readonly boot: boolean;
  readonly witness: WitnessStore;
  /** Where left out nobody notices what a journal has lost. */
  readonly journalWitness?: JournalWitness;
  /** What there is to do now; where left out it is looked for. */
  readonly agenda?: Promise<ReadonlySet<Item>>;
  /** Where left out nobody looks after the shards. */
  readonly shards?: ShardWatch;
  /** What L2 loses with them. */
  readonly refill?: Rebuilds;
  /** Whether figures that nobody counts are to be noted. */
  readonly figures?: boolean;
  /** Where left out everybody is asked, and waited for. */
  readonly looking?: Looking;
}

export async function beat(plane: ControlPlane, given: Beat): Promise<BeatFailures> {
  const failures = new Map<string, string>();
  let { boot } = given;
  const began = (): void => {
    boot = true;
  };
  await step("witness", watchLog(plane, { witness: given.witness, began }), failures);
  if (boot) await step("boot", lookAround(plane), failures);
  if (given.shards !== undefined) await step("shards", given.shards.look(plane), failures);
  if (given.refill !== undefined) await step("refill", rebuild(plane, given.refill), failures);
  const repeats = given.agenda === undefined || (await given.agenda).has("repeats");
  if (repeats) await step("repeats", appendDueRepeats(plane), failures);
  // At once: a shard that is slow to tell what it holds must not make the beat longer.
  const swept = step("journal", sweepJournal(plane, given.journalWitness), failures);
  const tended = step("budgets", plane.budgets.tend(), failures);
  const noted = given.figures === true ? step("figures", noteFigures(plane), failures) : null;
  await lookInto(plane, failures, given.looking);
  await noted;
  await tended;
  await swept;
  return failures;
}

/** What can't wait for a whole beat while something is open or behind. */
export const look = (plane: ControlPlane, looking: Looking): Promise<void> =>
  lookInto(plane, new Map(), looking);

async function lookInto(
  plane: ControlPlane,
  failures: Map<string, string>,
  looking: Looking | undefined,
): Promise<void> {
  // Receipts are judged by where the edges have just said they are.
  const collected = await step("status", collectStatus(plane, looking?.round), failures);
  const known = collected?.kind === "done" ? collected : null;
  const followed = isToFollow(plane, looking, known)
    ? await step("receipts", followReceipts(plane, known?.now), failures)
    : null;
  if (followed?.kind === "done")
    looking?.outstanding.looked(known?.logMark ?? null, { named: followed.named, now: plane.clock.now() });
  const newcomers = looking?.round.newcomers;
  if (newcomers !== undefined) await step("rebuild", rebuild(plane, newcomers), failures);
  looking?.saw({
    open: followed?.kind === "done" ? followed.open : null,
    // While Redis is away nobody knows who lags behind it.
    lagging: collected?.kind === "done" ? collected.lagging : [UNKNOWN],
  });
}

/** A quick look reads the receipts only where there is something that they can learn. */
function isToFollow(
  { clock }: ControlPlane,
  looking: Looking | undefined,
  known: { readonly logMark: string } | null,
): boolean {
  if (looking === undefined) return true;
  const { round, outstanding } = looking;
  return round.whole ? outstanding.mayBe(known?.logMark ?? null, clock.now()) : round.attention.takeMoved();
}

const UNKNOWN = "?";

/** What has to be looked at now and then: what the environment says, and what no edge can live by any more. */
async function lookAround(plane: ControlPlane): Promise<StepOutcome> {
  for (const part of [bootConfiguration, () => plane.edges.adopt(), forgetPast]) {
    const outcome = await part(plane);
    if (outcome.kind === "unavailable") return outcome;
  }
  return { kind: "done" };
}

async function step<Outcome extends StepOutcome>(
  name: string,
  work: Promise<Outcome>,
  failures: Map<string, string>,
): Promise<Outcome | null> {
  try {
    const outcome = await work;
    if (outcome.kind === "unavailable") failures.set(name, outcome.reason);
    return outcome;
  } catch (error) {
    // A bug in one step must not stop the beat that the others live by.
    failures.set(name, error instanceof Error ? `${error.name}: ${error.message}` : "unknown");
    return null;
  }
}
