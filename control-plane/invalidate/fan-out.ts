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
import { inGoodTime } from "../edges/in-good-time.ts";
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

/**
 * Resolves when what was acknowledged in good time is noted; the rest is noted behind it. True where that was all:
 * otherwise the beat has something to look after.
 */
export async function fanOut(plane: ControlPlane, appended: Appended, pushing: Pushing): Promise<boolean> {
  if (!plane.settings.push) return false;
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return false;
  const { id, entry, preceding, sentAt } = appended;
  const body = encodePush([...preceding, entry]);
  const push = async (edge: ListedEdge): Promise<readonly [string, Ack] | null> => {
    const position = await pushTo(plane, edge, body);
    // An entry that an earlier attempt had appended was accepted that much earlier.
    const afterMs = entry.age + elapsed(sentAt, plane.clock.now());
    return position !== null && reaches(position, entry) ? [edge.id, { position, afterMs }] : null;
  };
  const { edges } = outcome.directory;
  let acknowledged = 0;
  await inGoodTime(edges.map(push), {
    ...pushing,
    timers: plane.timers,
    take: (acks) => {
      acknowledged += acks.length;
      return noteAcks(plane, id, new Map(acks));
    },
  });
  return acknowledged === edges.length;
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
