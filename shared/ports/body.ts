// Bodies: bytes in hand, or a source that is read piece by piece.

export interface ByteSource {
  /** Octets announced by whoever made the source; null where unknown. */
  readonly length: number | null;
  /** The next piece, null at the end; rejects where the source breaks off. */
  read(): Promise<Uint8Array | null>;
  /** Nobody will read on. */
  cancel(reason: string): void;
}

export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "source"; readonly source: ByteSource };

export const NO_BODY: Body = { kind: "none" };
