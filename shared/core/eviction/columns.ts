// Growing typed arrays: what is known of a resident stands in columns at its slot, so that a resident costs no object.

/** No slot at all. */
export const NONE = -1;

export type Column = Uint8Array | Uint32Array | Int32Array | Float64Array;

/** The same column with room for so many slots. */
export function grown<C extends Column>(column: C, capacity: number): C {
  const larger = new (column.constructor as new (length: number) => C)(capacity);
  larger.set(column);
  return larger;
}
