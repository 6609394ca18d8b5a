// A file of policies, as `npm start -- --policies` takes it too: a JSON array of rows.

import { readJsonFile } from "../../shared/wire/json-file.ts";
import { usageError } from "../exit.ts";
import type { Surroundings } from "../surroundings.ts";

/** Named in full. What else is in it the control plane checks. */
export interface FileRow {
  readonly id: string;
  readonly site: string;
  readonly [field: string]: unknown;
}

/** Rows without an id are named by their place, those without a site belong to `site`. */
export async function readPolicyFile(
  file: string,
  site: string,
  { readText }: Pick<Surroundings, "readText">,
): Promise<readonly FileRow[]> {
  const text = await readText(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`-f ${file} can't be read: ${error.code ?? error.message}`);
  });
  const read = readJsonFile(text);
  if (read.kind === "fault") throw usageError(`-f ${file} ${read.message}`);
  const rows = read.value;
  if (!Array.isArray(rows)) throw usageError(`-f ${file} must be a JSON array of policies`);
  const seen = new Set<string>();
  return rows.map((row: unknown, index) => {
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw usageError(`-f ${file}: /${index} must be a policy: an object`);
    const named = { id: `policy-${index + 1}`, site, ...row } as FileRow;
    const name = nameOf(named);
    if (seen.has(name)) throw usageError(`-f ${file}: /${index}/id repeats ${JSON.stringify(named.id)}`);
    seen.add(name);
    return named;
  });
}

export const nameOf = ({ site, id }: { readonly site: string; readonly id: string }): string =>
  `${site}/${id}`;
