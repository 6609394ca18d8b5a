// Views of the log: whatever is lost, repeated or reordered on the way, no view calls an invalidated answer current.

import { array, constantFrom, integer, nat, oneof, property, record, shuffledSubarray } from "fast-check";
import { describe, expect, test } from "vitest";
import { admission, isGoodFor } from "../../shared/core/admission.ts";
import type { LogEntry, LogPayload } from "../../shared/core/log-entry.ts";
import {
  carryOver,
  coherenceOf,
  invalidatedAfter,
  knownAge,
  type LogView,
  learn,
  learnHead,
  newestOf,
  positionOf,
  viewOfSnapshot,
} from "../../shared/core/log-view.ts";
import { instant, later, millis, type Selector } from "../../shared/core/units.ts";
import { EPOCH, type Happening, must, ReferenceLog, Run } from "./log-model.ts";
import { holds } from "./samples.ts";

const [A, B, C, D] = ["a", "b", "c", "d"].map((name) => `shop t ${name}` as Selector) as [
  Selector,
  Selector,
  Selector,
  Selector,
];
/** What a view may keep to tell peers of. */
const ROOMY = { recent: 1000, heldSize: 100_000, indexSize: 100_000 };
const AMPLE = { ...ROOMY, selectors: 1000, ahead: 1000 };
/** Fewer selectors than are in use, and hardly any entries beyond a gap. */
const TIGHT = { ...ROOMY, selectors: 2, ahead: 2, heldSize: 60 };

describe("a view under any interleaving of pages, pushes and snapshots, lost, repeated, reordered", () => {
  const selectorSets = [[A], [B], [A, B], [C, D], [A, B, C, D], []];
  const payload = oneof(
    record({
      kind: constantFrom("invalidate" as const),
      mode: constantFrom("hard" as const, "soft" as const, "soft" as const),
      selectors: shuffledSubarray([A, B, C, D], { minLength: 1, maxLength: 2 }),
    }),
    record({
      kind: constantFrom("config" as const),
      field: constantFrom("x", "y"),
      value: constantFrom("1", "2", null),
      selectors: shuffledSubarray([A, B, C, D], { maxLength: 1 }),
    }),
  );
  const which = nat({ max: 20 });
  const happening: Parameters<typeof array<Happening>>[0] = oneof(
    { weight: 5, arbitrary: record({ kind: constantFrom("append" as const), payload }) },
    {
      weight: 2,
      arbitrary: record({ kind: constantFrom("pass" as const), ms: integer({ min: 1, max: 50 }) }),
    },
    {
      weight: 3,
      arbitrary: record({
        kind: constantFrom("ask" as const),
        what: constantFrom(
          "since" as const,
          "since" as const,
          "since" as const,
          "since" as const,
          "snapshot" as const,
        ),
        limit: integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 3, arbitrary: record({ kind: constantFrom("serve" as const), which }) },
    {
      weight: 4,
      arbitrary: record({
        kind: constantFrom("push" as const),
        back: array(nat({ max: 6 }), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 7,
      arbitrary: record({
        kind: constantFrom("deliver" as const),
        which,
        again: constantFrom(true, false, false),
      }),
    },
    { weight: 1, arbitrary: record({ kind: constantFrom("lose" as const), which }) },
  );
  const happenings = array(happening, { minLength: 20, maxLength: 70, size: "max" });

  function play(list: readonly Happening[], limits: typeof AMPLE): Run {
    const run = new Run(limits);
    const forgets = limits !== AMPLE;
    let before: { view: LogView; copy: LogView; verdicts: string } | null = null;
    for (const what of list) {
      run.happen(what);
      const same = before?.view === run.view;
      run.auditProgress(same ? (before?.copy ?? null) : null, forgets);
      const verdicts = selectorSets.map((set) => run.audit(set, forgets).slice(0, 12).join()).join();
      if (before !== null && before.copy.generation === run.view.generation && what.kind !== "append")
        must(verdicts === before.verdicts, "a generation that stays keeps every verdict");
      before = { view: run.view, copy: { ...run.view }, verdicts };
    }
    return run;
  }

  test("says of every answer exactly what is known, its cursor, known-at and configuration only what is certain", () => {
    holds(
      property(happenings, (list) => void play(list, AMPLE)),
      150,
    );
  });

  test("with too little room says unchecked instead, and never current of what it forgot", () => {
    holds(
      property(happenings, (list) => void play(list, TIGHT)),
      150,
    );
  });

  test("reaches the head, its configuration and the present as soon as messages arrive again", () => {
    holds(
      property(happenings, constantFrom(AMPLE, TIGHT), (list, limits) => {
        const run = play(list, limits);
        run.heal();
        run.auditProgress(null, limits !== AMPLE);
        expect(positionOf(run.view)).toEqual({ epoch: EPOCH, seq: run.log.head });
        expect(knownAge(run.view, instant(run.now))).toBe(0);
        expect(run.view.ahead.size).toBe(0);
      }),
      60,
    );
  });
});

const hard = (...selectors: Selector[]): LogPayload => ({ kind: "invalidate", mode: "hard", selectors });
const soft = (...selectors: Selector[]): LogPayload => ({ kind: "invalidate", mode: "soft", selectors });
const config = (field: string, value: string | null): LogPayload => ({
  kind: "config",
  field,
  value,
  selectors: [],
});

/** One payload every 10 ms, the first at 10. */
function logOf(...payloads: LogPayload[]): ReferenceLog {
  const log = new ReferenceLog();
  for (const [i, payload] of payloads.entries()) log.append(payload, 10 * (i + 1));
  return log;
}

const coldView = (): LogView =>
  viewOfSnapshot({ epoch: EPOCH, seq: 0, hash: "genesis", configuration: new Map() }, instant(0), 1);

/** The entries named, as one message that was made at an instant and arrived at another. */
function take(
  view: LogView,
  log: ReferenceLog,
  message: { seqs: readonly number[]; madeAt?: number; at?: number; limits?: typeof AMPLE },
) {
  const { seqs, madeAt = 1000, at = madeAt, limits = AMPLE } = message;
  const entries = seqs.map((seq) => log.entryAt(seq, madeAt));
  return learn(view, entries, { receivedAt: instant(at), surely: instant(at), limits });
}

const verdictOf = (view: LogView, seq: number, ...selectors: Selector[]) =>
  coherenceOf(view, { epoch: EPOCH, seq }, selectors);

describe("an entry beyond a gap", () => {
  test("counts for reading at once, and moves the cursor only when the gap is filled", () => {
    const log = logOf(hard(B), soft(B), hard(A));
    const view = coldView();
    take(view, log, { seqs: [3] });
    expect([view.cursor, verdictOf(view, 2, A), verdictOf(view, 0, B)]).toEqual([
      0,
      { kind: "hard" },
      { kind: "current" },
    ]);
    take(view, log, { seqs: [2, 1] });
    expect([view.cursor, view.hash, view.ahead.size]).toEqual([3, "log-3", 0]);
    expect(
      [verdictOf(view, 0, B), verdictOf(view, 1, B), verdictOf(view, 3, A, B)].map(({ kind }) => kind),
    ).toEqual(["hard", "soft", "current"]);
  });

  test("is not configuration yet", () => {
    const log = logOf(config("x", "1"), config("x", "2"), config("y", "3"));
    const view = coldView();
    expect(take(view, log, { seqs: [2, 3] })).toEqual({ kind: "learnt", configurationChanged: false });
    expect(view.configuration.size).toBe(0);
    expect(take(view, log, { seqs: [1] })).toEqual({ kind: "learnt", configurationChanged: true });
    expect([...view.configuration]).toEqual([
      ["x", "2"],
      ["y", "3"],
    ]);
    expect(take(view, log, { seqs: [1] })).toEqual({ kind: "learnt", configurationChanged: false });
    expect(view.configuration.get("x")).toBe("2");
  });

  test("that there is no room for counts all the same, and comes again", () => {
    const log = logOf(config("x", "1"), soft(A), hard(B), hard(C));
    const view = coldView();
    take(view, log, { seqs: [2, 3, 4], madeAt: 50, limits: { ...ROOMY, selectors: 1000, ahead: 1 } });
    expect([view.ahead.size, view.cursor]).toEqual([1, 0]);
    expect([A, B, C].map((each) => verdictOf(view, 0, each).kind)).toEqual(["soft", "hard", "hard"]);
    take(view, log, { seqs: [1, 2, 3, 4], madeAt: 90 });
    expect([view.cursor, verdictOf(view, 0, A)]).toEqual([4, { kind: "soft", since: 20 }]);
  });
});

describe("hard and soft invalidations of one answer", () => {
  test.each([
    ["a later soft one does not hide a hard one", [hard(A), soft(A)], "hard"],
    ["a later hard one ends what a soft one left", [soft(A), hard(A)], "hard"],
    ["a soft one of one selector does not hide a hard one of another", [hard(B), soft(A)], "hard"],
    ["a soft one", [soft(B)], "soft"],
    ["one of neither", [hard(C), soft(D)], "current"],
  ])("%s", (_, payloads, kind) => {
    const log = logOf(...payloads);
    const view = coldView();
    take(view, log, { seqs: payloads.map((__, i) => i + 1) });
    expect(verdictOf(view, 0, A, B).kind).toBe(kind);
    expect(verdictOf(view, payloads.length, A, B).kind).toBe("current");
  });

  test("an answer is stale since the first soft one after it, not since the last", () => {
    const log = logOf(soft(A), soft(B), soft(A), soft(A));
    const view = coldView();
    take(view, log, { seqs: [1, 2, 3, 4] });
    const since = (seq: number, ...selectors: Selector[]) => {
      const verdict = verdictOf(view, seq, ...selectors);
      return verdict.kind === "soft" ? verdict.since : verdict.kind;
    };
    expect([0, 1, 2, 3, 4].map((seq) => since(seq, A))).toEqual([10, 30, 30, 40, "current"]);
    expect([0, 1, 2].map((seq) => since(seq, B, A))).toEqual([10, 20, 30]);
  });

  test("a slow message dates a soft one late: a later one that came sooner is believed before it", () => {
    const log = logOf(soft(A), soft(A));
    const view = coldView();
    take(view, log, { seqs: [2], madeAt: 30, at: 31 });
    take(view, log, { seqs: [1], madeAt: 30, at: 5030 });
    expect(verdictOf(view, 0, A)).toEqual({ kind: "soft", since: 21 });
  });

  test("more soft ones than are kept apart are merged: an answer is taken for stale no more than three times as long", () => {
    const count = 3000;
    const log = logOf(...Array.from({ length: count }, () => soft(A)));
    const view = coldView();
    for (let seq = 1; seq <= count; seq++) take(view, log, { seqs: [seq], madeAt: 10 * seq, at: 10 * seq });
    const now = 10 * (count + 1);
    for (let seq = 0; seq < count; seq++) {
      const verdict = verdictOf(view, seq, A);
      const staleFor = verdict.kind === "soft" ? now - verdict.since : Number.NaN;
      const really = now - 10 * (seq + 1);
      expect(staleFor).toBeGreaterThanOrEqual(really);
      expect(staleFor).toBeLessThanOrEqual(3 * really);
    }
    expect(verdictOf(view, count, A).kind).toBe("current");
    expect(view.index.get(A)?.softs).toHaveLength(32);
  });

  test("one that comes twice takes the place of no other", () => {
    const log = logOf(config("x", "1"), soft(A), hard(B), hard(B));
    const view = coldView();
    const limits = { ...ROOMY, selectors: 1000, ahead: 1 };
    for (const transit of [9, 1, 5])
      take(view, log, { seqs: [2, 3, 4], madeAt: 50, at: 50 + transit, limits });
    expect(view.index.get(A)?.softs).toEqual([2, 21]);
  });
});

describe("what the view forgets", () => {
  test("its floor remembers: the selector longest untouched goes first", () => {
    const log = logOf(hard(A), hard(B), hard(A), hard(C));
    const view = coldView();
    take(view, log, { seqs: [1, 2, 3, 4], limits: { ...ROOMY, selectors: 2, ahead: 9 } });
    expect([...view.index.keys()]).toEqual([A, C]);
    expect(view.floor).toBe(2);
    expect(
      [verdictOf(view, 1, B), verdictOf(view, 2, B), verdictOf(view, 2, A)].map(({ kind }) => kind),
    ).toEqual(["unchecked", "current", "hard"]);
    expect(verdictOf(view, 1, D).kind).toBe("unchecked");
  });

  test("long ones take the room of many, each counted once; a snapshot keeps count of what it is brought", () => {
    const long = `shop u shop.test/?${"x".repeat(500)}` as Selector;
    const limits = { ...AMPLE, indexSize: long.length + 2 * A.length };
    const view = coldView();
    const log = logOf(hard(A), hard(long), hard(B), hard(B), hard(C));
    take(view, log, { seqs: [1, 2, 3, 4], limits });
    expect([view.floor, view.indexSize]).toEqual([0, limits.indexSize]);
    take(view, log, { seqs: [5], limits });
    expect([...view.index.keys()]).toEqual([B, C]);
    expect([view.floor, view.indexSize]).toEqual([2, B.length + C.length]);
    const begun = coldView();
    carryOver(begun, view, limits);
    expect(begun.indexSize).toBe(B.length + C.length);
  });

  test("long entries beyond a gap are let go of as well, and what they taught stays", () => {
    const long = Array.from({ length: 5 }, (_, nth) =>
      hard(`shop u shop.test/${nth}${"x".repeat(500)}` as Selector),
    );
    const log = logOf(hard(A), hard(B), ...long);
    const limits = { ...AMPLE, heldSize: 1200 };
    const view = coldView();
    take(view, log, { seqs: [1, 3, 4, 5, 6, 7], limits });
    expect([view.cursor, view.ahead.size, view.recent.size]).toEqual([1, 2, 0]);
    expect(verdictOf(view, 1, A).kind).toBe("current");
    expect(view.index.size).toBe(6);
    take(view, log, { seqs: [2, 3, 4, 5, 6, 7], limits });
    expect([view.cursor, view.ahead.size, view.recent.size]).toEqual([7, 0, 2]);
    expect(view.heldSize).toBeLessThanOrEqual(limits.heldSize);
    const [behind, begun] = [coldView(), coldView()];
    take(behind, log, { seqs: [3, 4] });
    carryOver(begun, behind, limits);
    expect([begun.ahead.size, begun.heldSize]).toEqual([2, behind.heldSize]);
  });

  test("soft ones raise the floor too", () => {
    const view = coldView();
    take(view, logOf(hard(A), soft(A), hard(B)), {
      seqs: [1, 2, 3],
      limits: { ...ROOMY, selectors: 1, ahead: 9 },
    });
    expect([view.floor, verdictOf(view, 1, A).kind]).toEqual([2, "unchecked"]);
  });

  test("a snapshot's past is unchecked, its head and what follows are known", () => {
    const log = logOf(hard(A), hard(B), soft(A));
    const snapshot = { epoch: EPOCH, seq: 2, hash: "log-2", configuration: new Map([["x", "1"]]) };
    const view = viewOfSnapshot(snapshot, instant(5), 1);
    expect([0, 1, 2].map((seq) => verdictOf(view, seq, A).kind)).toEqual([
      "unchecked",
      "unchecked",
      "current",
    ]);
    take(view, log, { seqs: [1, 2, 3] });
    expect([1, 2, 3].map((seq) => verdictOf(view, seq, A).kind)).toEqual(["unchecked", "soft", "current"]);
    snapshot.configuration.set("x", "2");
    expect(view.configuration.get("x")).toBe("1");
  });
});

describe("known-at", () => {
  const head = (seq: number, epoch = EPOCH) => ({ epoch, seq });

  test.each([
    ["a head that was reached", head(2), 50, 50],
    ["a head behind the cursor", head(1), 50, 50],
    ["not by a head beyond the cursor", head(3), 50, 10],
    ["not by an older request", head(2), 9, 10],
    ["not by another epoch's head", head(2, EPOCH + 1), 50, 10],
    ["not by an older epoch's head", head(2, EPOCH - 1), 50, 10],
  ])("advances by %s", (_, stated, sentAt, expected) => {
    const view = coldView();
    take(view, logOf(hard(A), hard(B)), { seqs: [1, 2] });
    learnHead(view, head(2), instant(10));
    learnHead(view, stated, instant(sentAt));
    expect(view.knownAt).toBe(expected);
  });

  test("does not advance by entries alone, however new", () => {
    const view = coldView();
    take(view, logOf(hard(A)), { seqs: [1], madeAt: 500, at: 501 });
    expect([view.knownAt, knownAge(view, instant(501)), knownAge(view, instant(-5))]).toEqual([0, 501, 0]);
  });
});

describe("another epoch", () => {
  const entryOf = (epoch: number): LogEntry => ({ ...logOf(hard(A)).entryAt(1, 1000), epoch });
  const learnt = (view: LogView, epoch: number) =>
    learn(view, [entryOf(epoch)], { receivedAt: instant(1000), surely: instant(1000), limits: AMPLE }).kind;

  test("that is newer breaks the view, one that is older is no news", () => {
    const view = coldView();
    expect(learnt(view, EPOCH - 1)).toBe("learnt");
    expect([view.cursor, verdictOf(view, 0, A).kind]).toEqual([0, "current"]);
    expect(learnt(view, EPOCH + 1)).toBe("broken");
  });

  test("makes an answer incomparable, whatever its number", () => {
    const view = coldView();
    for (const epoch of [EPOCH - 1, EPOCH + 1])
      expect(coherenceOf(view, { epoch, seq: 999 }, [A])).toEqual({ kind: "other-epoch" });
  });

  test("that is older was before everything known, one that is newer after", () => {
    const view = coldView();
    expect(invalidatedAfter(view, { epoch: EPOCH - 1, seq: 999 }, [A], "hard")).toBe(true);
    expect(invalidatedAfter(view, { epoch: EPOCH + 1, seq: 0 }, [A], "hard")).toBe(false);
  });
});

describe("the newest invalidation of an answer", () => {
  test.each([
    ["any", [2, 3, 3, 5, 0, 0], [true, true, false, false]],
    ["hard", [1, 0, 1, 5, 0, 0], [true, false, false, false]],
  ] as const)("is the newest of any of its selectors, also beyond a gap: %s", (modes, numbers, after) => {
    const view = coldView();
    take(view, logOf(hard(A), soft(A), soft(B), hard(B), hard(C)), { seqs: [1, 2, 3, 5] });
    const newest = (...selectors: Selector[]) => newestOf(view, selectors, modes).seq;
    expect([newest(A), newest(B), newest(A, B), newest(C), newest(D), newest()]).toEqual(numbers);
    const isAfter = (seq: number) => invalidatedAfter(view, { epoch: EPOCH, seq }, [A], modes);
    expect([0, 1, 2, 3].map(isAfter)).toEqual(after);
  });
});

describe("what a request is owed that goes further", () => {
  const window = millis(1000);

  test("is what was known when it came, beyond a gap too, by a view within the window", () => {
    const view = coldView();
    take(view, logOf(hard(A), hard(A), hard(B)), { seqs: [1, 3] });
    const arrivedAt = later(view.knownAt, millis(400));
    expect(admission(view, window, arrivedAt)).toEqual({ position: { epoch: EPOCH, seq: 3 }, knownAge: 400 });
    expect(admission(view, millis(399), arrivedAt)).toBeNull();
    expect(admission(null, window, arrivedAt)).toBeNull();
  });

  test("counts what was let go of beyond a gap, and what the floor stands for", () => {
    const view = coldView();
    const log = logOf(...Array.from({ length: 9 }, () => hard(A)));
    take(view, log, { seqs: [9, 3, 4, 5], limits: { ...ROOMY, selectors: 1000, ahead: 1 } });
    const owed = () => admission(view, window, view.knownAt)?.position.seq;
    expect([[...view.ahead.keys()], owed()]).toEqual([[5], 9]);
    view.floor = 12;
    expect(owed()).toBe(12);
  });

  test("is had by what has been checked up to there, whatever was learnt since, in one epoch", () => {
    const log = logOf(hard(A), hard(A));
    const view = coldView();
    take(view, log, { seqs: [1] });
    const owed = admission(view, window, view.knownAt);
    take(view, log, { seqs: [2] });
    const isGood = (seq: number, epoch = EPOCH) => isGoodFor(owed, { epoch, seq }, view);
    expect([isGood(0), isGood(1), isGood(2)]).toEqual([false, true, true]);
    expect([isGood(9, EPOCH - 1), isGood(9, EPOCH + 1)]).toEqual([false, false]);
    expect(isGoodFor(owed, { epoch: EPOCH, seq: 1 }, { ...view, epoch: EPOCH + 1 })).toBe(false);
    expect(isGoodFor(null, { epoch: EPOCH, seq: 9 }, view)).toBe(false);
  });
});

describe("a chain that does not join", () => {
  /** The same first entries, then others of another hash: what a failover that lost a suffix leaves. */
  function forked(common: number, length: number): [ReferenceLog, ReferenceLog] {
    const trunk = new ReferenceLog();
    for (let i = 0; i < common; i++) trunk.append(hard(A), i);
    const fork = new ReferenceLog("fork");
    fork.entries.push(...trunk.entries);
    for (let i = common; i < length; i++) {
      trunk.append(hard(B), i);
      fork.append(hard(C), i);
    }
    return [trunk, fork];
  }

  test("is noticed at the first entry that follows another than ours", () => {
    const [trunk, fork] = forked(2, 5);
    const view = coldView();
    take(view, trunk, { seqs: [1, 2, 3] });
    expect(take(view, fork, { seqs: [4] })).toEqual({ kind: "broken" });
    expect([view.cursor, view.hash]).toEqual([3, "log-3"]);
  });

  test("is noticed when its gap is filled, not before", () => {
    const [trunk, fork] = forked(2, 5);
    const view = coldView();
    take(view, trunk, { seqs: [1, 2] });
    expect(take(view, fork, { seqs: [5] }).kind).toBe("learnt");
    expect(take(view, trunk, { seqs: [3, 4] })).toEqual({ kind: "broken" });
  });

  test("is never followed: what the cursor moved over is one chain of hashes, or the view is broken", () => {
    const pages = array(
      record({
        fork: constantFrom(false, true),
        seqs: array(integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
      }),
      { minLength: 1, maxLength: 12, size: "max" },
    );
    holds(
      property(nat({ max: 7 }), pages, (common, list) => {
        const [trunk, fork] = forked(common, 8);
        const byHash = new Map([...trunk.entries, ...fork.entries].map(({ entry }) => [entry.hash, entry]));
        const view = coldView();
        let broken = false;
        for (const page of list) {
          broken = take(view, page.fork ? fork : trunk, { seqs: page.seqs }).kind === "broken";
          let hash = view.hash;
          for (let seq = view.cursor; seq > 0; seq--) {
            expect(byHash.get(hash)?.seq).toBe(seq);
            hash = byHash.get(hash)?.previous ?? "";
          }
          expect(hash).toBe("genesis");
          if (broken) break;
        }
        if (list.every((page) => page.fork) || list.every((page) => !page.fork)) expect(broken).toBe(false);
      }),
      300,
    );
  });
});

describe("a snapshot that replaces an older view of the epoch", () => {
  const limits = { ...ROOMY, selectors: 100, ahead: 100 };
  const selector = "s e" as Selector;
  const snapshotAt = (seq: number) =>
    viewOfSnapshot({ epoch: 1, seq, hash: `h${seq}`, configuration: new Map() }, instant(100), 1);
  const hard = (seq: number): LogEntry => ({
    epoch: 1,
    seq,
    previous: `h${seq - 1}`,
    hash: `h${seq}`,
    age: 0,
    payload: { kind: "invalidate", mode: "hard", selectors: [selector] },
  });

  test("keeps what was learnt beyond it, also of an entry that is no longer kept", () => {
    const old = snapshotAt(1);
    learn(old, [hard(9)], { receivedAt: instant(50), surely: instant(50), limits });
    old.ahead.clear();
    const view = snapshotAt(5);
    carryOver(view, old, limits);
    expect(coherenceOf(view, { epoch: 1, seq: 8 }, [selector]).kind).toBe("hard");
    expect(view.cursor).toBe(5);
  });

  test("joins entries that follow it", () => {
    const old = snapshotAt(1);
    learn(old, [hard(6)], { receivedAt: instant(50), surely: instant(50), limits });
    const view = snapshotAt(5);
    carryOver(view, old, limits);
    expect([view.cursor, view.hash]).toEqual([6, "h6"]);
  });
});
