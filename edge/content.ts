// What of a stored answer one request gets: all of it, nothing new (304), a part (206), or that there is no such part (416).

import {
  areModest,
  type ByteRange,
  formatContentRange,
  parseRange,
  resolveRanges,
} from "../shared/core/byte-range.ts";
import { notModified, notModifiedHeaders, rangeApplies } from "../shared/core/conditional.ts";
import {
  DIGESTS_OF_CONTENT,
  type HeaderList,
  headerValue,
  withHeader,
  withoutHeaders,
} from "../shared/core/headers.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { type Body, NO_BODY } from "../shared/ports/body.ts";
import type { EdgeRequest } from "./request.ts";
import { concatenate } from "./share-body.ts";

export interface Content {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Body;
}

export interface ContentSource {
  readonly answer: StoredAnswer;
  /** Those of the answer that a client may see. */
  readonly headers: HeaderList;
  readonly body: Body;
  readonly nowWall: number;
  /** Separates the parts of a multipart answer; nobody can guess it. */
  readonly boundary: () => string;
  /** Octets of a body that is too large to be in hand; null where they can't be had. */
  readonly read: (range: ByteRange) => Promise<Body | null>;
}

/** Whether a request may be answered otherwise than by the whole. */
export const wantsLess = (request: EdgeRequest): boolean =>
  request.method === "HEAD" ||
  request.header("range") !== null ||
  request.header("if-none-match") !== null ||
  request.header("if-modified-since") !== null;

/** Preconditions first, then the range (RFC 9110 §13.2.2). */
export function contentFor(request: EdgeRequest, source: ContentSource): Content | Promise<Content> {
  if (isUnchanged(request, source)) {
    discard(source.body);
    return { status: 304, headers: notModifiedHeaders(source.headers), body: NO_BODY };
  }
  if (request.method === "HEAD") return headContent(source);
  const ranges = rangesFor(request, source);
  if (ranges === null) return whole(source);
  if (ranges.length === 0) return unsatisfiable(source);
  const [only] = ranges;
  return ranges.length === 1 && only !== undefined ? single(source, only) : several(source, ranges);
}

/** The first octet of the body that a request is sent; null where it is sent none of it. */
export function firstOctet(
  request: EdgeRequest,
  source: Omit<ContentSource, "boundary" | "read">,
): number | null {
  if (request.method === "HEAD" || isUnchanged(request, source)) return null;
  const ranges = rangesFor(request, source);
  return ranges === null ? 0 : (ranges[0]?.from ?? null);
}

/** For answers of 200 alone: other statuses have no representation that a condition could be about. */
export function isUnchanged(
  request: EdgeRequest,
  { answer, headers, nowWall }: Pick<ContentSource, "headers" | "nowWall"> & { answer: { status: number } },
): boolean {
  if (answer.status !== 200 && answer.status !== 206) return false;
  const conditions = {
    ifNoneMatch: request.header("if-none-match"),
    ifModifiedSince: request.header("if-modified-since"),
  };
  return notModified(headers, conditions, nowWall);
}

/** A HEAD tells the length that a GET would have, where that would tell one: a 204 has none (RFC 9110 §8.6). */
function headContent({ answer, headers, body }: ContentSource): Content {
  discard(body);
  const { status, length } = answer;
  const kept = withoutHeaders(headers, DIGESTS_OF_CONTENT);
  return {
    status,
    headers: status === 204 ? kept : withHeader(kept, "content-length", String(length)),
    body: NO_BODY,
  };
}

function whole({ answer, headers, body }: ContentSource): Content {
  // Whoever holds a part has seen that it serves the request.
  if (answer.part.kind === "range") throw new Error("a part was to be sent as the whole");
  return { status: answer.status, headers, body };
}

const completeLength = ({ part, length }: StoredAnswer): number =>
  part.kind === "whole" ? length : part.complete;

/** Null where the whole is to be sent: no range asked for, or none that may be answered as one. */
function rangesFor(
  request: EdgeRequest,
  source: Pick<ContentSource, "answer" | "headers" | "nowWall" | "body">,
): readonly ByteRange[] | null {
  const { answer, headers, nowWall, body } = source;
  if (answer.status !== 200 && answer.status !== 206) return null;
  const specs = parseRange(request.header("range"));
  if (specs === null || !rangeApplies(headers, request.header("if-range"), nowWall)) return null;
  const ranges = resolveRanges(specs, completeLength(answer));
  if (ranges.length > 1 && (body.kind !== "bytes" || !areModest(ranges))) return null;
  return ranges;
}

function unsatisfiable({ answer, headers, body }: ContentSource): Content {
  discard(body);
  const kept = withoutHeaders(headers, OF_WHOLE);
  return {
    status: 416,
    headers: [...kept, ["content-range", `bytes */${completeLength(answer)}`]],
    body: NO_BODY,
  };
}

/** What the whole is sent with, and a part of it is not. */
const OF_ITS_OCTETS = new Set([...DIGESTS_OF_CONTENT, "content-length", "content-range"]);
const OF_WHOLE = new Set([...OF_ITS_OCTETS, "content-type", "content-encoding"]);

function single(source: ContentSource, range: ByteRange): Content | Promise<Content> {
  const { answer, headers, body } = source;
  const kept = withoutHeaders(headers, OF_ITS_OCTETS);
  const stated: HeaderList = [...kept, ["content-range", formatContentRange(range, completeLength(answer))]];
  if (body.kind === "bytes")
    return { status: 206, headers: stated, body: { kind: "bytes", bytes: cut(source, body.bytes, range) } };
  if (body.kind === "source" && body.source.part !== undefined)
    return { status: 206, headers: stated, body: { kind: "source", source: body.source.part(range) } };
  return source.read(range).then((part) => {
    // What can't be had in part is sent whole, as a server may always do (RFC 9110 §14.2).
    if (part === null) return whole(source);
    discard(body);
    return { status: 206, headers: stated, body: part };
  });
}

function cut(
  { answer: { part } }: ContentSource,
  bytes: Uint8Array<ArrayBuffer>,
  range: ByteRange,
): Uint8Array<ArrayBuffer> {
  const start = part.kind === "whole" ? 0 : part.from;
  return bytes.subarray(range.from - start, range.to - start + 1);
}

/** RFC 9110 §14.6. */
function several(source: ContentSource, ranges: readonly ByteRange[]): Content {
  const { answer, headers, body, boundary } = source;
  if (body.kind !== "bytes") return whole(source);
  const mark = boundary();
  const type = headerValue(headers, "content-type");
  const pieces = ranges.flatMap((range) => [
    ascii(
      `\r\n--${mark}\r\n${type === null ? "" : `Content-Type: ${type}\r\n`}` +
        `Content-Range: ${formatContentRange(range, completeLength(answer))}\r\n\r\n`,
    ),
    cut(source, body.bytes, range),
  ]);
  pieces.push(ascii(`\r\n--${mark}--\r\n`));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const kept = withoutHeaders(headers, OF_ITS_OCTETS).filter(([name]) => name !== "content-type");
  return {
    status: 206,
    headers: [...kept, ["content-type", `multipart/byteranges; boundary=${mark}`]],
    body: { kind: "bytes", bytes: concatenate(pieces, total) },
  };
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export function discard(body: Body): void {
  if (body.kind === "source") body.source.cancel("not wanted");
}

/** Octets asked for by a request, where they are one range; used to see whether a part will do. */
export function soleRange(request: EdgeRequest, complete: number): ByteRange | null {
  const specs = parseRange(request.header("range"));
  const [only, ...others] = specs === null ? [] : resolveRanges(specs, complete);
  return only === undefined || others.length > 0 || specs?.length !== 1 ? null : only;
}
