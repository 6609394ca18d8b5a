// The Cache API as a store of blobs: bare synthetic URLs, always a 200, our record in a private header.

import { type ByteRange, lengthOf } from "../../shared/core/byte-range.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { Blob, BlobOutcome, BlobStore } from "../../shared/ports/blob-store.ts";
import type { Body, ByteSource } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";
import { bodyOf, streamOf } from "./streams.ts";

const RECORD = "x-tidegate-record";
const STORED_AT = "x-tidegate-stored-at";
const LENGTH = "x-tidegate-length";
const BLOB_ID = "x-tidegate-blob";

/** Matched and stored under a URL that no request of a client can have. */
const urlOf = (key: string): string => `https://blob.tidegate.invalid/${key}`;

export function cacheApiStore(cache: () => Cache): BlobStore {
  return {
    // A clean request: with If-* the Cache API would answer 304 of its own.
    match: (key) => find(cache(), { key, range: null }),
    matchRange: (key, range) => find(cache(), { key, range }),
    async put(key, blob, keepFor) {
      if (encodeURIComponent(blob.record).length > LIMITS.blobRecord) {
        if (blob.body.kind === "source") blob.body.source.cancel("not stored");
        return { kind: "unavailable" };
      }
      try {
        return await putBlob(cache(), { key, blob, keepFor });
      } catch (error) {
        if (blob.body.kind === "source") blob.body.source.cancel("not stored");
        if (error instanceof Error) return { kind: "unavailable" };
        throw error;
      }
    },
    async delete(key) {
      try {
        await cache().delete(urlOf(key));
      } catch (error) {
        // Deleting only frees space: no answer is kept from being served by it.
        if (!(error instanceof Error)) throw error;
      }
    },
  };
}

async function find(
  cache: Cache,
  { key, range }: { key: string; range: ByteRange | null },
): Promise<BlobOutcome> {
  try {
    const response = await cache.match(requestFor(key, range));
    if (response === undefined) return { kind: "absent" };
    const asked = response.status === (range === null ? 200 : 206);
    const whole = !isLarge(response) || (await cache.match(wholeUrlOf(key, response))) !== undefined;
    if (asked && whole) return await readBlob(response, range);
    await response.body?.cancel();
    return { kind: "absent" };
  } catch (error) {
    return { kind: "unavailable", reason: error instanceof Error ? error.name : "unknown" };
  }
}

const requestFor = (key: string, range: ByteRange | null): Request =>
  new Request(urlOf(key), range === null ? {} : { headers: { range: `bytes=${range.from}-${range.to}` } });

/**
 * The Cache API keeps what arrived of a stream that broke off, and says nothing. So a body that was streamed in counts
 * only with a mark beside it, set after its last octet was seen and naming this very blob.
 */
async function putBlob(
  cache: Cache,
  put: { key: string; blob: Blob; keepFor: Millis },
): Promise<{ kind: "stored" | "unavailable" }> {
  const { key, blob, keepFor } = put;
  if (blob.body.kind !== "source") {
    await cache.put(urlOf(key), nativeBlob(blob, keepFor));
    return { kind: "stored" };
  }
  const watched = watchEnd(blob.body.source);
  const stored = nativeBlob({ ...blob, body: { kind: "source", source: watched.source } }, keepFor);
  const whole = wholeUrlOf(key, stored);
  await cache.put(urlOf(key), stored);
  if (!watched.ended()) {
    await cache.delete(urlOf(key));
    return { kind: "unavailable" };
  }
  await cache.put(whole, new Response("whole", { headers: { "cache-control": cacheControl(keepFor) } }));
  return { kind: "stored" };
}

const wholeUrlOf = (key: string, blob: Response): string => `${urlOf(key)}/${blob.headers.get(BLOB_ID)}`;

const isLarge = (response: Response): boolean => Number(response.headers.get(LENGTH)) > LIMITS.sharedBody;

/** The same source, and whether it was read to its proper end. */
function watchEnd(source: ByteSource): { source: ByteSource; ended: () => boolean } {
  let seen = 0;
  let ended = false;
  const watched: ByteSource = {
    length: source.length,
    async read() {
      const piece = await source.read();
      if (piece === null) ended = seen === source.length;
      else seen += piece.length;
      return piece;
    },
    cancel: (reason) => source.cancel(reason),
  };
  return { source: watched, ended: () => ended };
}

const cacheControl = (keepFor: Millis): string => `max-age=${Math.max(1, Math.ceil(keepFor / 1000))}`;

function nativeBlob(blob: Blob, keepFor: Millis): Response {
  const headers = new Headers({
    // Header values are octets: text beyond them travels percent-encoded.
    [RECORD]: encodeURIComponent(blob.record),
    [STORED_AT]: String(Date.now()),
    [LENGTH]: String(blob.length),
    [BLOB_ID]: crypto.randomUUID(),
    "cache-control": cacheControl(keepFor),
    "content-length": String(blob.length),
  });
  return new Response(nativeBody(blob.body), { headers });
}

/** A put is awaited where it is made, and pulls its stream by itself. */
const nativeBody = (body: Body): BodyInit | null =>
  body.kind === "bytes" ? body.bytes : body.kind === "none" ? null : streamOf(body.source, () => undefined);

async function readBlob(response: Response, range: ByteRange | null): Promise<BlobOutcome> {
  const age = Math.max(Number(response.headers.get("age") ?? 0) * 1000, Date.now() - storedAt(response));
  const length = Number(response.headers.get(LENGTH) ?? Number.NaN);
  // A clock that went backwards since makes the age unknowable, and the blob unusable.
  if (!(age >= 0) || Date.now() < storedAt(response) || !Number.isSafeInteger(length)) {
    await response.body?.cancel();
    return { kind: "absent" };
  }
  const body = await bodyOfBlob(response, range === null ? length : lengthOf(range));
  if (body === null) return { kind: "absent" };
  const record = decodeURIComponent(response.headers.get(RECORD) ?? "");
  return { kind: "hit", blob: { record, body, length }, residence: millis(age) };
}

/** Small bodies come whole, so that memory can take them; large ones stay a stream. */
async function bodyOfBlob(response: Response, length: number): Promise<Body | null> {
  if (length > LIMITS.sharedBody) return bodyOf(response.body, { length, idle: null });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return bytes.length === length ? { kind: "bytes", bytes } : null;
}

const storedAt = (response: Response): number => Number(response.headers.get(STORED_AT) ?? Number.NaN);
