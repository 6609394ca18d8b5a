// Watches over the journals: notes how far each has come, and reports one whose database came back without what it had.

import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { JournalTended } from "../../shared/mid-tier/journal-ledger.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { JOURNAL_LOSSES_FIELD, type JournalLoss, readJournalLosses } from "./losses.ts";
import type { JournalNoted, JournalNotes, JournalWitness } from "./witness.ts";

export type JournalPorts = Pick<
  ControlPlane,
  "databases" | "journal" | "log" | "digest" | "clock" | "random" | "settings"
>;
type Outcome = { readonly kind: "done" } | Unavailable;
type Tended = ReadonlyMap<string, JournalTended | Unavailable>;

/** `told`: nobody who delivers has to wait until what was found is reported. */
export async function watchJournal(
  plane: JournalPorts,
  witness: JournalWitness | undefined,
): Promise<{ readonly tended: Tended; readonly told: Promise<Outcome> }> {
  if (witness === undefined) return unwatched(plane, { kind: "done" });
  const noted = await witness.read();
  if (noted.kind === "unavailable") return unwatched(plane, noted);
  const { notes } = noted;
  const marked = Object.entries(notes).map(
    ([id, noted]) => [id, { ...noted, samePlace: noted.url === urlOf(plane, id) }] as const,
  );
  const tended = await plane.journal.tend({ marked: new Map(marked), name: plane.random.token() });
  return { tended, told: compare(plane, { witness, notes, tended }) };
}

/** Nothing is marked: what came back older would have a mark beyond the one that nobody could compare it with. */
const unwatched = async (plane: JournalPorts, outcome: Outcome) => ({
  tended: await plane.journal.tend(),
  told: Promise.resolve(outcome),
});

const urlOf = ({ databases }: JournalPorts, id: string): string => databases.get(id)?.url ?? "";

async function compare(
  plane: JournalPorts,
  found: { readonly witness: JournalWitness; readonly notes: JournalNotes; readonly tended: Tended },
): Promise<Outcome> {
  // Those that are on the list no longer are forgotten.
  const notes: Record<string, JournalNoted> = {};
  let outcome: Outcome = { kind: "done" };
  for (const [id, read] of found.tended) {
    const before = found.notes[id];
    const looked: Looked = "kind" in read ? { note: before } : await lookAt(plane, { id, before, read });
    if (looked.note !== undefined) notes[id] = looked.note;
    if (looked.failed !== undefined) outcome = looked.failed;
  }
  if (JSON.stringify(notes) !== JSON.stringify(found.notes)) await found.witness.put(notes);
  return outcome;
}

interface Looked {
  readonly note: JournalNoted | undefined;
  readonly failed?: Unavailable;
}

/** What is to be noted of it. Where a loss could not be told, that is what was: the next look finds it anew. */
async function lookAt(plane: JournalPorts, found: Found): Promise<Looked> {
  const { id, before, read } = found;
  const { mark, lacks } = read;
  const reported = lacks && before !== undefined ? await report(plane, { id, before, read }) : null;
  if (reported?.kind === "unavailable") return { note: before, failed: reported };
  if (mark === null) return { note: undefined };
  return { note: { ...mark, url: urlOf(plane, id), losses: (before?.losses ?? 0) + (lacks ? 1 : 0) } };
}

interface Found {
  readonly id: string;
  readonly before: JournalNoted | undefined;
  readonly read: JournalTended;
}

interface Lacking extends Found {
  readonly before: JournalNoted;
}

/** Once, however often it is found before it is noted. */
async function report(plane: JournalPorts, { id, before, read: { mark } }: Lacking): Promise<Outcome> {
  const { log, digest, clock, settings } = plane;
  const known = await log.snapshot(0);
  if (known.kind === "unavailable") return known;
  const lacks = before.accepted - (mark?.name === before.name ? mark.accepted : 0);
  const loss: JournalLoss = { foundAt: clock.wall(), database: id, lacks };
  const losses = [...readJournalLosses(known.configuration), loss].slice(-LIMITS.lossesKept);
  const operationId = await digest.sha256Hex(
    `journal loss\n${id}\n${before.name}\n${before.accepted}\n${before.losses}`,
  );
  const outcome = await appendConfirmed(log, {
    operationId,
    requestDigest: operationId,
    actor: "control-plane",
    action: "journal.lost",
    payload: { kind: "config", field: JOURNAL_LOSSES_FIELD, value: JSON.stringify(losses), selectors: [] },
    facts: { database: id, lacks },
    detail: `${id} came back without ${lacks} acknowledged writes`,
    replicas: settings.replicas,
  });
  if (outcome.kind !== "appended") return { kind: "unavailable", reason: outcome.kind };
  console.error(`the journal of ${id} came back without ${lacks} writes that it had acknowledged`);
  return { kind: "done" };
}
