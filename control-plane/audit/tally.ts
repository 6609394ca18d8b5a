// What one edge's samples have shown, as counters by class and tier and the last violation among them.

import { type AuditedRead, type AuditVerdict, judgeRead } from "../../shared/core/audit.ts";
import { type Position, parsePosition } from "../../shared/core/position.ts";
import type { RecentLog } from "../../shared/core/recent-log.ts";
import type { SelectorKind } from "../../shared/core/selector.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import type { AuditSample, AuditTier } from "../../shared/wire/audit.ts";
import { bucketOf } from "../../shared/wire/latency.ts";
import { LIMITS } from "../config.ts";

/** A moment on an edge by Redis TIME, milliseconds: not before the one and not after the other. */
export interface Moment {
  readonly earliest: number;
  readonly latest: number;
}

/** Holds nothing that names a resource. */
export interface Violation {
  readonly at: number;
  readonly edge: string;
  readonly class: string;
  readonly tier: AuditTier;
  readonly rule: (AuditVerdict & { kind: "violation" })["rule"];
  /** The kind of selector that named it. */
  readonly selector: SelectorKind | null;
}

export interface Tally {
  readonly counts: ReadonlyMap<string, number>;
  readonly last: Violation | null;
}

export interface Reported {
  readonly edge: string;
  readonly samples: readonly AuditSample[];
  /** When they were reported: their ages count from there. */
  readonly at: Moment;
}

export type Index = "ok" | "hit" | "unknown";

export interface Known {
  readonly recent: RecentLog;
  /** What the log's full index says of a sample's answer. */
  readonly index: (sample: AuditSample) => Index;
}

export function tally({ edge, samples, at }: Reported, known: Known): Tally {
  const counts = new Map<string, number>();
  let last: Violation | null = null;
  for (const sample of samples) {
    const { class: name, tier, agoMs, why } = sample;
    const arrival = { earliest: at.earliest - agoMs, latest: at.latest - agoMs };
    const verdict = verdictOf(sample, arrival, known);
    const count = (what: string): void => {
      const field = `audit|${name}|${tier}|${what}`;
      counts.set(field, (counts.get(field) ?? 0) + 1);
    };
    if (verdict.kind === "unknown") {
      count("unknown");
      if (why === "random") count("unknownSampled");
      continue;
    }
    count(why === "random" ? "sampled" : "watched");
    if (verdict.kind === "fine") continue;
    count("stale");
    if (why === "random") count("staleSampled");
    count(`lateBy|${bucketOf(verdict.staleness)}`);
    if (verdict.kind !== "violation") continue;
    count("violations");
    const { rule, selector } = verdict;
    last = { at: Math.round(arrival.latest), edge, class: name, tier, rule, selector };
  }
  return { counts, last };
}

function verdictOf(sample: AuditSample, arrival: Moment, known: Known): AuditVerdict {
  const read = readOf(sample);
  if (read === null) return { kind: "unknown" };
  return judgeRead(read, arrival, {
    recent: known.recent,
    index: known.index(sample),
    slack: LIMITS.fenceSlack,
  });
}

/** Null where a position is none that a log could have. */
export function readOf(sample: AuditSample): AuditedRead | null {
  const { asOf, verifiedTo, view } = sample;
  const [from, checked] = [parsePosition(asOf), parsePosition(verifiedTo)];
  const by: Position | null = view === null ? null : parsePosition(view);
  if (from === null || checked === null || (view !== null && by === null)) return null;
  return {
    asOf: from,
    verifiedTo: checked,
    view: by,
    knownAge: millis(sample.knownAgeMs ?? Number.POSITIVE_INFINITY),
    selectors: sample.selectors as readonly Selector[],
    inForce: sample.inForce as readonly Selector[],
    askedBefore: sample.askedBeforeMs,
    bound: millis(sample.boundMs),
  };
}
