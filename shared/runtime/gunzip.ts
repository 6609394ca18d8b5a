// Byte sources that may be compressed: what begins as gzip is read through the runtime's decompressor, in step with the reader.

import type { ByteSource } from "../ports/body.ts";

/** Rejects where what is read is damaged or breaks off. */
export function gunzipped(source: ByteSource): ByteSource {
  let read: ByteSource | null = null;
  return {
    length: null,
    async read() {
      read ??= await looked(source);
      return read.read();
    },
    cancel: (reason) => (read ?? source).cancel(reason),
  };
}

async function looked(source: ByteSource): Promise<ByteSource> {
  let head = new Uint8Array(0);
  while (head.length < 2) {
    const piece = await source.read();
    if (piece === null) break;
    head = new Uint8Array([...head, ...piece]);
  }
  const whole = followedBy(head, source);
  return head[0] === 0x1f && head[1] === 0x8b ? decompressed(whole) : whole;
}

function followedBy(head: Uint8Array, source: ByteSource): ByteSource {
  let first: Uint8Array | null = head.length === 0 ? null : head;
  return {
    length: null,
    async read() {
      const piece = first ?? (await source.read());
      first = null;
      return piece;
    },
    cancel: (reason) => source.cancel(reason),
  };
}

function decompressed(source: ByteSource): ByteSource {
  const { readable, writable } = new DecompressionStream("gzip");
  const reader = readable.getReader();
  const pumped = pump(source, writable.getWriter());
  // Whoever reads on hears of it; whoever has read enough need not.
  pumped.catch(() => undefined);
  return {
    length: null,
    async read() {
      const { done, value } = await reader.read();
      if (!done) return value;
      await pumped;
      return null;
    },
    cancel(reason) {
      source.cancel(reason);
      reader.cancel(reason).catch(() => undefined);
    },
  };
}

async function pump(source: ByteSource, writer: WritableStreamDefaultWriter): Promise<void> {
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read())
      await writer.write(piece);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}
