// The data centre's Cache API, used as a dumb store of blobs.

import type { ByteRange } from "../core/byte-range.ts";
import type { Millis } from "../core/units.ts";
import type { Body } from "./body.ts";

/** `record` is our own metadata as text; the store doesn't read it. `length` is that of the whole body. */
export interface Blob {
  readonly record: string;
  readonly body: Body;
  readonly length: number;
}

export type BlobOutcome =
  | { readonly kind: "hit"; readonly blob: Blob; readonly residence: Millis }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly reason: string };

/** Never rejects. `key` is a digest in hexadecimal. */
export interface BlobStore {
  match(key: string): Promise<BlobOutcome>;
  /** As `match`, with no more of the body than these octets. */
  matchRange(key: string, range: ByteRange): Promise<BlobOutcome>;
  put(key: string, blob: Blob, keepFor: Millis): Promise<{ readonly kind: "stored" | "unavailable" }>;
  delete(key: string): Promise<void>;
}
