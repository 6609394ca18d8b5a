// Rows of the configuration in one form, and the version that names it.

import type { Digest } from "../../shared/ports/identity.ts";

/** A row as the log keeps it: named in full, so that it means the same wherever it is read. */
export const textOf = (row: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The same for rows that say the same, in whatever order. */
export const versionOf = async (digest: Digest, row: object): Promise<string> =>
  (await digest.sha256Hex(textOf(row))).slice(0, 32);
