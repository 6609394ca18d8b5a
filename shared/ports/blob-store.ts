// The data centre's Cache API, or a bucket that all of them share, used as a dumb store of blobs.

import type { ByteRange } from "../core/byte-range.ts";
import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Body } from "./body.ts";

/** `record` is our own metadata as text; the store doesn't read it. `length` is that of the whole body. */
export interface Blob {
  readonly record: string;
  readonly body: Body;
  readonly length: number;
  /** Where the store can compare, it is not put over one that was asked for later. */
  readonly asOf?: Position;
}

export type BlobOutcome =
  | { readonly kind: "hit"; readonly blob: Blob; readonly residence: Millis }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly reason: string };

export interface Restatement {
  readonly isMeant: (record: string) => boolean;
  readonly record: string;
  readonly keepFor: Millis;
}

/** How a small body is wanted: in octets that can be kept, or, where the store can, as a stream for one reader. */
export type BodyForm = "whole" | "stream";

/** Never rejects. `key` is a digest in hexadecimal. */
export interface BlobStore {
  match(key: string, as?: BodyForm): Promise<BlobOutcome>;
  /** As `match`, with no more of the body than these octets. */
  matchRange(key: string, range: ByteRange): Promise<BlobOutcome>;
  put(key: string, blob: Blob, keepFor: Millis): Promise<{ readonly kind: "stored" | "unavailable" }>;
  /** Another record over the body that is there, if its present record is the one meant and the body is still there. */
  restate(key: string, by: Restatement): Promise<{ readonly kind: "stored" | "absent" | "unavailable" }>;
  delete(key: string): Promise<void>;
}
