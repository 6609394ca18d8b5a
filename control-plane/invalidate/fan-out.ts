// Pushes an entry to every listed edge at once, and notes who acknowledged it, and when.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";
import { elapsed, type Instant, type Millis } from "../../shared/core/units.ts";
import type { Directory, DirectoryOutcome } from "../../shared/mid-tier/edge-directory.ts";
import type { Ack, StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { encodePush, PUSH_PATH } from "../../shared/wire/internal.ts";
import { decodeAcknowledgement } from "../../shared/wire/replies.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { inGoodTime } from "../edges/in-good-time.ts";
import { noteAcks } from "./follow.ts";

/** What there is to push of an append. */
export interface Appended {
  /** The operation, whose receipt it is. */
  readonly id: string;
  readonly entry: LogEntry;
  /** Redis TIME of its append, milliseconds. */
  readonly at: number;
  /** The entries before it: whoever missed their pushes need not pull them. */
  readonly preceding: readonly LogEntry[];
  /** Before the append was sent: what is measured from here is never too short. */
  readonly sentAt: Instant;
}

export interface Pushing {
  /** Resolves after this long at the latest: edges that are away must not hold up an answer. */
  readonly grace: Millis;
  /** Keeps what goes on behind it. */
  readonly background: Background;
  /** Who is listed, as read while the append was under way; null: as it is read now. */
  readonly directory: Directory | null;
}

/** Null where the log holds the entry no more. */
export function pushable(
  { entry, preceding, at }: AppendOutcome & { readonly kind: "appended" },
  by: { readonly id: string; readonly sentAt: Instant },
): Appended | null {
  return entry === null ? null : { ...by, entry, preceding, at };
}

/**
 * Resolves when what was acknowledged in good time is noted; the rest is noted behind it. True where every edge
 * that was pushed to has.
 */
export async function fanOut(plane: ControlPlane, appended: Appended, pushing: Pushing): Promise<boolean> {
  if (!plane.settings.push) return false;
  // Who is concerned is who is listed after the append; an edge that has just joined may not be pushed to yet.
  const concerned = plane.edges.read();
  const directory = pushing.directory ?? directoryIn(await concerned);
  let receipt = openReceipt(appended);
  await pushTo(plane, appended, {
    ...{ ...pushing, directory },
    async take(acks) {
      receipt = { ...receipt, acks: new Map([...receipt.acks, ...acks]) };
      receipt = (await noteAcks(plane, receipt, await concerned)) ?? receipt;
    },
  });
  return directory?.edges.every(({ id }) => receipt.acks.has(id)) ?? true;
}

/**
 * Resolves when those have taken it who do so in good time; the others' acknowledgements are taken behind it. Nobody waits
 * for an edge that has been silent.
 */
export async function pushTo(
  plane: ControlPlane,
  appended: Appended,
  to: Pushing & { take(acks: readonly (readonly [edge: string, ack: Ack])[]): Promise<void> },
): Promise<void> {
  if (!plane.settings.push) return;
  const body = encodePush([...appended.preceding, appended.entry]);
  const directory = to.directory ?? directoryIn(await plane.edges.read());
  if (directory === null) return;
  await inGoodTime(
    directory.edges.map((edge) => ({
      result: pushToOne(plane, edge, { body, appended }),
      isAwaited: !isSilent(edge, directory),
    })),
    { ...to, timers: plane.timers },
  );
}

const directoryIn = (outcome: DirectoryOutcome): Directory | null =>
  outcome.kind === "unavailable" ? null : outcome.directory;

/** Of one that has not been seen yet nothing is known: it may just have joined. */
function isSilent({ id }: ListedEdge, { sightings, now }: Directory): boolean {
  const sighting = sightings.get(id);
  return sighting !== undefined && now - sighting.seenAt > LIMITS.liveFor;
}

/** As the append has just written it. What an earlier attempt may have recorded there already stays. */
const openReceipt = ({ id, entry, at }: Appended): StoredReceipt => ({
  ...{ id, at, position: entry, actor: "", action: "", detail: "" },
  ...{ payload: null, entry: "held", acks: new Map(), fencedAt: null, closed: null },
});

/** Null where the edge did not acknowledge that it has got so far. */
async function pushToOne(
  plane: ControlPlane,
  edge: ListedEdge,
  { body, appended }: { readonly body: string; readonly appended: Appended },
): Promise<readonly [string, Ack] | null> {
  const { entry, sentAt } = appended;
  const answer = await plane.callEdge(edge, { path: PUSH_PATH, body }, LIMITS.pushDeadline);
  const told = answer.kind === "unreachable" ? null : decodeAcknowledgement(answer.text);
  // Whoever else answers at its address speaks for itself.
  const position = told?.edge === edge.id ? told.position : null;
  if (position === null || !reaches(position, entry)) return null;
  // An entry that an earlier attempt had appended was accepted that much earlier.
  return [edge.id, { position, afterMs: entry.age + elapsed(sentAt, plane.clock.now()) }];
}

/** An edge that has the entry beyond a gap, and could not close it in good time, acknowledges less. */
function reaches(position: string, entry: LogEntry): boolean {
  const parsed = parsePosition(position);
  return parsed !== null && comparePositions(parsed, entry) >= 0;
}
