// Request traces: read from gzip text, or made from a seed.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { mixUnit } from "../../shared/core/mix.ts";

export interface Access {
  readonly key: string;
  /** Octets; null where the trace names none. */
  readonly size: number | null;
}

/** A file that can't be read as a trace. */
export class TraceError extends TypeError {}

/** One access a line: `key`, or `key,size`. Throws `TraceError` naming what is wrong and where. */
export async function* readTrace(file: string): AsyncGenerator<Access> {
  const stream = createReadStream(file);
  const unzipped = createGunzip();
  stream.on("error", (error) => unzipped.destroy(error));
  let number = 0;
  try {
    for await (const line of createInterface({ input: stream.pipe(unzipped), crlfDelay: Infinity })) {
      number += 1;
      yield parseLine(line, `${file}:${number}`);
    }
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError(`--trace ${file}: ${explained(error)}`);
  } finally {
    stream.destroy();
  }
  if (number === 0) throw new TraceError(`--trace ${file}: has no lines`);
}

function parseLine(line: string, where: string): Access {
  const [key = "", size, more] = line.split(",");
  if (key === "") throw new TraceError(`--trace ${where}: has no key`);
  if (more !== undefined) throw new TraceError(`--trace ${where}: must be "key" or "key,size"`);
  if (size === undefined) return { key, size: null };
  if (!/^\d{1,10}$/.test(size) || Number(size) >= 2 ** 32)
    throw new TraceError(`--trace ${where}: size "${size}" is not a whole number of bytes below 4 GiB`);
  return { key, size: Number(size) };
}

function explained(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith("Z_") === true) return `is not gzip text (${message})`;
  return code ?? message;
}

export interface ZipfShape {
  readonly seed: number;
  readonly keys: number;
  readonly length: number;
  /** Every so many accesses a run over keys that never come again, a tenth as long. */
  readonly scanEvery: number;
}

const EXPONENT = 0.99;

/** Accesses by popularity 1/rank^0.99, sizes from 200 octets to 50 KB whatever the popularity, with scans in between. */
export function zipfTrace({ seed, keys, length, scanEvery }: ZipfShape): Access[] {
  const upTo = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) upTo[rank] = sum += (rank + 1) ** -EXPONENT;
  const named = Array.from({ length: keys }, (_, rank) => accessTo(`asset/${rank}`, seed));
  const trace: Access[] = [];
  for (let at = 0; at < length; at++) {
    const scanned = at % scanEvery < scanEvery / 11;
    const rank = firstAtLeast(upTo, mixUnit(`${at}`, seed) * sum);
    trace.push(scanned ? accessTo(`scan/${at}`, seed) : (named[rank] as Access));
  }
  return trace;
}

/** Keys are joined, as the edge joins its own: V8 has them in one piece. */
function accessTo(path: string, seed: number): Access {
  const key = ["default ", "https://shop.example/", path].join("");
  return { key, size: Math.round(200 * 250 ** mixUnit(path, seed)) };
}

function firstAtLeast(ascending: Float64Array, wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
