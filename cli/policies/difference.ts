// What has to be done to make a table of policies what a file says, row by row and field by field.

import { type FileRow, nameOf } from "./file.ts";

/** A row of the table, and the version by which it may be changed. */
export interface TableRow {
  readonly policy: { readonly id: string; readonly site: string };
  readonly version: string;
}

export interface FieldChange {
  readonly field: string;
  /** Undefined where the field is new, or is gone. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface Difference {
  readonly added: readonly FileRow[];
  readonly changed: readonly {
    readonly row: FileRow;
    readonly version: string;
    readonly fields: readonly FieldChange[];
  }[];
  /** In the table, of a site that the file speaks of, and not in the file. */
  readonly surplus: readonly TableRow[];
  readonly unchanged: number;
}

/** `sites`: of which the table's rows are compared. */
export function differenceOf(
  rows: readonly FileRow[],
  table: readonly TableRow[],
  sites: ReadonlySet<string>,
): Difference {
  const there = new Map(table.map((row) => [nameOf(row.policy), row]));
  const named = new Set(rows.map(nameOf));
  const added: FileRow[] = [];
  const changed: Difference["changed"][number][] = [];
  for (const row of rows) {
    const before = there.get(nameOf(row));
    if (before === undefined) added.push(row);
    else {
      const fields = changesOf(before.policy, row);
      if (fields.length > 0) changed.push({ row, version: before.version, fields });
    }
  }
  const surplus = table.filter(({ policy }) => sites.has(policy.site) && !named.has(nameOf(policy)));
  return { added, changed, surplus, unchanged: rows.length - added.length - changed.length };
}

/** Field by field. */
export function changesOf(before: object, after: object): FieldChange[] {
  const [old, now] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((field) => ({ field, before: old.get(field), after: now.get(field) }))
    .filter((change) => inOrder(change.before) !== inOrder(change.after));
}

/** The same text for values that say the same, whatever the order of their fields. */
export const inOrder = (value: unknown): string | undefined =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
