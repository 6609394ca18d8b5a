// Values that occur in many states, kept once each and named by a number.

export class Table<T extends object> {
  private readonly ids = new Map<string, number>();
  private readonly values: T[] = [];
  private readonly seen = new WeakMap<T, number>();

  /** The number of a value: equal values have one. */
  id(value: T): number {
    const seen = this.seen.get(value);
    if (seen !== undefined) return seen;
    const key = JSON.stringify(value);
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.values.length;
      this.ids.set(key, id);
      this.values.push(value);
    }
    this.seen.set(value, id);
    return id;
  }

  at(id: number): T {
    const value = this.values[id];
    if (value === undefined) throw new Error(`no value ${id}`);
    return value;
  }

  get size(): number {
    return this.values.length;
  }
}
