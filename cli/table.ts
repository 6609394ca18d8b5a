// Tables of text: columns as wide as what stands in them, numbers to the right.

import { plain } from "./wording.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Of a cell, once it is as wide as its column. */
  readonly paint?: (padded: string, text: string) => string;
}

/** Its lines, the titles first. Cells are shown plainly, whatever is in them. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  title: (text: string) => string,
): string[] {
  const cells = rows.map((row) => columns.map((_, at) => plain(row[at] ?? "")));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const padded = (text: string, at: number): string => {
    const width = widths[at] ?? 0;
    if (columns[at]?.align === "right") return text.padStart(width);
    // The last column ends where its text does.
    return at === columns.length - 1 ? text : text.padEnd(width);
  };
  const head = columns.map((column, at) => title(padded(column.title, at)));
  const body = cells.map((row) =>
    row.map((text, at) => columns[at]?.paint?.(padded(text, at), text) ?? padded(text, at)),
  );
  return [head, ...body].map((line) => line.join("  "));
}
