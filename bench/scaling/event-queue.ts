// Events in the order of their instants: a binary heap over flat arrays, for millions of them.

export class EventQueue {
  private readonly at: number[] = [];
  private readonly what: number[] = [];

  get size(): number {
    return this.at.length;
  }

  push(at: number, what: number): void {
    let hole = this.at.length;
    this.at.push(at);
    this.what.push(what);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((this.at[parent] ?? 0) <= at) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.set(hole, at, what);
  }

  /** Null where there is none. */
  pop(): { readonly at: number; readonly what: number } | null {
    const first = { at: this.at[0] ?? Number.NaN, what: this.what[0] ?? 0 };
    const at = this.at.pop();
    const what = this.what.pop();
    if (at === undefined || what === undefined) return null;
    if (this.at.length > 0) this.sink(at, what);
    return first;
  }

  private sink(at: number, what: number): void {
    const size = this.at.length;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && (this.at[child + 1] ?? 0) < (this.at[child] ?? 0)) child += 1;
      if ((this.at[child] ?? 0) >= at) break;
      this.move(child, hole);
      hole = child;
    }
    this.set(hole, at, what);
  }

  private move(from: number, to: number): void {
    this.set(to, this.at[from] ?? 0, this.what[from] ?? 0);
  }

  private set(place: number, at: number, what: number): void {
    this.at[place] = at;
    this.what[place] = what;
  }
}
