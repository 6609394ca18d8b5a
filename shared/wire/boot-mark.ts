// How far the control plane has come with bringing the environment's configuration into the log.

import { parseJson } from "./json.ts";

export const MARK_FIELD = "boot/fields";

export interface BootMark {
  /** Of the environment's fields as they were last brought in; "" while that is going on. */
  readonly digest: string;
  /** What the environment has written so far: a later one takes back only that. */
  readonly fields: readonly string[];
  /** Whether it has never been brought in as a whole: not to a new log, nor to one that came back empty. */
  readonly first: boolean;
}

export function readMark(fields: ReadonlyMap<string, string>): BootMark {
  const text = fields.get(MARK_FIELD);
  if (text === undefined) return { digest: "", fields: [], first: true };
  const value = parseJson(text) as Partial<BootMark> | null;
  return {
    digest: typeof value?.digest === "string" ? value.digest : "",
    fields: Array.isArray(value?.fields) ? value.fields.map(String) : [],
    first: value?.first === true,
  };
}

/** Whether the log holds what the environment says: from then on the log alone counts, and what was taken out of it is gone. */
export const isBrought = (fields: ReadonlyMap<string, string>): boolean => readMark(fields).digest !== "";

/** Whether there is a part of a configuration that never was whole: its sites may stand there, and their policies not yet. */
export const isArriving = (fields: ReadonlyMap<string, string>): boolean => {
  const { digest, first } = readMark(fields);
  return fields.has(MARK_FIELD) && first && digest === "";
};
