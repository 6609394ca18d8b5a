// The mid-tier as edges and the control plane use it: answers and leases on shards, the log on `control`.

import type { LogEntry, LogPayload } from "../core/log-entry.ts";
import type { Position } from "../core/position.ts";
import type { L2Budget } from "../core/rules.ts";
import type { StoredAnswer } from "../core/stored-answer.ts";
import type { Millis, Selector } from "../core/units.ts";
import type { VaryMark } from "../core/vary.ts";
import type { Asked, AuditFacts } from "./asked.ts";

/** Whether anything was done is unknown, unless it is said to be `undone`. */
export type Unavailable = { readonly kind: "unavailable"; readonly reason: string; readonly undone?: true };

/** An answer from L2: `residence` is its age in Redis by Redis TIME since its lease was granted. */
export interface L2Answer {
  readonly answer: StoredAnswer;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly verifiedTo: Position;
  readonly residence: Millis;
  /** Where it was found. */
  readonly shard: string;
}

export interface ReadQuery {
  /** SHA-256 of the cache key, hexadecimal. */
  readonly key: string;
  /** The same of the resource's own key: differs for a variant, and all variants live where their resource does. */
  readonly home: string;
  /** How many shards are to hold the answer. */
  readonly replicas: number;
  /** Whether what is found is to be copied to those of them that lack it. */
  readonly spread: boolean;
  /** Of the class of those copies. */
  readonly budget: L2Budget;
  /** The newest hard invalidation of the key's known selectors: a lease from before it is taken over, once. */
  readonly need: Position;
  /** Stored with the lease, to be compared with what later askers need. */
  readonly asOf: Position;
  /** The right asked for where there is no usable answer; null = only read. */
  readonly lease: {
    readonly token: string;
    readonly duration: Millis;
    /** How long another's is let stand, from its grant, that is older than `need` and has itself been taken over. */
    readonly patience: Millis;
  } | null;
  /** An answer already read and found unusable: not wanted again, but a successor is. */
  readonly not: string | null;
  /** Whether somebody only looks: that is in no shard's figures. */
  readonly looking?: true;
}

export type ReadOutcome =
  | { readonly kind: "hit"; readonly found: L2Answer }
  /** Answers of this resource vary: look below the variant's key. */
  | { readonly kind: "varies"; readonly mark: VaryMark }
  | { readonly kind: "absent" }
  /** The right to ask the origin is ours. */
  | { readonly kind: "leased"; readonly granted: Granted }
  /** Somebody else has it, for this much longer at most. */
  | { readonly kind: "taken"; readonly remaining: Millis }
  /** Known not to be storable a moment ago: go straight to the origin. */
  | { readonly kind: "uncacheable" }
  /** Each data centre keeps it for itself, or it is validated each time: nobody waits for another's lease, and it is shared where it comes. */
  | { readonly kind: "large" | "validated" }
  /** Its origin has just failed: nobody waits for somebody else's next try, nor tries where he can do without. */
  | { readonly kind: "failing" }
  /** `at`: the shards that may have granted a lease all the same. */
  | (Unavailable & { readonly at: readonly string[] });

/** Where a lease was granted, and what its holder has to know to fill by it. */
export interface Granted {
  readonly shard: string;
  /** Shards that are to hold a copy, and an instant of each one's clock from before the origin is asked. */
  readonly copies: readonly { readonly shard: string; readonly now: number }[];
  /** Shards that were asked before, and may have granted one too. */
  readonly silent: readonly string[];
}

export interface FillQuery {
  readonly key: string;
  readonly token: string;
  readonly granted: Granted;
  readonly answer: StoredAnswer;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Digest of the resource's own key: differs from `key` for a variant, and then learns how its answers vary. */
  readonly primary: string;
  readonly mark: VaryMark;
  /** Digest of the key whose lease is held. */
  readonly leaseKey: string;
  readonly budget: L2Budget;
  readonly keepFor: Millis;
}

export type FillOutcome =
  /** `displaced`: variants of the resource that had to give way to this one. */
  | { readonly kind: "stored"; readonly displaced: number }
  /** The lease was lost, or an answer with a newer as-of or a dirty value is there. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nobody has a better one, but it is too large for its class, or nothing of that gives way. */
  | { readonly kind: "no-room"; readonly reason: "size" | "room" }
  | Unavailable;

export interface ReleaseQuery {
  readonly key: string;
  readonly token: string;
  /** What to remember, and for how long, so that nobody waits; null = forget. */
  readonly marker: LeaseMarker | null;
  /** The shards that have granted the lease, or may have. */
  readonly at: readonly string[];
}

export interface RenewQuery {
  readonly key: string;
  readonly token: string;
  /** From now on. */
  readonly duration: Millis;
  /** The shard that has granted the lease. */
  readonly at: string;
}

export interface LeaseMarker {
  readonly kind: "uncacheable" | "large" | "validated" | "failing";
  readonly for: Millis;
}

export interface LogHead {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
}

/** Where the log is to go on from. Both entries have to be part of it, or a new epoch begins. */
export interface Joint extends LogHead {
  /** The last entry of the same epoch that is held beyond a gap. */
  readonly beyond?: LogHead | null;
}

/** Redis TIME at which it looked, milliseconds: all that was acknowledged before then is in what it answers. */
export type RedisTime = number;

export type SinceOutcome =
  | {
      readonly kind: "entries";
      readonly entries: readonly LogEntry[];
      readonly head: LogHead;
      readonly at: RedisTime;
    }
  /** What the asker holds is not part of this log, or the log no longer reaches back to it. */
  | { readonly kind: "unknown"; readonly reason: "epoch" | "trimmed" }
  | Unavailable;

export type SnapshotOutcome =
  | {
      readonly kind: "snapshot";
      readonly head: LogHead;
      readonly configuration: ReadonlyMap<string, string>;
      readonly at: RedisTime;
      /** A write found no room to be told in, and there is none yet: this proves no view young. */
      readonly full?: true;
    }
  | Unavailable;

export type CheckOutcome =
  /** Nothing above the position hits: the answer is verified up to `position`. */
  | { readonly kind: "ok"; readonly position: Position }
  | { readonly kind: "soft"; readonly position: Position; readonly age: Millis }
  | { readonly kind: "hit" }
  /** The index no longer reaches back that far, or the epoch is another. */
  | { readonly kind: "unknown" }
  | Unavailable;

export interface AppendQuery {
  /** The same operation appends once, however often it is sent within a day. */
  readonly operationId: string;
  /** Sent again after some minutes, a second entry does no harm: the operation is not remembered for longer. */
  readonly harmless?: true;
  /** Digest of the request: the same id with another digest is a conflict. */
  readonly requestDigest: string;
  readonly actor: string;
  readonly action: string;
  readonly payload: LogPayload;
  /** Text kept with the receipt; holds nothing secret. */
  readonly detail: string;
  /** What its audit record says beside what the payload does; left out: the detail. `site` is the record's own. */
  readonly facts?: AuditFacts;
  /** Whoever asked for it; left out where the system itself did. */
  readonly asked?: Asked;
  /** How many replicas must have it before it counts as acknowledged. */
  readonly replicas: number;
  /** As many of the entries before it come back with it, for a push to carry; none where left out. */
  readonly preceding?: number;
  /** What it was worked out from, where it was from the configuration. */
  readonly expected?: Expected;
}

/** The configuration as it stood at a position; where it is `sites`, policies may have changed since. */
export interface Expected {
  readonly position: Position;
  readonly of: "configuration" | "sites";
}

export type AppendOutcome =
  | {
      readonly kind: "appended";
      readonly position: Position;
      /** Redis TIME at which it was appended, milliseconds. */
      readonly at: number;
      /** False where as many replicas as were asked for have it, and `confirm` is owed before it is acknowledged. */
      readonly told: boolean;
      /** The entry as a push carries it; null where an earlier attempt had appended it and the log holds it no more. */
      readonly entry: LogEntry | null;
      /** Those before it that were asked for, oldest first, as far as the log holds them and they are small. */
      readonly preceding: readonly LogEntry[];
    }
  | { readonly kind: "conflict" }
  /** What was expected has changed since, whether anybody is told of it yet or not: nothing is appended. */
  | { readonly kind: "outdated" }
  /** Appended, but fewer replicas than asked for have it: retry with the same operation id. */
  | { readonly kind: "unreplicated" }
  | Unavailable;

export type ConfirmOutcome =
  | { readonly kind: "confirmed" }
  /** Too few replicas have it, or know that it may be told. */
  | { readonly kind: "unreplicated" }
  | Unavailable;

export type UntoldOutcome =
  | { readonly kind: "nothing" }
  /** Replicas have all of it: to be confirmed up to here. */
  | { readonly kind: "untold"; readonly head: LogHead }
  | { readonly kind: "unreplicated" }
  | Unavailable;

/** What an edge uses. Never rejects. */
export interface MidTier {
  read(query: ReadQuery): Promise<ReadOutcome>;
  fill(query: FillQuery): Promise<FillOutcome>;
  /** "unavailable": some shard did not say that it is done. */
  release(query: ReleaseQuery): Promise<"released" | "unavailable">;
  /** Keeps a lease that is still held; "lost": somebody else's, or nobody's. */
  renew(query: RenewQuery): Promise<"renewed" | "lost" | "unavailable">;
  /** Records what a check found, for this very answer only. */
  verified(query: { shard: string; key: string; id: string; position: Position }): Promise<void>;
}

/** The log on the `control` database. It tells nobody of what is not durable. Never rejects. */
export interface Log {
  append(query: AppendQuery): Promise<AppendOutcome>;
  /** Lets it tell of all up to an entry that so many replicas have, and waits for them to know that too. */
  confirm(head: LogHead, replicas: number): Promise<ConfirmOutcome>;
  /** What somebody has appended, and not confirmed. */
  untold(replicas: number): Promise<UntoldOutcome>;
  /** A write found no room to be told in: until there is some, the log proves nobody's view young. */
  withhold(): Promise<void>;
  /** Whether it could be told something now. */
  takesWrites(): Promise<{ readonly kind: "takes-writes" } | Unavailable>;
  since(joint: Joint, limit: number): Promise<SinceOutcome>;
  snapshot(highestKnownEpoch: number): Promise<SnapshotOutcome>;
  check(selectors: readonly Selector[], position: Position): Promise<CheckOutcome>;
}
