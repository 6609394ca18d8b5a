// The journal as edges and the control plane use it: writes that are acknowledged before the origin has them.

import type { HeaderList } from "../core/headers.ts";
import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "./mid-tier.ts";

/** Where a key's value and operations are: one database, whatever the shard map says of it. */
export interface JournalPlace {
  readonly shard: string;
  readonly partition: number;
}

/** A precondition on the value that is held: any at all, or one of these entity tags. */
export type Tags = "any" | readonly string[];

export interface JournalWrite {
  /** Digest of the cache key, hexadecimal. */
  readonly key: string;
  readonly id: string;
  readonly kind: "put" | "delete";
  readonly site: string;
  readonly method: string;
  /** What the origin is sent. */
  readonly href: string;
  readonly originHeaders: HeaderList;
  /** A new one for every write. */
  readonly etag: string;
  readonly valueHeaders: HeaderList;
  readonly body: Uint8Array<ArrayBuffer>;
  /** How long the value is kept when nobody uses it, once the origin has it. */
  readonly ttl: Millis;
  /** Whether it may take the place of one that has not been sent yet. */
  readonly merges: boolean;
  readonly ifMatch: Tags | null;
  readonly ifNoneMatch: Tags | null;
  /** Of a request that may be sent again: a digest of its key and sender, and one of all of it. */
  readonly repeatable: { readonly key: string; readonly digest: string } | null;
  readonly replicas: number;
}

export type JournalAccepted =
  | { readonly kind: "accepted"; readonly id: string; readonly etag: string }
  /** The precondition does not hold; the entity tag that does, where there is a value. */
  | { readonly kind: "failed"; readonly etag: string | null }
  /** Nothing is held that the precondition could be compared with: nothing waits, or somebody has to decide about the first that does. */
  | { readonly kind: "unknown" }
  /** Too much waits already, but nothing of this key. */
  | { readonly kind: "through" }
  | { readonly kind: "full" }
  /** Another request had the same Idempotency-Key. */
  | { readonly kind: "conflict" }
  /** Whether it is in the journal is unknown. */
  | Unavailable;

export interface JournalValue {
  readonly etag: string;
  /** False where it was deleted. */
  readonly exists: boolean;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Up to where nothing has hit it; null while the origin does not have it: then it is above all invalidations. */
  readonly verifiedTo: Position | null;
  /** Since it was written. */
  readonly age: Millis;
  readonly ttl: Millis;
  /** The operation that wrote it. */
  readonly operation: string;
}

export type JournalRead =
  | { readonly kind: "value"; readonly value: JournalValue }
  | { readonly kind: "absent" }
  /**
   * What waits of the key came back with an older copy: the origin may have that, or what came after it, and the log does
   * not know. What is stored elsewhere may be older.
   */
  | { readonly kind: "held" }
  | Unavailable;

/** An operation in the hands of one flusher, until its claim ends. */
export interface Claimed {
  readonly id: string;
  readonly key: string;
  readonly partition: number;
  /** What it may hold up: what is of its site, and like it has failed before or has not. */
  readonly lane: string;
  /** Grows with every claim, by the clock (microseconds): an origin that minds it can refuse what comes too late. */
  readonly fence: string;
  readonly kind: "put" | "delete";
  readonly site: string;
  readonly method: string;
  readonly href: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The write that it brings: another one's where writes were merged. */
  readonly request: string;
  readonly tries: number;
  /** Since it was first handed out. */
  readonly triedFor: Millis;
  /** The origin has it, but the log was not told. */
  readonly done: boolean;
  /** The fence of the claim by which the origin has it; where it has it not yet, that of this one. */
  readonly takenBy: string;
  /** Where the log was told of the key's delivery before this one; null where that is not known. */
  readonly toldBefore: Position | null;
  /** Up to where the log was known before the first try that the origin may have taken; null where that is not known. */
  readonly firstAskedAsOf: Position | null;
  /** The origin may have it, or what it has taken the place of, by tries that the journal has lost. */
  readonly maybeTaken: boolean;
}

export type Delivery =
  /** `at`: where the log was told. `alone`: nothing else has hit the key since before the origin was sent it. */
  | { readonly kind: "delivered"; readonly at: Position; readonly alone: boolean }
  /** `retry`: the origin may have it. `held`: it was not asked. */
  | { readonly kind: "done" | "retry" | "held"; readonly after: Millis; readonly why: string }
  /** By the origin, for good: its value is withdrawn, and it waits for somebody to decide. */
  | { readonly kind: "refused"; readonly why: string }
  /** Given up, while the origin may still be going to take it: its value stays. */
  | { readonly kind: "dead"; readonly why: string };

export interface Result {
  readonly claimed: Pick<Claimed, "id" | "key" | "fence" | "request">;
  readonly delivery: Delivery;
}

/** Who claims, and what it knows of the journal's past: one that has forgotten that came back as an older copy. */
export interface JournalTeller {
  /** Of one life of an isolate. */
  readonly name: string;
  /** When the journal last took in from it what the origin has (Redis TIME, milliseconds); null = never. */
  readonly toldAt: number | null;
}

export type ClaimOutcome =
  | {
      readonly kind: "claimed";
      readonly operations: readonly Claimed[];
      /** Operations that could not be read: nothing can be sent for them. */
      readonly damaged: readonly Result[];
      /** Those of the partitions that have keys which are due and were not handed out. */
      readonly due: readonly number[];
      /** When it took in what the origin has by these results; null where there was none among them. */
      readonly toldAt: number | null;
    }
  | Unavailable;

export interface Claiming {
  readonly results: readonly Result[];
  readonly partitions: readonly number[];
  readonly most: number;
  /** Lanes, and whole sites, of which nothing is handed out; what could hide the rest is put off for a moment. */
  readonly except: readonly string[];
  /** Up to where whoever claims knows the log; null while cold. */
  readonly asOf: Position | null;
  readonly teller: JournalTeller;
  /** That should have what the results say the origin has before this is answered; fewer are no failure. */
  readonly replicas: number;
}

/** Never rejects. */
export interface Journal {
  /** Null where there is no database for it. */
  placeOf(key: string): JournalPlace | null;
  accept(write: JournalWrite): Promise<JournalAccepted>;
  /** A use of the value begins its life anew; a look does not. */
  read(key: string, use: "use" | "look"): Promise<JournalRead>;
  /** Whether the origin has all of a key's operations; then its value may go with the answer. */
  yields(key: string, and: "keep" | "forget"): Promise<"yes" | "waits" | "unavailable">;
  /** Says what became of what was claimed before, and claims more; none where `most` is 0. */
  claim(shard: string, asked: Claiming): Promise<ClaimOutcome>;
}
