// Sets and maps of short tuples of numbers, in flat memory: millions of them fit.

/** Tuples of one width, in the order in which they were added. */
export class TupleSet {
  readonly width: number;
  private cells: Int32Array<ArrayBuffer>;
  private slots = new Int32Array(1 << 12);
  private count = 0;

  constructor(width: number) {
    this.width = width;
    this.cells = new Int32Array(width << 10);
  }

  get size(): number {
    return this.count;
  }

  /** Which one the tuple is; negative if it is not there. */
  find(tuple: Int32Array): number {
    return (this.slots[this.slotOf(tuple)] ?? 0) - 1;
  }

  /** Adds the tuple; false if it was there. */
  add(tuple: Int32Array): boolean {
    const slot = this.slotOf(tuple);
    if (this.slots[slot] !== 0) return false;
    const { width } = this;
    const at = this.count * width;
    if (at === this.cells.length) this.cells = doubled(this.cells);
    for (let i = 0; i < width; i++) this.cells[at + i] = tuple[i] ?? 0;
    this.count += 1;
    this.slots[slot] = this.count;
    if (this.count * 2 > this.slots.length) this.rehash();
    return true;
  }

  read(index: number, tuple: Int32Array): void {
    const at = index * this.width;
    for (let i = 0; i < this.width; i++) tuple[i] = this.cells[at + i] ?? 0;
  }

  /** Where the tuple is, or would be put. */
  private slotOf(tuple: Int32Array): number {
    const { width, cells, slots } = this;
    const mask = slots.length - 1;
    let slot = hash(tuple, 0, width) & mask;
    for (;;) {
      const there = slots[slot] ?? 0;
      if (there === 0) return slot;
      const at = (there - 1) * width;
      let i = 0;
      while (i < width && cells[at + i] === tuple[i]) i++;
      if (i === width) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private rehash(): void {
    const { width, cells } = this;
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.count; index++) {
      let slot = hash(cells, index * width, width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.slots = slots;
  }
}

/** What was worked out for tuples. */
export class TupleMap<T> {
  private readonly keys: TupleSet;
  private readonly values: T[] = [];

  constructor(width: number) {
    this.keys = new TupleSet(width);
  }

  get(tuple: Int32Array): T | undefined {
    const index = this.keys.find(tuple);
    return index < 0 ? undefined : this.values[index];
  }

  set(tuple: Int32Array, value: T): T {
    this.keys.add(tuple);
    this.values.push(value);
    return value;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(array.length * 2);
  twice.set(array);
  return twice;
}

function hash(cells: Int32Array, from: number, width: number): number {
  let h = 0x9e3779b1;
  for (let i = from; i < from + width; i++) {
    h = Math.imul(h ^ (cells[i] ?? 0), 0x85ebca6b);
    h ^= h >>> 13;
  }
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
