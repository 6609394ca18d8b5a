// Branded numbers: the quantities that would be costly to confuse, each minted here and nowhere else.

declare const unit: unique symbol;
type Unit<Name extends string> = { readonly [unit]: Name };

/** A span of time in milliseconds. */
export type Millis = number & Unit<"Millis">;

/**
 * A point on this isolate's own elapsed-time line, in milliseconds. It never runs backwards and is
 * meaningless on another host: only ages (`Millis`) cross hosts.
 */
export type Instant = number & Unit<"Instant">;

/** A count of octets. */
export type Bytes = number & Unit<"Bytes">;

/** The canonical identity of a resource (see `cache-key.ts`). */
export type CacheKey = string & Unit<"CacheKey">;

/** The canonical text of what an invalidation names (see `selector.ts`). */
export type Selector = string & Unit<"Selector">;

export const millis = (value: number): Millis => value as Millis;
export const seconds = (value: number): Millis => (value * 1000) as Millis;
export const minutes = (value: number): Millis => (value * 60_000) as Millis;
export const hours = (value: number): Millis => (value * 3_600_000) as Millis;
export const days = (value: number): Millis => (value * 86_400_000) as Millis;
export const instant = (value: number): Instant => value as Instant;
export const bytes = (value: number): Bytes => value as Bytes;
export const kibibytes = (value: number): Bytes => (value * 1024) as Bytes;
export const mebibytes = (value: number): Bytes => (value * 1_048_576) as Bytes;

/** Time from `earlier` to `later`; never negative, because an `Instant` never runs backwards. */
export const elapsed = (earlier: Instant, later: Instant): Millis => Math.max(0, later - earlier) as Millis;
export const later = (from: Instant, by: Millis): Instant => (from + by) as Instant;
export const earlier = (from: Instant, by: Millis): Instant => (from - by) as Instant;
