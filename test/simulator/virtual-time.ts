// Virtual time: a queue of events, each run to the end of all that it set going before the clock moves on.

interface Event {
  readonly at: number;
  /** Ties are kept in the order in which they were made. */
  readonly order: number;
  action: (() => void) | null;
}

export class VirtualTime {
  /** Milliseconds since the world began; always whole. */
  now = 0;
  private readonly heap: Event[] = [];
  private made = 0;

  after(span: number, action: () => void): () => void {
    return this.at(this.now + Math.max(0, Math.round(span)), action);
  }

  at(instant: number, action: () => void): () => void {
    this.made += 1;
    const event: Event = { at: Math.max(this.now, Math.round(instant)), order: this.made, action };
    this.push(event);
    return () => {
      event.action = null;
    };
  }

  /** Resolves after that span of virtual time. */
  pass(span: number): Promise<void> {
    return new Promise((resolve) => void this.after(span, resolve));
  }

  /** Runs events until there are none left, or none before `end`. */
  async runUntil(end: number): Promise<void> {
    // What was set going before the first event belongs before it.
    await settled();
    for (let event = this.heap[0]; event !== undefined && event.at <= end; event = this.heap[0]) {
      this.pop();
      if (event.action === null) continue;
      this.now = event.at;
      event.action();
      await settled();
    }
    this.now = Math.max(this.now, end);
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const least = heap[child];
      if (least === undefined || isBefore(last, least)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Node empties its queue of microtasks before the next macrotask, and nothing here waits for anything else. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
