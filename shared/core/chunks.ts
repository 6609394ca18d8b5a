// A large body in chunks: where they begin and end, which bodies are kept so, and which chunks belong to which whole.

import { type ByteRange, lengthOf } from "./byte-range.ts";
import { strongEtag } from "./conditional.ts";
import { type HeaderList, headerValue, listMembers } from "./headers.ts";
import { comparePositions, type Position } from "./position.ts";
import type { ChunkSet, HeldAnswer, StoredAnswer } from "./stored-answer.ts";
import { type Bytes, earlier, seconds } from "./units.ts";

/** From which size on bodies are kept in chunks, and how large each is. */
export interface Chunking {
  readonly from: Bytes;
  readonly size: Bytes;
}

/** An answer whose body is kept in chunks. */
export type InChunks = HeldAnswer & { readonly chunks: ChunkSet };

export const isInChunks = (held: HeldAnswer): held is InChunks => held.chunks !== undefined;

/**
 * By how much parts that were asked for at once may differ in age: a Date has whole seconds, and each part's age is told
 * by a look-up of its own. The whole is taken to be so much older, that it is never younger than one of its parts.
 */
const AGES_DIFFER = seconds(1);

/** An answer of which chunks are to be kept, as its first part tells of it. */
export function inChunks(first: HeldAnswer, size: number): InChunks {
  const bornAt = earlier(first.bornAt, AGES_DIFFER);
  return { ...first, bornAt, chunks: { size, since: first.answer.asOf, bornAt } };
}

/** Which octets a chunk has. */
export function chunkRange({ answer, chunks }: InChunks, index: number): ByteRange {
  const from = index * chunks.size;
  return { from, to: Math.min(from + chunks.size, answer.length) - 1 };
}

export const chunkIndex = ({ chunks }: InChunks, octet: number): number => Math.floor(octet / chunks.size);

/** Whether a stretch of a body has a whole chunk in it. */
export function hasWholeChunk({ from, to }: ByteRange, complete: number, size: number): boolean {
  const begins = Math.ceil(from / size) * size;
  return begins < complete && Math.min(begins + size, complete) - 1 <= to;
}

/**
 * Whether a body is kept in chunks: it is large, its validator tells octets apart, and its origin gives parts of it, so
 * that one chunk that was lost can be had alone.
 */
export function isChunkable(
  given: { readonly headers: HeaderList; readonly complete: number; readonly inParts: boolean },
  chunking: Chunking,
): boolean {
  const { headers, complete, inParts } = given;
  return complete > chunking.from && strongEtag(headers) !== null && (inParts || offersRanges(headers));
}

const offersRanges = (headers: HeaderList): boolean =>
  listMembers(headerValue(headers, "accept-ranges")).some((unit) => unit.toLowerCase() === "bytes");

/**
 * Whether a chunk may stand for its octets of a whole: the same representation, and in all that it could be refused by
 * no worse than what is known of the whole, which alone is judged. So nothing that was asked for before the whole was,
 * or before what has invalidated its predecessor, comes back as part of it.
 */
export function belongs(whole: InChunks, chunk: HeldAnswer, range: ByteRange): boolean {
  const { since, bornAt } = whole.chunks;
  const { answer } = chunk;
  if (!isPieceOf(whole.answer, answer, range) || !isSince(answer.asOf, since)) return false;
  return chunk.bornAt >= bornAt && answer.selectors.every((each) => whole.answer.selectors.includes(each));
}

const isSince = (asOf: Position, since: Position): boolean =>
  asOf.epoch === since.epoch && comparePositions(asOf, since) >= 0;

/** The same octets of the same representation: its key, its strong validator, its coding and its length. */
export function isPieceOf(whole: StoredAnswer, piece: StoredAnswer, range: ByteRange): boolean {
  const { part, headers } = piece;
  if (part.kind !== "range" || part.complete !== whole.length || piece.length !== lengthOf(range))
    return false;
  const etag = strongEtag(whole.headers);
  if (piece.key !== whole.key || part.from !== range.from || part.to !== range.to) return false;
  if (etag === null || etag !== strongEtag(headers)) return false;
  // Some origins give all codings of a representation one tag.
  return headerValue(headers, "content-encoding") === headerValue(whole.headers, "content-encoding");
}

/**
 * The whole as it is with one more chunk: all selectors, the greatest age (RFC 9111 §3.4). Null where the chunk was asked
 * for before its oldest part, and can't be one of it; the same where nothing of it changes. What was found of the whole's
 * selectors says nothing of new ones, so what changes gets another id.
 */
export function withChunk(whole: InChunks, chunk: HeldAnswer, id: string): InChunks | null {
  const { answer, chunks } = whole;
  if (!isSince(chunk.answer.asOf, chunks.since)) return null;
  const news = chunk.answer.selectors.filter((each) => !answer.selectors.includes(each));
  const older = chunk.bornAt < chunks.bornAt;
  if (news.length === 0 && !older) return whole;
  return {
    ...whole,
    answer: { ...answer, id, selectors: [...answer.selectors, ...news] },
    bornAt: chunk.bornAt < whole.bornAt ? chunk.bornAt : whole.bornAt,
    verifiedTo: answer.asOf,
    chunks: older ? { ...chunks, bornAt: chunk.bornAt } : chunks,
  };
}
