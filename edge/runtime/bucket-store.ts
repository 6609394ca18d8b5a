// An R2 bucket as a store of blobs: one for all data centres, so that what one of them fetched no other has to.

import { type Breaker, closedBreaker, failed, mayTry, succeeded } from "../../shared/core/breaker.ts";
import type { ByteRange } from "../../shared/core/byte-range.ts";
import {
  comparePositions,
  formatPosition,
  type Position,
  parsePosition,
} from "../../shared/core/position.ts";
import { type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { Blob, BlobOutcome, BlobStore } from "../../shared/ports/blob-store.ts";
import { LIMITS } from "../config.ts";
import { readWhole, sourceOf } from "../share-body.ts";

export type Bucket = Pick<R2Bucket, "get" | "head" | "put" | "delete">;

type Unavailable = { readonly kind: "unavailable"; readonly reason: string };

const ABSENT: BlobOutcome = { kind: "absent" };

/** `now` on a line that never runs backwards, `wall` to compare with other hosts. */
export interface BucketClock {
  now(): Instant;
  wall(): number;
}

/** How long calls may take: in a reader's way, and behind him. */
export interface BucketPatience {
  readonly read: Millis;
  readonly put: Millis;
}

const PATIENCE: BucketPatience = { read: LIMITS.bucketReadDeadline, put: LIMITS.bucketPutDeadline };

export function bucketStore(bucket: Bucket, clock: BucketClock, patience = PATIENCE): BlobStore {
  const breaker = closedBreaker();
  const call: Call = (deadline, work) => guarded({ breaker, clock }, deadline, work);
  const find = (key: string, range: ByteRange | null): Promise<BlobOutcome> =>
    call(patience.read, () => read(bucket, clock, { key, range })).then(outcomeOf);
  return {
    match: (key) => find(key, null),
    matchRange: find,
    async put(key, blob, keepFor) {
      const done = await call(patience.put, () => put(bucket, clock, { key, blob, keepFor }));
      return { kind: done === true ? "stored" : "unavailable" };
    },
    /** Its record travels with its octets: there is none to be had without the other. */
    restate: async () => ({ kind: "absent" }),
    async delete(key) {
      await call(patience.read, () => bucket.delete(nameOf(key)));
    },
  };
}

type Call = <T>(deadline: Millis, work: () => Promise<T>) => Promise<T | Unavailable>;

const outcomeOf = (found: BlobOutcome | Unavailable): BlobOutcome => found;

const nameOf = (key: string): string => `tidegate/${key}`;

/** Never rejects, and never hangs: what is away costs one deadline now and then, not one a chunk. */
async function guarded<T>(
  { breaker, clock }: { breaker: Breaker; clock: BucketClock },
  deadline: Millis,
  work: () => Promise<T>,
): Promise<T | Unavailable> {
  if (!mayTry(breaker, clock.now(), LIMITS.breaker)) return { kind: "unavailable", reason: "breaker" };
  const late = Promise.withResolvers<Unavailable>();
  const timer = setTimeout(() => late.resolve({ kind: "unavailable", reason: "timeout" }), deadline);
  const result = await Promise.race([work().catch(unavailable), late.promise]);
  clearTimeout(timer);
  if (isUnavailable(result)) failed(breaker, clock.now(), LIMITS.breaker);
  else succeeded(breaker);
  return result;
}

const unavailable = (error: unknown): Unavailable => ({
  kind: "unavailable",
  reason: error instanceof Error ? error.name : "unknown",
});

const isUnavailable = (value: unknown): value is Unavailable =>
  (value as { kind?: unknown } | null)?.kind === "unavailable";

/** Text that travels as fields of the object. */
interface Described {
  readonly record: string;
  readonly length: number;
  readonly storedAt: number;
  readonly keepFor: number;
  readonly asOf: Position | null;
}

function describedBy(metadata: Readonly<Record<string, string>> | undefined): Described | null {
  const { record, length, at, keep, as } = metadata ?? {};
  const numbers = [Number(length), Number(at), Number(keep)] as const;
  if (record === undefined || !numbers.every(Number.isSafeInteger)) return null;
  const [octets, storedAt, keepFor] = numbers;
  return {
    record: decodeURIComponent(record),
    ...{ length: octets, storedAt, keepFor, asOf: parsePosition(as ?? "") },
  };
}

async function read(
  bucket: Bucket,
  clock: BucketClock,
  { key, range }: { key: string; range: ByteRange | null },
): Promise<BlobOutcome> {
  const options = range === null ? {} : { range: { offset: range.from, length: range.to - range.from + 1 } };
  const object = await bucket.get(nameOf(key), options);
  const described = describedBy(object?.customMetadata);
  if (object === null || described === null) {
    await object?.body.cancel();
    return ABSENT;
  }
  const { record, length, keepFor } = described;
  const residence = residenceOf(described, object.uploaded, clock);
  const bytes =
    residence === null || residence >= keepFor ? null : new Uint8Array(await object.arrayBuffer());
  if (residence === null || bytes === null) {
    await object.body.cancel();
    return ABSENT;
  }
  if (bytes.length !== (range === null ? length : range.to - range.from + 1)) return ABSENT;
  return { kind: "hit", blob: { record, body: { kind: "bytes", bytes }, length }, residence };
}

/** By the clocks of two hosts, so by the older and some: null where they are further apart than that. */
function residenceOf({ storedAt }: Described, uploaded: Date, clock: BucketClock): Millis | null {
  const now = clock.wall();
  const since = Math.max(now - storedAt, now - uploaded.getTime()) + LIMITS.clocksDiffer;
  return since < 0 || now - storedAt < -LIMITS.clocksDiffer ? null : millis(since);
}

/** False where another one is there that was asked for later, or where its record is too long to go along. */
async function put(
  bucket: Bucket,
  clock: BucketClock,
  { key, blob, keepFor }: { key: string; blob: Blob; keepFor: Millis },
): Promise<boolean> {
  const record = encodeURIComponent(blob.record);
  const bytes = await readWhole(sourceOf(blob.body), LIMITS.chunk);
  if (record.length > LIMITS.bucketRecord || bytes === null) return false;
  const customMetadata = {
    ...{ record, length: String(blob.length), at: String(clock.wall()), keep: String(keepFor) },
    ...(blob.asOf === undefined ? {} : { as: formatPosition(blob.asOf) }),
  };
  for (let attempt = 0; attempt < LIMITS.bucketTries; attempt++) {
    const there = await bucket.head(nameOf(key));
    const asOf = describedBy(there?.customMetadata)?.asOf ?? null;
    if (asOf !== null && blob.asOf !== undefined && comparePositions(asOf, blob.asOf) > 0) return false;
    // Between looking and putting somebody else may have put a newer one.
    const onlyIf = there === null ? { etagDoesNotMatch: "*" } : { etagMatches: there.etag };
    if ((await bucket.put(nameOf(key), bytes, { customMetadata, onlyIf })) !== null) return true;
  }
  return false;
}
