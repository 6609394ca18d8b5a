// A large file that nobody has to hold: any stretch of it is made when it is asked for, and checked as it arrives.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";

const BLOCK = 1_048_573;
const PIECE = 262_144;

/** Noise of a fixed seed; its length is a prime, so that no two chunks are alike. */
const block = noise(BLOCK);

function noise(size: number): Buffer {
  const octets = Buffer.alloc(size);
  let state = 0x7169_6465;
  for (let at = 0; at < size; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[at] = state & 255;
  }
  return octets;
}

/** The longest stretch from an octet on that is in one piece. */
const pieceAt = (offset: number, most: number): Buffer => {
  const begin = offset % BLOCK;
  return block.subarray(begin, Math.min(begin + most, BLOCK));
};

/** Whether octets that arrived are those that stand from `offset` on. */
export function isStretch(octets: Uint8Array, offset: number): boolean {
  let at = 0;
  while (at < octets.length) {
    const wanted = pieceAt(offset + at, octets.length - at);
    if (Buffer.compare(octets.subarray(at, at + wanted.length), wanted) !== 0) return false;
    at += wanted.length;
  }
  return true;
}

function* stretch(from: number, to: number): Generator<Buffer> {
  for (let at = from; at <= to; ) {
    const piece = pieceAt(at, Math.min(PIECE, to + 1 - at));
    yield piece;
    at += piece.length;
  }
}

/** What the origin was asked, and sent. */
export interface Told {
  requests: number;
  octets: number;
}

/** Every path is a file of this size, but for `/small`: that has a quarter of it. */
export function startLargeOrigin(size: number, told: Told): Promise<Server> {
  const server = createServer((request, response) => {
    const of = request.url === "/small" ? Math.floor(size / 4) : size;
    answer(request, response, { size: of, told });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { size, told }: { size: number; told: Told },
): void {
  told.requests += 1;
  const common = { "accept-ranges": "bytes", "content-type": "video/mp4", etag: '"one"' };
  if (request.headers["if-none-match"] === '"one"') return void response.writeHead(304, common).end();
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(range?.[2] ? Number(range[2]) : size - 1, size - 1);
  const stated = range === null ? {} : { "content-range": `bytes ${from}-${to}/${size}` };
  const headers = { ...common, ...stated, "content-length": to - from + 1 };
  response.writeHead(range === null ? 200 : 206, headers);
  Readable.from(stretch(from, to), { objectMode: false })
    .on("data", (piece: Buffer) => {
      told.octets += piece.length;
    })
    .on("error", () => response.destroy())
    .pipe(response);
}
