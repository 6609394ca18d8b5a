// Bodies: bytes in hand, or a source that is read piece by piece.

import type { ByteRange } from "../core/byte-range.ts";

export interface ByteSource {
  /** Octets announced by whoever made the source; null where unknown. */
  readonly length: number | null;
  /** The next piece, null at the end; rejects where the source breaks off. */
  read(): Promise<Uint8Array | null>;
  /**
   * How many octets there are, once all have come or more than `most`; nothing of it is read. Each piece is told, and
   * where one may not be held no more is waited for. Null where it breaks off.
   */
  arrived?(most: number, mayHold: (octets: number) => boolean): Promise<number | null>;
  /** Nobody will read on. */
  cancel(reason: string): void;
  /** Some of its octets without those before them, where it can: then nothing has been read of the source itself. */
  part?(range: ByteRange): ByteSource;
}

export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "source"; readonly source: ByteSource };

/** What may be handed to another request: a stream belongs to the one that it was opened for. */
export type PlainBody = Exclude<Body, { readonly kind: "source" }>;

export const NO_BODY: PlainBody = { kind: "none" };
