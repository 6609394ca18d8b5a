// The parts of a state: of each edge what it knows, holds and fetches; of the rest the log, the purges' fates, the shard.

import type { LeaseOrder } from "../../shared/core/lease-order.ts";
import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { Chain, Mode } from "./entries.ts";

/** In ticks, capped: beyond the cap all ages are alike. No part holds an instant. */
export type Age = number;

/** An edge has the first three, and shares the others. */
export interface Parts {
  readonly knowing: Knowing;
  readonly tiers: Tiers;
  readonly flights: Flights;
  readonly log: Log;
  readonly fates: readonly Fate[];
  readonly shard: Shard;
}

/** `Knowledge` of `shared/view/knowledge.ts`, and what is under way to it. */
export interface Knowing {
  readonly view: View | null;
  /** The epoch that a new snapshot may not undercut. */
  readonly highestEpoch: number;
  readonly unproven: Chain | null;
  readonly pulls: readonly Pull[];
  readonly question: Question | null;
  /** Where a view stood that has been forgotten: what the judge compares the next one with. */
  readonly stood: Position | null;
}

/** A `LogView` without its generation, which only tells one view from the next. */
export interface View {
  readonly epoch: number;
  readonly cursor: number;
  readonly hash: Chain;
  readonly floor: number;
  /** Selector, last hard and last soft invalidation, in the order in which they may be forgotten. */
  readonly index: readonly (readonly [Selector, number, number])[];
  readonly ahead: readonly HeldEntry[];
  readonly recent: readonly HeldEntry[];
  readonly knownFor: Age;
}

/** An entry, and for how long it has been here. */
export type HeldEntry = readonly [Chain, Age];

/** A pull: a page asked for, or a snapshot. `replaced` once the view that it is about has gone. */
export type Pull =
  | {
      readonly kind: "since";
      readonly sentFor: Age;
      readonly joint: Chain;
      /** What of the log is held beyond a gap. */
      readonly beyond: Chain | null;
      readonly replaced: boolean;
      readonly reply: SinceReply | null;
    }
  | {
      readonly kind: "snapshot";
      readonly sentFor: Age;
      readonly highest: number;
      readonly reply: Chain | null;
    };

export type SinceReply =
  | { readonly kind: "entries"; readonly entries: readonly Chain[]; readonly head: Chain }
  | { readonly kind: "unknown" };

/** A question to the peer, and what it told. */
export interface Question {
  readonly sentFor: Age;
  readonly standing: Chain | null;
  readonly replaced: boolean;
  readonly told: Told | null;
}

/** `Told` of `shared/wire/gossip.ts`. */
export type Told =
  | {
      readonly kind: "telling";
      readonly from: Chain;
      readonly entries: readonly Chain[];
      readonly cursor: Chain;
      readonly age: Age;
      /** It has the configuration with it. */
      readonly begins: boolean;
    }
  | { readonly kind: "behind" | "fork" | "cold" };

/**
 * An answer of the origin. `asked` and `generated` count the purges that had been appended when it was asked for, and
 * when its content was made: a 304 renews the one and not the other. The judge reads them, and nobody else.
 */
export interface Answer {
  readonly asOf: Position;
  readonly asked: number;
  readonly generated: number;
}

export interface Held {
  readonly answer: Answer;
  readonly verifiedTo: Position;
  /** Since its origin request was sent, if this isolate sent it. */
  readonly sentFor: Age | null;
}

/** Answers in the data centre: in the isolate's memory, and in the Cache API, which survives it. */
export interface Tiers {
  readonly memory: InMemory | null;
  readonly blob: Answer | null;
  /** What checks found of the blob: kept by the isolate, and beside the blob. */
  readonly noted: Position | null;
  readonly check: Check | null;
}

export interface InMemory extends Held {
  /** Its last verdict was under the view's present generation. */
  readonly vouched: boolean;
}

/** A question to the log's full index about an answer found near. */
export interface Check extends Request {
  readonly tier: "memory" | "blob";
  readonly held: Held;
  readonly askedFrom: Position;
  readonly reply: CheckReply | null;
}

/** A request under way; `included`: the purges that the view included at its arrival, one bit each. */
export interface Request {
  readonly arrivedFor: Age;
  readonly included: number;
}

/** One that waits for a fetch, and the position of the view that let it go for one, were it young enough. */
export interface Waiting extends Request {
  readonly admittedBy: Position | null;
}

export type CheckReply =
  | { readonly kind: "ok" | "soft"; readonly position: Position }
  | { readonly kind: "hit" };

export interface Flights {
  readonly flights: readonly Flight[];
  /** A coalesced request that has in hand what its flight brought. */
  readonly follower: (Waiting & { readonly held: Held }) | null;
}

/** One coalesced fetch, by its leader's request. */
export interface Flight extends Waiting {
  readonly asOf: Position;
  /** Found under its key; a newer one takes its place. */
  readonly listed: boolean;
  /** Its token is the lease's owner. */
  readonly holds: boolean;
  readonly follower: Waiting | null;
  readonly stage: Stage;
}

export type Stage =
  | { readonly kind: "asking"; readonly search: Search }
  | { readonly kind: "told"; readonly search: Search; readonly reply: ReadReply }
  | {
      readonly kind: "fetching";
      readonly asOf: Position;
      /** Without the lease L2 is not filled. */
      readonly leased: boolean;
      readonly sentFor: Age;
      readonly validator: Answer | null;
      readonly asked: number;
    }
  | { readonly kind: "filling"; readonly held: Held }
  | { readonly kind: "filled"; readonly held: Held; readonly stored: boolean };

/** What L2 is asked with; `candidate` and `not` are what was found unusable before. */
export interface Search {
  readonly asOf: Position;
  readonly need: Position;
  readonly candidate: Held | null;
  readonly not: Answer | null;
}

export type ReadReply =
  | { readonly kind: "hit"; readonly found: InL2 }
  | { readonly kind: "leased" }
  | { readonly kind: "taken" };

export interface Log {
  /** Null once Redis has lost it. */
  readonly chain: Chain | null;
  readonly lastEpoch: number;
  /** Since the epoch began. */
  readonly begunFor: Age;
  /** How much of the chain Redis has told anybody. */
  readonly told: number;
  /** How much of it Redis tells. */
  readonly durable: number;
  /** What every replica has that may take over: so much of the chain, and that so much of it may be told. */
  readonly kept: number;
  readonly keptDurable: number;
  /** Every purge that was ever appended, in that order. */
  readonly purges: readonly Chain[];
  /** Accepted by the control plane, and not yet appended. */
  readonly accepted: { readonly mode: Mode; readonly selector: Selector } | null;
  readonly crashes: number;
  readonly outages: number;
}

export const EMPTY_LOG: Log = {
  chain: null,
  lastEpoch: 0,
  begunFor: 0,
  told: 0,
  durable: 0,
  kept: 0,
  keptDurable: 0,
  purges: [],
  accepted: null,
  crashes: 0,
  outages: 0,
};

/** What became of one purge. */
export interface Fate {
  readonly acknowledgedFor: Age | null;
  /** Redis lost it: until another epoch begins nobody is held to it. */
  readonly lost: boolean;
}

export interface InL2 {
  readonly answer: Answer;
  readonly verifiedTo: Position;
}

export interface Shard {
  readonly l2: InL2 | null;
  readonly lease: Lease | null;
  /** The lease that was granted last, until its holder has filled or given it back or its time is over: the judge reads it. */
  readonly granted: Lease | null;
}

export interface Lease extends LeaseOrder {
  readonly heldFor: Age;
}

export const sameAnswer = (a: Answer | null, b: Answer | null): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
