// The runtime's streams as byte sources, and byte sources as the runtime's streams.

import type { Millis } from "../../shared/core/units.ts";
import type { Body, ByteSource } from "../../shared/ports/body.ts";

type ByobReader = ReadableStreamBYOBReader;
type AnyReader = ReadableStreamDefaultReader<Uint8Array> | ByobReader;

/** Octets asked for at a time: few at first, since most bodies are small, then more, since each call costs as much. */
const PIECE = { least: 4096, most: 262_144 } as const;

export interface NativeOrigin {
  readonly length: number | null;
  /** How long one piece may take; null = as long as it likes. */
  readonly idle: Millis | null;
  /** The request whose content it is, where it can be sent on no other way. */
  readonly request?: Request;
}

/** A stream of the runtime: handed through untouched where nobody has read from it. */
export class NativeSource implements ByteSource {
  readonly length: number | null;
  readonly request: Request | null;
  private readonly stream: ReadableStream<Uint8Array>;
  private readonly idle: Millis | null;
  private reader: AnyReader | null = null;
  private size: number = PIECE.least;

  constructor(stream: ReadableStream<Uint8Array>, of: NativeOrigin) {
    this.stream = stream;
    this.length = of.length;
    this.idle = of.idle;
    this.request = of.request ?? null;
  }

  /** Of the content of a request: a copy of it is read, and the runtime keeps what the other has not read yet. */
  async arrived(most: number, mayHold: (octets: number) => boolean): Promise<number | null> {
    let octets = 0;
    try {
      const copy = this.request?.clone().body ?? null;
      if (copy === null) return null;
      const source = new NativeSource(copy, { length: null, idle: this.idle });
      for (let piece = await source.read(); piece !== null; piece = await source.read()) {
        octets += piece.length;
        if (octets <= most && mayHold(piece.length)) continue;
        source.cancel("enough has come");
        break;
      }
      return octets;
    } catch (error) {
      if (error instanceof Error) return null;
      throw error;
    }
  }

  async read(): Promise<Uint8Array | null> {
    this.reader ??= readerOf(this.stream);
    const { done, value } = await this.withinIdle(this.next(this.reader));
    if (done || value === undefined) return null;
    const { size } = this;
    this.size = sizeAfter(size, value.length);
    // A view keeps its whole buffer from being collected.
    return value.length * 2 < size ? value.slice() : value;
  }

  private next(reader: AnyReader): Promise<ReadableStreamReadResult<Uint8Array>> {
    return "readAtLeast" in reader ? reader.read(new Uint8Array(this.size)) : reader.read();
  }

  /** A body that stalls has broken off: whoever waits for it must not wait for ever. */
  private withinIdle<T>(piece: Promise<T>): Promise<T> {
    const { idle } = this;
    if (idle === null) return piece;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => {
      this.cancel("stalled");
      reject(new Error(`nothing came for ${idle} ms`));
    }, idle);
    piece.then(resolve, reject).finally(() => clearTimeout(timer));
    return promise;
  }

  cancel(reason: string): void {
    const cancelled = this.reader === null ? this.stream.cancel(reason) : this.reader.cancel(reason);
    // A stream that has already failed can't be cancelled, and needn't be.
    cancelled.catch(() => undefined);
  }

  /** The stream itself, if nothing has been read from it. */
  untouched(): ReadableStream<Uint8Array> | null {
    return this.reader === null ? this.stream : null;
  }
}

/** A buffer that is mostly left empty is waste until it is collected. */
function sizeAfter(size: number, filled: number): number {
  if (filled === size) return Math.min(2 * size, PIECE.most);
  return filled <= size / 2 ? Math.max(size / 2, PIECE.least) : size;
}

/** Into buffers of ours where the stream can, which takes a small part of the time. */
function readerOf(stream: ReadableStream<Uint8Array>): AnyReader {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return stream.getReader();
    throw error;
  }
}

export function bodyOf(stream: ReadableStream<Uint8Array> | null, of: NativeOrigin): Body {
  return stream === null ? { kind: "none" } : { kind: "source", source: new NativeSource(stream, of) };
}

/** What `new Response` takes; `keep` holds the pump of a source that is ours. */
export function bodyInit(body: Body, keep: (task: Promise<unknown>) => void): BodyInit | null {
  switch (body.kind) {
    case "none":
      return null;
    case "bytes":
      return body.bytes;
    case "source": {
      const native = body.source instanceof NativeSource ? body.source.untouched() : null;
      return native ?? streamOf(body.source, keep);
    }
  }
}

export function streamOf(
  source: ByteSource,
  keep: (task: Promise<unknown>) => void,
): ReadableStream<Uint8Array> {
  // A known length is announced, and enforced: a source that breaks off early ends as an error, not as an answer.
  const { readable, writable } =
    source.length === null ? new IdentityTransformStream() : new FixedLengthStream(source.length);
  keep(pump(source, writable.getWriter()));
  return readable;
}

async function pump(source: ByteSource, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read())
      await writer.write(piece);
    await writer.close();
  } catch (error) {
    source.cancel("client gone");
    // The writer may have failed itself: then aborting it again says nothing new.
    await writer.abort(error).catch(() => undefined);
  }
}
