// What happened, as seen from outside the edges: what the origin said, what was invalidated, what was answered.

import { type InvalidationMode, type LogPayload, modeOf } from "../../shared/core/log-entry.ts";
import { formatPosition, type Position } from "../../shared/core/position.ts";
import { ConfigurationHistory } from "./configuration-history.ts";

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
  readonly method: string;
  /** The client's request for which the origin was asked; null where it was nobody's. */
  readonly exchange: number | null;
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
  /** The client's request for which it was made; null where it was nobody's. */
  readonly exchange: number | null;
  readonly method: string;
  readonly path: string;
  readonly variant: string | null;
  readonly life: number;
  /** In the form in which everybody's answers are asked for, and not passed: it costs a token. */
  readonly costs: boolean;
  /** With somebody's credentials, or of a part: nobody elsewhere shares it. */
  readonly alone: boolean;
  /** What the asking edge's view held. */
  readonly view: ViewAt | null;
  readonly askedAt: number;
  /** When the last of its answer was read, or it failed; null while under way. */
  endedAt: number | null;
  /** Refused, timed out, broke off, or was a 5xx. */
  failedAt: number | null;
  /** Nobody took the connection. */
  refusedAt: number | null;
}

/** Tokens that Redis gave, and from when on they may be used. */
export interface Grant {
  /** The isolate that asked, as `edge/life`. */
  readonly to: string;
  readonly from: number;
}

/** One entry of the log, or what was promised to become one. */
export interface Invalidation {
  readonly operationId: string;
  /** The client's request that made it; null where it was an operator. */
  readonly exchange: number | null;
  readonly mode: InvalidationMode;
  readonly selectors: readonly string[];
  /** Null while Redis has not appended it. */
  position: Position | null;
  /** The instant at which Redis appended it; infinite = never. */
  appendedAt: number;
  /** The instant at which whoever asked for it was told that it stands; null = never. */
  acknowledgedAt: number | null;
  /** The instant at which Redis lost it, acknowledged or not; null = never. */
  lostAt: number | null;
}

/** Redis went back to an earlier state of itself. */
export interface Loss {
  /** The last instant of which it knows. */
  readonly since: number;
  readonly at: number;
  /** The head that it went back to. */
  readonly survived: Position;
  /** The highest epoch that anybody may know of. */
  readonly highest: number;
  /** Lives of edges that knew of something beyond, as `edge/life`. */
  readonly ahead: string[];
}

/** From when on an acknowledged invalidation counts: what was asked for before is out of date. */
export const countsFrom = ({ appendedAt, acknowledgedAt }: Invalidation): number =>
  Math.min(appendedAt, acknowledgedAt ?? Number.POSITIVE_INFINITY);

export interface Appended {
  readonly operationId: string;
  readonly position: Position;
  readonly at: number;
  readonly payload: LogPayload;
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
  /** Cells asked for; null = all. */
  readonly range: readonly [number, number] | null;
  /** With credentials of its own. */
  readonly authorized: boolean;
  /** The position that it named. */
  readonly least: Position | null;
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

/** What a receipt said to whoever looked at it. */
export interface ReceiptLook {
  readonly at: number;
  readonly operationId: string;
  readonly position: Position;
  readonly state: "converging" | "converged";
  readonly rows: readonly ReceiptRow[];
}

export interface ReceiptRow {
  readonly edge: string;
  readonly state: "applied" | "fenced" | "pending";
  /** When it had said so at the latest; null where it has not. */
  readonly saidAt: number | null;
}

/** A tag that a policy gave its resources from one position of the log on, and up to another, if it was taken away. */
export interface PolicyTag {
  readonly policyId: string;
  readonly tag: string;
  readonly position: Position;
  takenAt: Position | null;
}

/** Whether the order of a query makes no difference to a policy, as one entry of the log has it. */
export interface Ordering {
  readonly policyId: string;
  readonly position: Position;
  readonly orderless: boolean;
}

interface KeyOfPolicy {
  readonly query?: { readonly sort?: boolean };
}

export class History {
  readonly generations = new Map<number, Generation>();
  readonly confirmations: Confirmation[] = [];
  readonly grants: Grant[] = [];
  /** When Redis lost what buckets had given. */
  readonly bucketLosses: number[] = [];
  readonly originCalls: OriginCall[] = [];
  readonly invalidations: Invalidation[] = [];
  readonly exchanges: Exchange[] = [];
  /** What was found wrong while the world ran. */
  readonly violations: Violation[] = [];
  readonly trace: string[] = [];
  /** Tags that policies gave their resources while the world ran. */
  policyTags: PolicyTag[] = [];
  /** By which entries policies came to take the order of queries for a difference, or for none. */
  orderings: Ordering[] = [];
  readonly losses: Loss[] = [];
  readonly receipts: ReceiptLook[] = [];
  readonly configuration = new ConfigurationHistory();
  /** Writes that an edge passed on and the origin took. */
  readonly writes: { readonly call: OriginCall; readonly at: number }[] = [];
  /** When each life of an edge began, as `edge/life`. */
  readonly lives = new Map<string, number>();
  /** When edges' wall clocks were set forward. */
  readonly leaps: { readonly edge: string; readonly at: number }[] = [];
  /** When isolates were ended, or got no more requests. */
  readonly ends: { readonly edge: string; readonly at: number }[] = [];
  /** When the traffic began. */
  beganAt = 0;
  /** From when on everything is whole again, and everybody is asked for everything. */
  healedAt: number = Number.POSITIVE_INFINITY;
  private readonly byOperation = new Map<string, Invalidation>();

  /** Somebody wants this appended. */
  asked(operationId: string, payload: LogPayload, exchange: number | null): void {
    if (payload.kind !== "invalidate" || this.byOperation.has(operationId)) return;
    this.note(operationId, payload, exchange);
  }

  appended({ operationId, position, at, payload }: Appended): void {
    if (payload.kind !== "invalidate") {
      this.trace.push(`${at} log ${formatPosition(position)} configures ${payload.field}`);
      this.configured(payload, position);
      if (payload.selectors.length === 0) return;
    }
    const { selectors } = payload;
    this.trace.push(`${at} log ${formatPosition(position)} ${modeOf(payload)} ${selectors.join(" + ")}`);
    const known = this.byOperation.get(operationId);
    // Redis forgot that it had done it before: that is one more entry.
    const one =
      known === undefined || known.position !== null
        ? this.note(operationId, payload, known?.exchange ?? null)
        : known;
    one.position = position;
    one.appendedAt = at;
    if (one !== known) one.acknowledgedAt = known?.acknowledgedAt ?? null;
  }

  acknowledged(operationId: string, at: number): void {
    const one = this.byOperation.get(operationId);
    if (one !== undefined) one.acknowledgedAt ??= at;
  }

  private configured({ field, value }: LogPayload & { kind: "config" }, position: Position): void {
    this.configuration.entry(position, field, value !== null);
    const [kind, , policyId = ""] = field.split("/");
    if (kind !== "policy") return;
    const { tags = [], key } = JSON.parse(value ?? "{}") as { tags?: string[]; key?: KeyOfPolicy };
    this.orderings.push({ policyId, position, orderless: key?.query?.sort === true });
    const given = this.policyTags.filter((one) => one.policyId === policyId && one.takenAt === null);
    for (const one of given) if (!tags.includes(one.tag)) one.takenAt = position;
    for (const tag of tags)
      if (!given.some((one) => one.tag === tag))
        this.policyTags.push({ policyId, tag, position, takenAt: null });
  }

  lost(loss: Loss): void {
    this.losses.push(loss);
    for (const one of this.invalidations) if (one.appendedAt > loss.since) one.lostAt ??= loss.at;
    const stands = ({ epoch, seq }: Position): boolean =>
      epoch < loss.survived.epoch || (epoch === loss.survived.epoch && seq <= loss.survived.seq);
    this.policyTags = this.policyTags.filter(({ position }) => stands(position));
    this.orderings = this.orderings.filter(({ position }) => stands(position));
    for (const one of this.policyTags) if (one.takenAt !== null && !stands(one.takenAt)) one.takenAt = null;
    this.trace.push(`${loss.at} redis went back to ${formatPosition(loss.survived)}`);
  }

  private note(operationId: string, payload: LogPayload, exchange: number | null): Invalidation {
    const one: Invalidation = {
      operationId,
      exchange,
      mode: modeOf(payload),
      selectors: payload.selectors,
      position: null,
      appendedAt: Number.POSITIVE_INFINITY,
      acknowledgedAt: null,
      lostAt: null,
    };
    this.invalidations.push(one);
    this.byOperation.set(operationId, one);
    return one;
  }
}
