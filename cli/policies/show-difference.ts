// A difference between a file and the table, as people read it.

import type { Output } from "../output.ts";
import { count, plain } from "../wording.ts";
import { type Difference, type FieldChange, inOrder } from "./difference.ts";
import { type FileRow, nameOf } from "./file.ts";

export function showDifference(
  out: Output,
  { added, changed, surplus, unchanged }: Difference,
  { prune, warnings }: { readonly prune: boolean; readonly warnings: readonly string[] },
): void {
  for (const row of added) {
    out.line(out.paint("green", `+ ${title(row)}`));
    for (const [field, value] of Object.entries(row))
      if (field !== "id" && field !== "site") out.line(out.paint("green", `    + ${field}: ${shown(value)}`));
  }
  for (const { row, fields } of changed) {
    out.line(out.paint("yellow", `~ ${title(row)}`));
    showFields(out, fields);
  }
  if (prune) for (const { policy } of surplus) out.line(out.paint("red", `- ${plain(nameOf(policy))}`));
  if (unchanged > 0) out.line(out.paint("grey", `= ${count(unchanged, "policy", "policies")} unchanged`));
  if (!prune && surplus.length > 0)
    out.line(
      `${count(surplus.length, "policy", "policies")} of the table ${surplus.length === 1 ? "is" : "are"} not in the file and ${surplus.length === 1 ? "stays" : "stay"}; --prune takes out: ${surplus.map(({ policy }) => nameOf(policy)).join(", ")}`,
    );
  for (const warning of warnings) out.line(out.paint("yellow", `! ${warning}`));
}

export function showFields(out: Output, fields: readonly FieldChange[]): void {
  for (const { field, before, after } of fields) {
    if (before === undefined) out.line(out.paint("green", `    + ${field}: ${shown(after)}`));
    else if (after === undefined) out.line(out.paint("red", `    - ${field}: ${shown(before)}`));
    else out.line(`    ${field}: ${shown(before)} → ${shown(after)}`);
  }
}

const title = (row: FileRow): string => plain(nameOf(row));

const shown = (value: unknown): string => plain(inOrder(value) ?? "nothing");
