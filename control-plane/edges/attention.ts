// Whom a round of questions asks, and how patiently: silent edges go at a pace of their own, and hold up nobody.

import { comparePositions, type Position, parsePosition } from "../../shared/core/position.ts";
import { elapsed, type Instant, instant, type Millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { LIMITS } from "../config.ts";
import { slowTurns, type Turns } from "./few-at-once.ts";

export interface Ask {
  readonly edge: ListedEdge;
  /** It did not answer when it was last asked. */
  readonly isSilent: boolean;
  readonly deadline: Millis;
  /** How long the edge may take to catch up before it answers; null leaves that to the edge. */
  readonly patience: Millis | null;
  /** The edge stands here, and lacks what came after; null where it lacks nothing that is known of. */
  readonly lacksAfter: Position | null;
}

interface Attended {
  /** Questions in a row that it has not answered. */
  unanswered: number;
  underWay: number;
  askedAt: Instant;
  /** When it was last asked as patiently as an edge that answers. */
  patientlyAt: Instant;
}

const NEVER = instant(Number.NEGATIVE_INFINITY);

/** What whoever asks remembers of the edges from one round to the next. */
export class Attention {
  private readonly edges = new Map<string, Attended>();
  private readonly slow: Turns;
  private moved = false;

  /** `slow`: what silent edges are asked in, with whatever else may hang. */
  constructor(slow: Turns = slowTurns()) {
    this.slow = slow;
  }

  /** In a whole round everybody, in a quick one those that lag behind or are silent. */
  whomToAsk(directory: Directory, round: { readonly whole: boolean; readonly now: Instant }): Ask[] {
    const asks: Ask[] = [];
    const silent: ListedEdge[] = [];
    for (const edge of directory.edges) {
      const { unanswered, underWay } = this.of(edge.id);
      if (unanswered > 0) silent.push(edge);
      else if (underWay > 0) continue;
      else if (isBehind(edge.id, directory)) asks.push(laggingAsk(edge, directory));
      else if (round.whole) asks.push(healthyAsk(edge));
    }
    this.forget(directory);
    return [...asks, ...this.silentAsks(silent, directory, round.now)];
  }

  /**
   * Whoever waited longest first, and never more than there are turns. One of them at a time is asked as patiently as an
   * edge that answers: it may be slow, not away. That question does not keep it from being asked quickly beside.
   */
  private silentAsks(silent: readonly ListedEdge[], directory: Directory, now: Instant): Ask[] {
    const room = this.slow.left;
    if (room === 0) return [];
    const patiently = this.nextPatiently(silent, { room, now });
    const asks = [...silent]
      .sort((a, b) => this.of(a.id).askedAt - this.of(b.id).askedAt)
      .slice(0, patiently === null ? room : room - 1)
      .map((edge): Ask => {
        const quick = { deadline: LIMITS.silentDeadline, patience: LIMITS.silentPatience };
        return { ...laggingAsk(edge, directory), ...quick, isSilent: true };
      });
    return patiently === null ? asks : [...asks, { ...laggingAsk(patiently, directory), isSilent: true }];
  }

  private nextPatiently(
    silent: readonly ListedEdge[],
    { room, now }: { readonly room: number; readonly now: Instant },
  ): ListedEdge | null {
    // The only turn is most of the time for those who need it for a moment.
    const pause = room > 1 ? LIMITS.statusDeadline : LIMITS.silentPatientlyEvery;
    let next: ListedEdge | null = null;
    for (const edge of silent) {
      const since = elapsed(this.of(edge.id).patientlyAt, now);
      if (since < pause) return null;
      const before = next === null ? LIMITS.silentPatientlyEvery : elapsed(this.of(next.id).patientlyAt, now);
      if (since >= before) next = edge;
    }
    return next;
  }

  /** False where no turn is left for a silent edge: it is not to be asked now. */
  asked({ edge, deadline, isSilent }: Ask, now: Instant): boolean {
    if (isSilent && !this.slow.takeNow()) return false;
    const attended = this.of(edge.id);
    attended.underWay += 1;
    attended.askedAt = now;
    if (deadline === LIMITS.statusDeadline) attended.patientlyAt = now;
    this.edges.set(edge.id, attended);
    return true;
  }

  answered({ edge, isSilent }: Ask, answered: boolean): void {
    if (isSilent) this.slow.giveBack();
    const attended = this.of(edge.id);
    attended.underWay = Math.max(0, attended.underWay - 1);
    attended.unanswered = answered ? 0 : attended.unanswered + 1;
    this.edges.set(edge.id, attended);
  }

  /** An edge has told a position that it was not known to have: receipts may have something to learn from it. */
  movesOn(): void {
    this.moved = true;
  }

  /** Whether any has since this was asked last. */
  takeMoved(): boolean {
    const { moved } = this;
    this.moved = false;
    return moved;
  }

  /** Listed edges that don't answer, or have not got as far as the log. */
  lagging(directory: Directory): string[] {
    return directory.edges.flatMap(({ id }) =>
      this.of(id).unanswered > 0 || isBehind(id, directory) ? [id] : [],
    );
  }

  private of(id: string): Attended {
    return this.edges.get(id) ?? { unanswered: 0, underWay: 0, askedAt: NEVER, patientlyAt: NEVER };
  }

  private forget({ edges }: Directory): void {
    const listed = new Set(edges.map(({ id }) => id));
    for (const id of this.edges.keys()) if (!listed.has(id)) this.edges.delete(id);
  }
}

const healthyAsk = (edge: ListedEdge): Ask => ({
  ...{ edge, isSilent: false, deadline: LIMITS.statusDeadline },
  ...{ patience: null, lacksAfter: null },
});

function laggingAsk(edge: ListedEdge, { sightings }: Directory): Ask {
  const position = sightings.get(edge.id)?.position ?? null;
  return {
    edge,
    isSilent: false,
    deadline: LIMITS.statusDeadline,
    patience: LIMITS.laggingPatience,
    lacksAfter: position === null ? null : parsePosition(position),
  };
}

/** A cold edge knows nothing of the log: it is as far behind as can be. */
export function isBehind(id: string, { sightings, head }: Directory): boolean {
  const position = sightings.get(id)?.position ?? null;
  const reached = position === null ? null : parsePosition(position);
  return head !== null && (reached === null || comparePositions(reached, head) < 0);
}
