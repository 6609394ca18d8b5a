// The records that the journal keeps: a value's, under its seal, and an operation's as it is handed out.

import type { HeaderList } from "../core/headers.ts";
import type { Position } from "../core/position.ts";
import { millis } from "../core/units.ts";
import type { Digest } from "../ports/identity.ts";
import type { Claimed } from "../ports/journal.ts";
import { parseJson } from "../wire/json.ts";
import { decodeBase64 } from "./base64.ts";

/** What of a value is not its body. */
export interface ValueRecord {
  readonly headers: HeaderList;
}

/** Null where it is not what was sealed. */
export async function unsealed(
  digest: Digest,
  sealed: { readonly record: string; readonly body: string; readonly seal: string | undefined },
): Promise<(ValueRecord & { readonly body: Uint8Array<ArrayBuffer> }) | null> {
  const { record, body, seal } = sealed;
  const bytes = decodeBase64(body);
  if (bytes === null || (await digest.sha256Base64([record, body])) !== seal) return null;
  const { headers } = (parseJson(record) ?? {}) as { headers?: unknown };
  return isHeaders(headers) ? { headers, body: bytes } : null;
}

const isHeaders = (value: unknown): value is HeaderList =>
  Array.isArray(value) &&
  value.every(
    (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((word) => typeof word === "string"),
  );

/** Of one operation, in a reply of `journal-claim.lua`. */
export const CLAIMED_FIELDS = 22;
/** Which of them says what write it is. */
export const REQUEST_FIELD = 15;

/** Null where it can't be read. In the order of the script. */
export async function readClaimed(digest: Digest, fields: readonly string[]): Promise<Claimed | null> {
  const [id = "", key = "", fence = "", site = "", method = "", href = "", originHeaders = ""] = fields;
  const [
    record = "",
    body = "",
    seal,
    tries,
    age,
    done = "",
    kind,
    partition,
    request = "",
    lane = "",
    ...more
  ] = fields.slice(7);
  const [positions, had = ""] = [more.slice(0, 4), more[4]];
  const whole = await unsealed(digest, { record, body, seal });
  const headers: unknown = parseJson(originHeaders);
  if (whole === null || !isHeaders(headers) || (kind !== "put" && kind !== "delete")) return null;
  return {
    ...{ id, key, fence, kind, site, method, href, headers, body: whole.body },
    ...{
      request,
      lane,
      partition: Number(partition),
      tries: Number(tries),
      triedFor: millis(Number(age)),
      done: done !== "",
      takenBy: done === "" ? fence : done,
      toldBefore: positionOf(positions.slice(0, 2)),
      firstAskedAsOf: positionOf(positions.slice(2, 4)),
      maybeTaken: had !== "",
    },
  };
}

const positionOf = ([epoch = "", seq]: readonly string[]): Position | null =>
  epoch === "" ? null : { epoch: Number(epoch), seq: Number(seq) };
