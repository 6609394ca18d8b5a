// Header fields as tests write them, and as lines on the wire.

/** A list of values is as many lines; null is no line at all, where there would be one. */
export type Fields = Readonly<Record<string, string | readonly string[] | null>>;

/** `[name, value]` a line. */
export type FieldList = readonly (readonly [name: string, value: string])[];

export function linesOf(fields: Fields): FieldList {
  // A name written in another case replaces the default all the same.
  const byName = new Map<string, [string, string | readonly string[] | null]>();
  for (const [name, value] of Object.entries(fields)) byName.set(name.toLowerCase(), [name, value]);
  return [...byName.values()].flatMap(([name, value]) => {
    if (value === null) return [];
    return (typeof value === "string" ? [value] : value).map((line) => [name, line] as const);
  });
}

/** All lines of a field as one value, or null where there is none. */
export function fieldOf(fields: FieldList, name: string): string | null {
  const lines = fields.filter(([key]) => key.toLowerCase() === name.toLowerCase());
  return lines.length === 0 ? null : lines.map(([, value]) => value).join(", ");
}
