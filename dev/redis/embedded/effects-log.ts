// An append-only file of what commands changed, each record whole or absent, replayed when the store starts.
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

/** What one top-level command changed, at the instant (ms) it ran: a script's inner commands, all or none. */
export type Effects = { readonly at: number; readonly commands: readonly (readonly string[])[] };

/** Size and CRC-32 of the payload, both 32 bits, little endian. */
const HEADER_BYTES = 8;
/** A log is rewritten as a snapshot once it is so large, and twice what the last snapshot was. */
const REWRITE_BYTES = 64 * 1024 * 1024;

export class EffectsLog {
  private readonly file: string;
  private descriptor: number;
  private pending: Buffer[] = [];
  private bytes: number;
  private snapshotBytes = 0;
  private failed: Error | null = null;

  private constructor(file: string, bytes: number) {
    this.file = file;
    this.bytes = bytes;
    this.descriptor = openSync(file, "a+");
    // What follows the last whole record is a torn write: it was never acknowledged.
    ftruncateSync(this.descriptor, bytes);
  }

  static open(file: string, replay: (effects: Effects) => void): EffectsLog {
    mkdirSync(dirname(file), { recursive: true });
    const content = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    let offset = 0;
    for (let record = recordAt(content, 0); record !== null; record = recordAt(content, offset)) {
      replay(record.effects);
      offset = record.end;
    }
    return new EffectsLog(file, offset);
  }

  append(effects: Effects): void {
    this.pending.push(encode(effects));
  }

  /** Returns once everything appended is on disk. */
  flush(): void {
    // A record after a torn one would never be read again, so a log that failed once takes nothing more.
    if (this.failed !== null) throw this.failed;
    if (this.pending.length === 0) return;
    const records = Buffer.concat(this.pending);
    this.pending = [];
    try {
      writeWhole(this.descriptor, records);
      fdatasyncSync(this.descriptor);
    } catch (cause) {
      this.failed = new Error(`cannot write ${this.file}`, { cause });
      throw this.failed;
    }
    this.bytes += records.length;
  }

  needsRewrite(): boolean {
    return this.bytes > REWRITE_BYTES && this.bytes > 2 * this.snapshotBytes;
  }

  /** Puts the snapshot in the log's place; a crash leaves the one or the other. */
  rewrite(snapshot: Iterable<Effects>): void {
    const next = `${this.file}.next`;
    const descriptor = openSync(next, "w");
    this.bytes = 0;
    for (const effects of snapshot) {
      const record = encode(effects);
      writeWhole(descriptor, record);
      this.bytes += record.length;
    }
    fdatasyncSync(descriptor);
    closeSync(descriptor);
    renameSync(next, this.file);
    closeSync(this.descriptor);
    this.descriptor = openSync(this.file, "a");
    this.snapshotBytes = this.bytes;
  }

  close(): void {
    this.flush();
    closeSync(this.descriptor);
  }
}

function encode({ at, commands }: Effects): Buffer {
  const payload = Buffer.from(JSON.stringify([at, commands]), "utf8");
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

function recordAt(content: Buffer, offset: number): { effects: Effects; end: number } | null {
  const start = offset + HEADER_BYTES;
  if (start > content.length) return null;
  const end = start + content.readUInt32LE(offset);
  const payload = content.subarray(start, end);
  if (end > content.length || crc32(payload) !== content.readUInt32LE(offset + 4)) return null;
  const [at, commands] = JSON.parse(payload.toString("utf8")) as [number, string[][]];
  return { effects: { at, commands }, end };
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}
