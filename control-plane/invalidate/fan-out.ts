// Pushes an entry to every listed edge at once, and notes who acknowledged it, and when.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Ack } from "../../shared/mid-tier/receipts.ts";
import type { Background } from "../../shared/ports/clock.ts";
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
  /** Before the append was sent: what is measured from here is never too short. */
  readonly sentAt: Instant;
}

/**
 * Resolves when what was acknowledged in good time is noted. Edges that are away must not hold up an answer: the
 * rest is noted behind it.
 */
export async function fanOut(
  plane: ControlPlane,
  { id, entry, sentAt }: Appended,
  background: Background,
): Promise<void> {
  if (!plane.settings.push) return;
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return;
  const body = encodePush([entry]);
  let acks = new Map<string, Ack>();
  const push = async (edge: ListedEdge): Promise<void> => {
    const position = await pushTo(plane, edge, body);
    if (position !== null && reaches(position, entry))
      acks.set(edge.id, { position, afterMs: elapsed(sentAt, plane.clock.now()) });
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
  await Promise.race([pushed, plane.timers.sleep(LIMITS.pushGrace)]);
  if (pending > 0) background.keep(pushed.then(note));
  await note();
}

async function pushTo(plane: ControlPlane, edge: ListedEdge, body: string): Promise<string | null> {
  const answer = await plane.callEdge(edge, { path: PUSH_PATH, body }, LIMITS.pushDeadline);
  if (answer.kind === "unreachable") return null;
  return decodeAcknowledgement(answer.text)?.position ?? null;
}

/** An edge that has the entry beyond a gap acknowledges less: the pull that this starts brings the rest. */
function reaches(position: string, entry: LogEntry): boolean {
  const parsed = parsePosition(position);
  return parsed !== null && comparePositions(parsed, entry) >= 0;
}
