// Records as CSV (RFC 4180), for spreadsheets: no cell of it is a formula.

import type { AuditRecord } from "../../shared/ports/audit-log.ts";

const COLUMNS = [
  ...["seq", "at", "actor", "token", "from", "action", "site", "result", "position", "requestId", "detail"],
  "hash",
] as const;

export const csvOf = (records: readonly AuditRecord[]): string =>
  [COLUMNS, ...records.map(cellsOf)].map((row) => `${row.map(cell).join(",")}\r\n`).join("");

const cellsOf = (record: AuditRecord): readonly string[] =>
  COLUMNS.map((column) => {
    if (column === "at") return new Date(record.at).toISOString();
    if (column === "detail") return JSON.stringify(record.detail);
    return String(record[column] ?? "");
  });

/** What spreadsheets take for the beginning of a formula, they are shown to be text; full-width signs count too. */
function cell(text: string): string {
  const safe = /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
