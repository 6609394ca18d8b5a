// A large file at an origin that honours ranges and preconditions, in releases: octets, validator and fields of each.

import { parseRange, resolveRanges } from "../../shared/core/byte-range.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";

export interface Release {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly fields?: HeaderList;
}

/** Octets that tell where they stand, and which release they are of. */
export function release(size: number, { etag, fields = [] }: Omit<Release, "bytes">): Release {
  const bytes = new Uint8Array(size);
  const mark = etag.charCodeAt(1);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 8) * mark + mark) & 255;
  return { bytes, etag, fields };
}

export function answerOf({ bytes, etag, fields = [] }: Release, { headers }: OriginRequest): OriginOutcome {
  const asked = (name: string): string | null => headerValue(headers, name);
  const common: HeaderList = [["cache-control", "max-age=86400"], ["accept-ranges", "bytes"], ...fields];
  const about: HeaderList = [...common, ["etag", etag]];
  if ((asked("if-match") ?? etag) !== etag) return said(412, common, null);
  if (asked("if-none-match") === etag) return said(304, about, null);
  const [range] = resolveRanges(parseRange(asked("range")) ?? [], bytes.length);
  if (range === undefined) return said(asked("range") === null ? 200 : 416, about, bytes);
  const stated = ["content-range", `bytes ${range.from}-${range.to}/${bytes.length}`] as const;
  return said(206, [...about, stated], bytes.slice(range.from, range.to + 1));
}

const said = (status: number, headers: HeaderList, bytes: Uint8Array<ArrayBuffer> | null): OriginOutcome => ({
  kind: "answer",
  status,
  headers,
  body: bytes === null ? { kind: "none" } : streamed(bytes),
});

/** As a runtime gives it: a stream of announced length. */
export function streamed(bytes: Uint8Array<ArrayBuffer>, breaksOffAt = Number.POSITIVE_INFINITY): Body {
  let at = 0;
  const source = {
    length: bytes.length,
    async read() {
      if (at >= breaksOffAt) throw new Error("the connection broke off");
      const piece = at < bytes.length ? bytes.slice(at, at + 10_000) : null;
      at += 10_000;
      return piece;
    },
    cancel() {
      at = bytes.length;
    },
  };
  return { kind: "source", source };
}
