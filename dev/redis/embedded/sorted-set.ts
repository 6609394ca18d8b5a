// A sorted set: members by score, equal scores by bytes, kept as one ordered array beside a map.

export type ScoredMember = { readonly member: string; readonly score: number };
export type ScoreRange = {
  readonly min: number;
  readonly max: number;
  readonly minOpen: boolean;
  readonly maxOpen: boolean;
};

export class SortedSet {
  private readonly scores = new Map<string, number>();
  private readonly ordered: ScoredMember[] = [];

  get size(): number {
    return this.ordered.length;
  }

  scoreOf(member: string): number | undefined {
    return this.scores.get(member);
  }

  set(member: string, given: number): void {
    // Redis stores a small set's integers as integers, which have no negative zero.
    const score = given + 0;
    const before = this.scores.get(member);
    if (before !== undefined) this.ordered.splice(this.place(before, member), 1);
    this.scores.set(member, score);
    this.ordered.splice(this.place(score, member), 0, { member, score });
  }

  delete(member: string): boolean {
    const score = this.scores.get(member);
    if (score === undefined) return false;
    this.ordered.splice(this.place(score, member), 1);
    this.scores.delete(member);
    return true;
  }

  /** Members of ranks `start` to `end`, the end excluded. */
  slice(start: number, end: number): ScoredMember[] {
    return this.ordered.slice(start, end);
  }

  deleteSlice(start: number, end: number): ScoredMember[] {
    const removed = this.ordered.splice(start, end - start);
    for (const { member } of removed) this.scores.delete(member);
    return removed;
  }

  /** Ranks [start, end) of the members within the range. */
  ranksWithin(range: ScoreRange): [number, number] {
    const start = this.firstWhere(({ score }) => (range.minOpen ? score > range.min : score >= range.min));
    const end = this.firstWhere(({ score }) => (range.maxOpen ? score >= range.max : score > range.max));
    return [start, Math.max(start, end)];
  }

  private place(score: number, member: string): number {
    return this.firstWhere((it) => it.score > score || (it.score === score && it.member >= member));
  }

  private firstWhere(reached: (it: ScoredMember) => boolean): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.ordered[middle];
      if (item !== undefined && reached(item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
