// The configuration that this data centre knew last: for an edge that begins while the log can't be reached.

import { days } from "../shared/core/units.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import { parseJson } from "../shared/wire/json.ts";

/** No digest of a cache key looks like this. */
const KEY = "configuration";
/** As long as nobody may have served a request in the data centre. */
const KEPT = days(30);

type Fields = ReadonlyMap<string, string>;

export class LastConfiguration {
  private readonly blobs: BlobStore;
  /** What is kept: a copy, as a view's configuration changes in place. */
  private kept: Fields | null = null;
  private recalled: Fields | null = null;

  constructor(blobs: BlobStore) {
    this.blobs = blobs;
  }

  async remember(fields: Fields): Promise<void> {
    // At each pull, of which hardly any changes anything: nothing is made of it but this comparison.
    if (this.kept !== null && isSame(this.kept, fields)) return;
    const now = new Map(fields);
    const bytes = new TextEncoder().encode(JSON.stringify([...now])) as Uint8Array<ArrayBuffer>;
    const blob = { record: KEY, body: { kind: "bytes", bytes } as const, length: bytes.length };
    const { kind } = await this.blobs.put(KEY, blob, KEPT);
    if (kind === "stored") this.kept = now;
  }

  /** Null where there is none, or it can't be had now. */
  async recall(): Promise<Fields | null> {
    this.recalled ??= await this.find();
    return this.recalled;
  }

  private async find(): Promise<Fields | null> {
    const found = await this.blobs.match(KEY);
    if (found.kind !== "hit" || found.blob.body.kind !== "bytes") return null;
    const pairs = parseJson(new TextDecoder().decode(found.blob.body.bytes));
    const isPair = (pair: unknown): pair is [string, string] =>
      Array.isArray(pair) && pair.length === 2 && pair.every((word) => typeof word === "string");
    return Array.isArray(pairs) && pairs.every(isPair) ? new Map(pairs) : null;
  }
}

function isSame(kept: Fields, fields: Fields): boolean {
  if (kept.size !== fields.size) return false;
  for (const [field, value] of fields) if (kept.get(field) !== value) return false;
  return true;
}
