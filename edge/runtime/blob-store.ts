// The Cache API as a store of blobs: bare synthetic URLs, always a 200, our record in a private header.

import { type ByteRange, lengthOf } from "../../shared/core/byte-range.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { Blob, BlobOutcome, BlobStore, BodyForm, Restatement } from "../../shared/ports/blob-store.ts";
import type { Body, ByteSource } from "../../shared/ports/body.ts";
import { within } from "../../shared/runtime/deadline.ts";
import { LIMITS } from "../config.ts";
import { bodyOf, streamOf } from "./streams.ts";

/** All that we say of a blob, in one field: each costs on its way in, and again on its way out. */
const BLOB = "x-tidegate-blob";

interface Head {
  /** By this host's clock. */
  readonly storedAt: number;
  /** Octets of the whole body. */
  readonly length: number;
  /** Of a body in a place of its own. */
  readonly id: string | null;
  /** The record as a header value. */
  readonly text: string;
}

/** Header values are octets: text beyond printable ones travels percent-encoded. Most records have none. */
const headerText = (record: string): string => record.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);

const recordIn = ({ text }: Head): string => (text.includes("%") ? decodeURIComponent(text) : text);

const writeHead = ({ storedAt, length, id, text }: Head): string =>
  `${storedAt} ${length} ${id ?? "-"} ${text}`;

/** Null where it is none of ours. */
function headOf(found: Response): Head | null {
  const text = found.headers.get(BLOB) ?? "";
  const second = text.indexOf(" ") + 1;
  const third = text.indexOf(" ", second) + 1;
  const record = text.indexOf(" ", third) + 1;
  if (second === 0 || third === 0 || record === 0) return null;
  const [storedAt, length] = [Number(text.slice(0, second - 1)), Number(text.slice(second, third - 1))];
  if (!Number.isSafeInteger(storedAt) || !Number.isSafeInteger(length)) return null;
  const id = text.slice(third, record - 1);
  return { storedAt, length, id: id === "-" ? null : id, text: text.slice(record) };
}

/** Matched and stored under a URL that no request of a client can have. */
const urlOf = (key: string): string => `https://blob.tidegate.invalid/${key}`;

export function cacheApiStore(cache: () => Cache): BlobStore {
  return {
    match: (key, as = "whole") => soon(() => find(cache(), { key, range: null, as })),
    matchRange: (key, range) => soon(() => find(cache(), { key, range, as: "whole" })),
    async put(key, blob, keepFor) {
      if (headerText(blob.record).length > LIMITS.blobRecord) {
        if (blob.body.kind === "source") blob.body.source.cancel("not stored");
        return { kind: "unavailable" };
      }
      const put = (): Promise<{ kind: "stored" | "unavailable" }> => putBlob(cache(), { key, blob, keepFor });
      if (blob.body.kind !== "source")
        return soon(put, blob.body.kind === "none" ? undefined : LIMITS.cacheApiPutDeadline);
      try {
        return await put();
      } catch (error) {
        blob.body.source.cancel("not stored");
        if (error instanceof Error) return { kind: "unavailable" };
        throw error;
      }
    },
    async restate(key, by) {
      if (headerText(by.record).length > LIMITS.blobRecord) return { kind: "unavailable" };
      return soon(() => restateBlob(cache(), key, by));
    },
    async delete(key) {
      // Deleting only frees space: no answer is kept from being served by it.
      await soon(() => cache().delete(urlOf(key)));
    },
  };
}

/** A request may wait for it. A body that is still on its way comes as fast as it is brought: that has no deadline here. */
async function soon<T>(
  call: () => Promise<T>,
  deadline = LIMITS.cacheApiDeadline,
): Promise<T | (BlobOutcome & { kind: "unavailable" })> {
  try {
    return await within(deadline, call());
  } catch (error) {
    return { kind: "unavailable", reason: error instanceof Error ? error.name : "unknown" };
  }
}

async function find(
  cache: Cache,
  { key, range, as }: { key: string; range: ByteRange | null; as: BodyForm },
): Promise<BlobOutcome> {
  const found = await cache.match(urlOf(key));
  if (found === undefined) return ABSENT;
  const head = headOf(found);
  if (head === null) return absent(found);
  if (head.id === null) return readBlob(found, { head, content: found, range: null, as });
  const content = await cache.match(requestFor(bodyUrlOf(key, head.id), range));
  await found.body?.cancel();
  return content?.status === (range === null ? 200 : 206)
    ? readBlob(found, { head, content, range, as })
    : absent(content);
}

/** Stands where the body would. */
const APART = "in a place of its own";

const ABSENT: BlobOutcome = { kind: "absent" };

async function absent(of: Response | undefined): Promise<BlobOutcome> {
  await of?.body?.cancel();
  return ABSENT;
}

/** A clean request: with If-* the Cache API would answer 304 of its own. */
const requestFor = (url: string, range: ByteRange | null): Request =>
  new Request(url, range === null ? {} : { headers: { range: `bytes=${range.from}-${range.to}` } });

/**
 * The Cache API keeps what arrived of a stream that broke off, and says nothing. So a body that is streamed in stands
 * under a URL of its own, and is found only by a record that names it, put after its last octet was seen: until then,
 * and where it breaks off, what was stored before stays.
 */
async function putBlob(
  cache: Cache,
  put: { key: string; blob: Blob; keepFor: Millis },
): Promise<{ kind: "stored" | "unavailable" }> {
  const { key, blob, keepFor } = put;
  // Dated before the body is streamed in: its record says how old the answer was then.
  const head = { storedAt: Date.now(), length: blob.length, text: headerText(blob.record) };
  if (blob.body.kind === "source") {
    const old = await within(LIMITS.cacheApiDeadline, bodyBefore(cache, key));
    const id = crypto.randomUUID();
    const source = blob.body.source;
    // Its record may be restated, and then lives longer than it was first meant to.
    const outlives = millis(keepFor + LIMITS.bodyOutlives);
    const whole = await putBody(cache, { url: bodyUrlOf(key, id), source, keepFor: outlives });
    if (!whole) return { kind: "unavailable" };
    const record = new Response(APART, { headers: headersFor({ ...head, id }, keepFor) });
    await within(LIMITS.cacheApiDeadline, cache.put(urlOf(key), record));
    if (old !== null) await within(LIMITS.cacheApiDeadline, cache.delete(bodyUrlOf(key, old)));
  } else {
    const content = blob.body.kind === "bytes" ? blob.body.bytes : null;
    const headers = headersFor({ ...head, id: null }, keepFor);
    headers.set("content-length", String(blob.length));
    await cache.put(urlOf(key), new Response(content, { headers }));
  }
  return { kind: "stored" };
}

/**
 * The place of the body that is about to be replaced; null where there is none. What was large most often stays so: for
 * a small body to ask would cost each miss as much as its own look-up, and one that is left behind expires by itself.
 */
async function bodyBefore(cache: Cache, key: string): Promise<string | null> {
  const before = await cache.match(urlOf(key));
  await before?.body?.cancel();
  return before === undefined ? null : (headOf(before)?.id ?? null);
}

async function putBody(
  cache: Cache,
  { url, source, keepFor }: { url: string; source: ByteSource; keepFor: Millis },
): Promise<boolean> {
  const watched = watchEnd(source);
  const headers = { "cache-control": cacheControl(keepFor), "content-length": String(source.length) };
  // A put is awaited where it is made, and pulls its stream by itself.
  const putting = cache.put(
    url,
    new Response(
      streamOf(watched.source, () => undefined),
      { headers },
    ),
  );
  // It takes as long as its body does, and no more than a deadline beyond.
  await Promise.race([putting, watched.over.then(() => within(LIMITS.cacheApiDeadline, putting))]);
  if (!watched.ended()) await cache.delete(url);
  return watched.ended();
}

const bodyUrlOf = (key: string, id: string): string => `${urlOf(key)}/${id}`;

/** The same source, when no more of it is read, and whether it was read to its proper end. */
function watchEnd(source: ByteSource): {
  source: ByteSource;
  over: Promise<void>;
  ended: () => boolean;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  let ended = false;
  const watched: ByteSource = {
    length: source.length,
    async read() {
      const piece = await source.read();
      if (piece !== null) {
        seen += piece.length;
        return piece;
      }
      ended = seen === source.length;
      resolve();
      return null;
    },
    cancel(reason) {
      source.cancel(reason);
      resolve();
    },
  };
  return { source: watched, over: promise, ended: () => ended };
}

const cacheControl = (keepFor: Millis): string => `max-age=${Math.max(1, Math.ceil(keepFor / 1000))}`;

const headersFor = (head: Head, keepFor: Millis): Headers =>
  new Headers({ [BLOB]: writeHead(head), "cache-control": cacheControl(keepFor) });

/** Only a body in a place of its own, or none at all, can be given another record without being read. */
async function restateBlob(
  cache: Cache,
  key: string,
  { isMeant, record, keepFor }: Restatement,
): Promise<{ kind: "stored" | "absent" }> {
  const found = await cache.match(urlOf(key));
  await found?.body?.cancel();
  const head = found === undefined ? null : headOf(found);
  if (head === null || !isMeant(recordIn(head))) return { kind: "absent" };
  const { length, id } = head;
  if (id === null ? length !== 0 : !(await isThere(cache, bodyUrlOf(key, id)))) return { kind: "absent" };
  const headers = headersFor({ storedAt: Date.now(), length, id, text: headerText(record) }, keepFor);
  await cache.put(urlOf(key), new Response(id === null ? null : APART, { headers }));
  return { kind: "stored" };
}

async function isThere(cache: Cache, url: string): Promise<boolean> {
  const found = await cache.match(requestFor(url, { from: 0, to: 0 }));
  await found?.body?.cancel();
  return found?.status === 206;
}

/** `content`: the body, or that range of it, which may stand apart from what was found. */
function readBlob(
  found: Response,
  given: { head: Head; content: Response; range: ByteRange | null; as: BodyForm },
): BlobOutcome | Promise<BlobOutcome> {
  const { head, content, range, as } = given;
  const { length, storedAt } = head;
  const since = Date.now() - storedAt;
  const age = Math.max(Number(found.headers.get("age") ?? 0) * 1000, since);
  // A clock that went backwards since makes the age unknowable, and the blob unusable.
  if (!(age >= 0) || since < 0) return absent(content);
  const octets = range === null ? length : lengthOf(range);
  const hit = (body: Body | null): BlobOutcome =>
    body === null
      ? ABSENT
      : { kind: "hit", blob: { record: recordIn(head), body, length }, residence: millis(age) };
  return isPassedOn(content, octets, as)
    ? hit(bodyOf(content.body, { length: octets, idle: LIMITS.originIdle }))
    : wholeBody(content, octets).then(hit);
}

/**
 * Small bodies come whole, so that memory can take them; large ones stay a stream, and so does what nobody here will
 * read, if it announces the length that it should have: it goes through the runtime untouched.
 */
const isPassedOn = ({ headers }: Response, length: number, as: BodyForm): boolean =>
  length > LIMITS.sharedBody ||
  (as === "stream" && length > 0 && headers.get("content-length") === String(length));

/** Null where it is of another length. */
async function wholeBody(response: Response, length: number): Promise<Body | null> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return bytes.length === length ? { kind: "bytes", bytes } : null;
}
