// What happened, as seen from outside the edges: what the origin said, what was invalidated, what was answered.

import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import type { Position } from "../../shared/core/position.ts";

/** One answer with content that the origin gave, and when it was asked for it. */
export interface Generation {
  readonly id: number;
  readonly path: string;
  /** Null where it does not say that it varies. */
  readonly variant: string | null;
  readonly version: number;
  readonly etag: string | null;
  readonly tags: readonly string[];
  readonly status: number;
  readonly body: string;
  /** The instant at which the edge sent its request. */
  readonly askedAt: number;
  /** Milliseconds, as its headers declare them. */
  readonly fresh: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** The origin said that what has this validator is still so. */
export interface Confirmation {
  readonly path: string;
  readonly variant: string | null;
  readonly etag: string;
  readonly askedAt: number;
}

/** One request to the origin, for counting and for excusing failures. */
export interface OriginCall {
  readonly edge: string;
  readonly method: string;
  readonly path: string;
  readonly variant: string | null;
  /** With somebody's credentials: nobody shares it. */
  readonly alone: boolean;
  /** What the asking edge's view held. */
  readonly view: ViewAt | null;
  readonly askedAt: number;
  /** When the last of its answer was read, or it failed; null while under way. */
  endedAt: number | null;
  /** Refused, timed out, broke off, or was a 5xx. */
  failedAt: number | null;
}

export interface Invalidation {
  readonly operationId: string;
  readonly mode: InvalidationMode;
  readonly selectors: readonly string[];
  position: Position | null;
  /** The instant at which Redis appended it. */
  appendedAt: number;
  /** The instant at which whoever asked for it learnt that it was appended; null = never. */
  acknowledgedAt: number | null;
}

/** What an edge's view held at an instant. */
export interface ViewAt {
  readonly epoch: number;
  readonly cursor: number;
  readonly beyondGap: readonly number[];
}

export interface Exchange {
  readonly number: number;
  readonly edge: string;
  readonly life: number;
  readonly method: string;
  readonly path: string;
  readonly variant: string;
  readonly arrivedAt: number;
  readonly viewAtArrival: ViewAt | null;
  outcome: ExchangeOutcome;
}

export type ExchangeOutcome =
  | { readonly kind: "under-way" }
  /** The edge crashed with it. */
  | { readonly kind: "lost"; readonly at: number }
  /** The client went away before it had read everything. */
  | { readonly kind: "left"; readonly at: number }
  /** The body broke off, and the client can tell. */
  | { readonly kind: "broken"; readonly at: number }
  | {
      readonly kind: "answered";
      /** When the edge decided on the answer. */
      readonly at: number;
      readonly status: number;
      readonly age: number | null;
      readonly etag: string | null;
      readonly cacheStatus: string;
      /** Null for an answer without a body. */
      readonly body: string | null;
    };

export interface Violation {
  readonly invariant: string;
  readonly at: number;
  readonly text: string;
}

export class History {
  readonly generations = new Map<number, Generation>();
  readonly confirmations: Confirmation[] = [];
  readonly originCalls: OriginCall[] = [];
  readonly invalidations = new Map<string, Invalidation>();
  readonly exchanges: Exchange[] = [];
  /** What was found wrong while the world ran. */
  readonly violations: Violation[] = [];
  readonly trace: string[] = [];
  /** Tags that policies gave their resources while the world ran. */
  readonly policyTags: { readonly policyId: string; readonly tag: string; readonly position: Position }[] =
    [];
  /** From when on everything is whole again, and everybody is asked for everything. */
  healedAt: number = Number.POSITIVE_INFINITY;
}
