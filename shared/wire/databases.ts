// The databases of the mid-tier as the environment names them: SHARDS, beside the one named `control`.

import * as z from "zod";
import { readText } from "./faults.ts";
import type { Fault } from "./json.ts";
import { MAX_WEIGHT, SHARD_ID } from "./shard-map.ts";

/** The database that holds the log, and what else there is one of. */
export const CONTROL = "control";

export interface Database {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Its share of the keys until somebody says otherwise. */
  readonly weight: number;
}

export type ReadDatabases =
  | { readonly kind: "databases"; readonly databases: readonly Database[] }
  | { readonly kind: "invalid"; readonly reason: string };

const schema = z
  .array(
    z.strictObject({
      id: z.string().regex(SHARD_ID, "must be 1 to 32 letters, digits, '.', '_' or '-'"),
      url: z.url({ protocol: /^https?$/ }).optional(),
      token: z.string().min(1).optional(),
      weight: z.number().positive().max(MAX_WEIGHT).optional(),
    }),
  )
  .min(1);

/**
 * `text`: JSON, `[{"id", "url", "token", "weight"?}, …]`; where left out, the keys are on `control` too. An entry with the
 * id `control` says so explicitly, and needs neither url nor token.
 */
export function readDatabases(
  text: string | undefined,
  control: Pick<Database, "url" | "token">,
): ReadDatabases {
  if (text === undefined || text === "")
    return { kind: "databases", databases: [{ id: CONTROL, ...control, weight: 1 }] };
  const read = readText(schema, text);
  if (read.kind === "invalid") return invalid(first(read.faults));
  const seen = new Set<string>();
  const databases: Database[] = [];
  for (const { id, url, token, weight = 1 } of read.value) {
    if (seen.has(id)) return invalid(`two of them are named ${id}`);
    seen.add(id);
    const own = id === CONTROL ? control : { url, token };
    if (own.url === undefined || own.token === undefined) return invalid(`${id} needs a url and a token`);
    databases.push({ id, url: own.url, token: own.token, weight });
  }
  return { kind: "databases", databases };
}

const invalid = (reason: string): ReadDatabases => ({ kind: "invalid", reason: `SHARDS: ${reason}` });

function first([fault = { pointer: "", message: "is no list" }]: readonly Fault[]): string {
  return [fault.pointer, fault.message].filter((part) => part !== "").join(" ");
}
