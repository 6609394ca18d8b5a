// The judge of served answers: each rule with a table, and all of them against a model that looks at every entry.

import { array, constantFrom, integer, nat, option, property, record, subarray } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Arrival, type AuditedRead, type AuditVerdict, judgeRead } from "../../shared/core/audit.ts";
import type { Position } from "../../shared/core/position.ts";
import { learnPage, type PageEntry, type RecentLog } from "../../shared/core/recent-log.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { assertSeeded } from "./seeded.ts";

const EPOCH = 1_000_000;
const BOUND = 5000;
const SLACK = 250;
const [A, B, C] = ["s t a", "s u host/b", "s e"] as [Selector, Selector, Selector];
const at = (seq: number, epoch = EPOCH): Position => ({ epoch, seq });
const AMPLE = { entries: 1000, selectors: 1000, characters: 100_000 };

/** Entry n + 1 was appended so many milliseconds after the epoch began, and names this. */
type Line = readonly [after: number, selectors: readonly Selector[], mode?: "hard" | "soft"];

function logOf(lines: readonly Line[], from = 0): RecentLog {
  const entries = lines.map(
    ([after, selectors, mode = "hard"], index): PageEntry => ({
      seq: from + index + 1,
      at: EPOCH + after,
      payload: { kind: "invalidate", mode, selectors },
    }),
  );
  const last = { seq: from + lines.length, hash: "h" };
  return learnPage(null, { epoch: EPOCH, anew: true, after: from, entries, last }, AMPLE);
}

const readWith = (changes: Partial<AuditedRead>): AuditedRead => ({
  asOf: at(0),
  verifiedTo: at(0),
  view: at(0),
  knownAge: millis(0),
  selectors: [A, C],
  inForce: [],
  askedBefore: 60_000,
  bound: millis(BOUND),
  ...changes,
});

const arrived = (after: number, doubt = 0): Arrival => ({
  earliest: EPOCH + after,
  latest: EPOCH + after + doubt,
});

const judged = (
  lines: readonly Line[],
  read: Partial<AuditedRead>,
  more: { arrival?: Arrival; index?: "ok" | "hit" | "unknown"; from?: number } = {},
): AuditVerdict =>
  judgeRead(readWith(read), more.arrival ?? arrived(2000), {
    recent: logOf(lines, more.from),
    index: more.index ?? "unknown",
    slack: millis(SLACK),
  });

const ONE: readonly Line[] = [[1000, [A]]];

describe("what the view claims to know", () => {
  const lost = { kind: "violation", rule: "lost-invalidation", staleness: 1000, selector: "tag" };

  test.each<[string, Partial<AuditedRead>, unknown]>([
    ["names it and is claimed", { view: at(1) }, lost],
    ["names it, but the view has not come so far", { view: at(0) }, { kind: "stale", staleness: 1000 }],
    ["was known when it was asked for", { asOf: at(1), verifiedTo: at(1), view: at(1) }, { kind: "fine" }],
    ["is hidden by what the edge says of verified-to", { verifiedTo: at(1), view: at(1) }, lost],
    ["names something else", { view: at(1), selectors: [B] }, { kind: "fine" }],
    ["names what the policy adds", { view: at(1), selectors: [B], inForce: [A] }, lost],
    [
      "names what the policy adds, before it was found clear of it",
      { view: at(1), selectors: [B], inForce: [A], verifiedTo: at(1) },
      { kind: "fine" },
    ],
    ["was not judged by any view", { view: null, askedBefore: -1 }, { kind: "fine" }],
  ])("an invalidation %s", (_what, read, verdict) => {
    expect(judged(ONE, read)).toEqual(verdict);
  });

  test("is claimed however long ago or lately the origin was asked", () => {
    for (const askedBefore of [60_000, 1000, 0, -500])
      expect(judged(ONE, { view: at(1), askedBefore })).toMatchObject({ rule: "lost-invalidation" });
  });

  test("counts also where it came while the request waited", () => {
    const verdict = judged(ONE, { view: at(1) }, { arrival: arrived(900) });
    expect(verdict).toMatchObject({ rule: "lost-invalidation", staleness: 0 });
  });

  test("soft ones say nothing of whether it may be served", () => {
    expect(judged([[1000, [A], "soft"]], { view: at(1) })).toEqual({ kind: "fine" });
  });
});

describe("what it should have known by then", () => {
  test.each<[string, Arrival, unknown]>([
    ["before it", arrived(999), { kind: "fine" }],
    ["possibly just after it", arrived(999, 2), { kind: "stale", staleness: 1 }],
    ["within the bound", arrived(1000 + BOUND), { kind: "stale", staleness: BOUND }],
    [
      "within the bound and the slack",
      arrived(1000 + BOUND + SLACK),
      { kind: "stale", staleness: BOUND + SLACK },
    ],
    [
      "possibly within both",
      arrived(1000 + BOUND + SLACK, 500),
      { kind: "stale", staleness: BOUND + SLACK + 500 },
    ],
    [
      "past both",
      arrived(1001 + BOUND + SLACK),
      { kind: "violation", rule: "past-bound", staleness: 1 + BOUND + SLACK, selector: "tag" },
    ],
  ])("a request that arrived %s", (_when, arrival, verdict) => {
    expect(judged(ONE, {}, { arrival })).toEqual(verdict);
  });

  test("staleness counts from the first invalidation that it should have heeded", () => {
    const lines: Line[] = [
      [100, [B]],
      [1000, [A]],
      [1500, [C]],
    ];
    expect(judged(lines, {})).toEqual({ kind: "stale", staleness: 1000 });
    expect(judged(lines, { asOf: at(2), view: at(2) })).toEqual({ kind: "stale", staleness: 500 });
  });

  test("what was appended before the origin was asked is in its answer, whatever the as-of", () => {
    const arrival = arrived(20_000);
    expect(judged(ONE, { askedBefore: 18_999 }, { arrival })).toEqual({ kind: "fine" });
    expect(judged(ONE, { askedBefore: 19_001 }, { arrival })).toMatchObject({ rule: "past-bound" });
    expect(judged(ONE, { askedBefore: -5, view: null }, { arrival })).toEqual({ kind: "fine" });
  });
});

describe("what the view was too old for", () => {
  test.each([
    [BOUND + SLACK, 60_000, "fine"],
    [BOUND + SLACK + 1, 60_000, "violation"],
    [BOUND + SLACK + 1, BOUND, "fine"],
    [Number.POSITIVE_INFINITY, 60_000, "violation"],
  ])("known %i ms ago, asked for %i ms before: %s", (knownAge, askedBefore, kind) => {
    const verdict = judged([], { knownAge: millis(knownAge), askedBefore });
    expect(verdict.kind).toBe(kind);
    if (kind === "violation") expect(verdict).toMatchObject({ rule: "view-too-old" });
  });
});

describe("answers of an older epoch", () => {
  const old = { asOf: at(7, EPOCH - 9), verifiedTo: at(7, EPOCH - 9), view: at(7, EPOCH - 9) };

  test.each<[string, Partial<AuditedRead>, number, unknown]>([
    ["arrived before it began", old, -1, { kind: "unknown" }],
    ["within the bound of its beginning", old, BOUND, { kind: "stale", staleness: BOUND }],
    ["past it", old, BOUND + SLACK + 1, { kind: "violation", rule: "old-epoch" }],
    ["by a view of the new one", { ...old, view: at(0) }, 10, { kind: "violation", rule: "old-epoch" }],
    ["asked for after it began", { ...old, askedBefore: 9 }, 10, { kind: "unknown" }],
  ])("%s", (_when, read, after, verdict) => {
    expect(judged([], read, { arrival: arrived(after) })).toMatchObject(verdict as object);
  });
});

describe("what the recent log does not reach back to", () => {
  const from = 10;

  test.each<["ok" | "hit" | "unknown", Position | null, unknown]>([
    ["ok", at(10), { kind: "fine" }],
    ["unknown", at(10), { kind: "unknown" }],
    ["hit", at(10), { kind: "violation", rule: "lost-invalidation", staleness: 0, selector: null }],
    ["hit", at(9), { kind: "unknown" }],
    ["hit", null, { kind: "unknown" }],
  ])("the full index says %s, and the view stands at %o", (index, view, verdict) => {
    expect(judged([], { asOf: at(9), view }, { index, from })).toEqual(verdict);
  });

  test("a hit in the index may be one that the recent log shows to be harmless", () => {
    const lines: Line[] = [[3000, [A]]];
    expect(judged(lines, { asOf: at(9), view: at(10) }, { index: "hit", from })).toEqual({ kind: "unknown" });
    expect(judged(lines, { asOf: at(10), view: at(10) }, { index: "hit", from })).toEqual({ kind: "fine" });
  });

  test("what it does show counts all the same", () => {
    const lines: Line[] = [[1000, [A]]];
    expect(judged(lines, { asOf: at(9), view: at(10) }, { from })).toEqual({
      kind: "stale",
      staleness: 1000,
    });
    expect(judged(lines, { asOf: at(9), view: at(11) }, { from })).toMatchObject({
      rule: "lost-invalidation",
    });
  });

  test("nothing can be said of what lies ahead of it", () => {
    expect(judged(ONE, { view: at(2) })).toEqual({ kind: "unknown" });
    expect(judged(ONE, { asOf: at(2), view: at(1) })).toEqual({ kind: "unknown" });
    expect(judged(ONE, { asOf: at(0, EPOCH + 1), view: null })).toEqual({ kind: "unknown" });
  });
});

test("as a model that looks at every entry", () => {
  const selectors = subarray([A, B, C]);
  const lines = array(
    record({
      gap: nat({ max: 3000 }),
      selectors: subarray([A, B, C], { minLength: 1 }),
      mode: constantFrom("hard" as const, "hard" as const, "soft" as const),
    }),
    { maxLength: 12 },
  );
  const seq = nat({ max: 12 });
  const world = record({
    lines,
    asOf: seq,
    verified: nat({ max: 4 }),
    view: option(seq),
    selectors,
    inForce: selectors,
    askedBefore: integer({ min: -2000, max: 20_000 }),
    after: nat({ max: 30_000 }),
    doubt: nat({ max: 20 }),
    kept: nat({ max: 12 }),
  });
  const tally = { fine: 0, unknown: 0, stale: 0, violation: 0 };
  assertSeeded(
    property(world, (given) => {
      let after = 0;
      const all = given.lines.map(({ gap, selectors: named, mode }): Line => {
        after += gap;
        return [after, named, mode];
      });
      // One in so many lies ahead of the log.
      const seqOf = (wanted: number): number => wanted % (all.length + 2);
      const read = readWith({
        asOf: at(seqOf(given.asOf)),
        verifiedTo: at(seqOf(given.asOf) + given.verified),
        view: given.view === null ? null : at(seqOf(given.view)),
        selectors: given.selectors,
        inForce: given.inForce.filter((selector) => !given.selectors.includes(selector)),
        askedBefore: given.askedBefore,
      });
      const arrival = arrived(given.after, given.doubt);
      const recent = trimmed(all, given.kept);
      const verdict = judgeRead(read, arrival, { recent, index: "unknown", slack: millis(SLACK) });
      tally[verdict.kind] += 1;
      expect(simplified(verdict)).toEqual(model(all, read, { arrival, from: recent.from }));
    }),
    4000,
  );
  for (const count of Object.values(tally)) expect(count).toBeGreaterThan(100);
});

/** Only so many of the newest entries are held. */
function trimmed(lines: readonly Line[], kept: number): RecentLog {
  const from = Math.max(0, lines.length - kept);
  return logOf(lines.slice(from), from);
}

const simplified = (verdict: AuditVerdict): unknown =>
  verdict.kind === "violation"
    ? { kind: "violation", rule: verdict.rule }
    : verdict.kind === "stale"
      ? { kind: "stale", staleness: verdict.staleness }
      : { kind: verdict.kind };

function model(
  lines: readonly Line[],
  read: AuditedRead,
  { arrival, from }: { arrival: Arrival; from: number },
): unknown {
  const ahead = [read.asOf.seq, read.view?.seq ?? 0].some((seq) => seq > lines.length);
  if (ahead) return { kind: "unknown" };
  const hits = lines.flatMap(([after, named, mode], index) => {
    const seq = index + 1;
    const byStored = seq > read.asOf.seq && read.selectors.some((selector) => named.includes(selector));
    const byPolicy = seq > read.verifiedTo.seq && read.inForce.some((selector) => named.includes(selector));
    return mode !== "soft" && seq > from && (byStored || byPolicy) ? [{ seq, at: EPOCH + after }] : [];
  });
  if (hits.some(({ seq }) => read.view !== null && seq <= read.view.seq))
    return { kind: "violation", rule: "lost-invalidation" };
  const heeded = hits.filter(({ at: when }) => when > arrival.earliest - read.askedBefore);
  const earliest = Math.min(...heeded.map(({ at: when }) => when));
  if (earliest < arrival.latest)
    return arrival.earliest - earliest > BOUND + SLACK
      ? { kind: "violation", rule: "past-bound" }
      : { kind: "stale", staleness: arrival.latest - earliest };
  return { kind: read.asOf.seq < from ? "unknown" : "fine" };
}
