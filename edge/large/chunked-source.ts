// A body in chunks as one source: each chunk is looked for when its turn comes, so that no more than one is in hand.

import { type ByteRange, lengthOf } from "../../shared/core/byte-range.ts";
import { chunkIndex, chunkRange } from "../../shared/core/chunks.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import type { Edge } from "../edge.ts";
import type { Reading } from "./chunk.ts";
import { openChunk } from "./open-chunk.ts";

/** Octets from `at` on, already opened. */
interface Begun {
  readonly at: number;
  readonly source: ByteSource;
}

export class ChunkedSource implements ByteSource {
  readonly length: number;
  private readonly edge: Edge;
  private readonly reading: Reading;
  private readonly range: ByteRange;
  private begun: Begun | null = null;
  private current: { readonly source: ByteSource; left: number } | null = null;
  private at: number;

  constructor(edge: Edge, reading: Reading, range: ByteRange) {
    this.edge = edge;
    this.reading = reading;
    this.range = range;
    this.at = range.from;
    this.length = lengthOf(range);
  }

  /** Opens the chunk that a reader begins with, before he is told that there is anything: false where it can't be had. */
  async begin(at: number): Promise<boolean> {
    const opened = await this.open(at);
    if (opened.kind === "open") this.begun = { at, source: opened.source };
    return opened.kind === "open";
  }

  part(range: ByteRange): ByteSource {
    const part = new ChunkedSource(this.edge, this.reading, range);
    part.begun = this.begun;
    this.begun = null;
    return part;
  }

  async read(): Promise<Uint8Array | null> {
    while (this.at <= this.range.to) {
      this.current ??= await this.next();
      const { current } = this;
      const piece = await current.source.read();
      if (piece === null) throw new Error("a chunk was shorter than it is");
      const wanted = piece.length > current.left ? piece.subarray(0, current.left) : piece;
      this.at += wanted.length;
      current.left -= wanted.length;
      if (current.left === 0) {
        // The rest of a chunk of which no more is asked for.
        current.source.cancel("enough");
        this.current = null;
      }
      if (wanted.length > 0) return wanted;
    }
    return null;
  }

  cancel(reason: string): void {
    this.current?.source.cancel(reason);
    this.begun?.source.cancel(reason);
    this.at = this.range.to + 1;
  }

  /** What has been begun is of use where it begins at this very octet. */
  private async next(): Promise<{ source: ByteSource; left: number }> {
    const { at, begun } = this;
    const { to } = chunkRange(this.reading.whole, chunkIndex(this.reading.whole, at));
    const left = Math.min(to, this.range.to) - at + 1;
    this.begun = null;
    if (begun?.at === at) return { source: begun.source, left };
    begun?.source.cancel("not wanted");
    const opened = await this.open(at);
    // What has been sent was of one representation: nothing of another may follow.
    if (opened.kind === "failed") throw new Error(`the rest of the body can't be had: ${opened.reason}`);
    return { source: opened.source, left };
  }

  private open(at: number): ReturnType<typeof openChunk> {
    return openChunk(this.edge, this.reading, at);
  }
}
