// Pushes an entry to every listed edge at once, and notes who acknowledged it, and when.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";
import { elapsed, type Instant, type Millis } from "../../shared/core/units.ts";
import type { Ack } from "../../shared/mid-tier/receipts.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { encodePush, PUSH_PATH } from "../../shared/wire/internal.ts";
import { decodeAcknowledgement } from "../../shared/wire/replies.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { noteAcks } from "./follow.ts";

export interface Appended {
  /** The operation, whose receipt it is. */
  readonly id: string;
  readonly entry: LogEntry;
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
}

/** What there is to push of an append; null where the log holds the entry no more. */
export function pushable(
  appended: AppendOutcome & { readonly kind: "appended" },
  by: { readonly id: string; readonly sentAt: Instant },
): Appended | null {
  const { entry, preceding } = appended;
  return entry === null ? null : { ...by, entry, preceding };
}

/** Resolves when what was acknowledged in good time is noted; the rest is noted behind it. */
export async function fanOut(plane: ControlPlane, appended: Appended, pushing: Pushing): Promise<void> {
  if (!plane.settings.push) return;
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return;
  const { id, entry, preceding, sentAt } = appended;
  const body = encodePush([...preceding, entry]);
  let acks = new Map<string, Ack>();
  const push = async (edge: ListedEdge): Promise<void> => {
    const position = await pushTo(plane, edge, body);
    // An entry that an earlier attempt had appended was accepted that much earlier.
    const afterMs = entry.age + elapsed(sentAt, plane.clock.now());
    if (position !== null && reaches(position, entry)) acks.set(edge.id, { position, afterMs });
  };
  const note = async (): Promise<void> => {
    const taken = acks;
    acks = new Map();
    if (taken.size > 0) await noteAcks(plane, id, taken);
  };
  let pending = outcome.directory.edges.length;
  const pushed = Promise.all(
    outcome.directory.edges.map((edge) =>
      push(edge).finally(() => {
        pending -= 1;
      }),
    ),
  );
  await Promise.race([pushed, plane.timers.sleep(pushing.grace)]);
  if (pending > 0) pushing.background.keep(pushed.then(note));
  await note();
}

async function pushTo(plane: ControlPlane, edge: ListedEdge, body: string): Promise<string | null> {
  const answer = await plane.callEdge(edge, { path: PUSH_PATH, body }, LIMITS.pushDeadline);
  if (answer.kind === "unreachable") return null;
  return decodeAcknowledgement(answer.text)?.position ?? null;
}

/** An edge that has the entry beyond a gap, and could not close it in good time, acknowledges less. */
function reaches(position: string, entry: LogEntry): boolean {
  const parsed = parsePosition(position);
  return parsed !== null && comparePositions(parsed, entry) >= 0;
}
