// Gossip: what an edge is told by another makes it know more, never anything that is not so.

import { array, constantFrom, integer, nat, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { hear, type Standing, type Telling, tell } from "../../shared/core/gossip.ts";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import {
  coherenceOf,
  knownAge,
  type LogView,
  learn,
  learnHead,
  viewOfSnapshot,
} from "../../shared/core/log-view.ts";
import { instant, millis, type Selector } from "../../shared/core/units.ts";
import { EPOCH, must, ReferenceLog } from "./log-model.ts";
import { holds } from "./samples.ts";

const [A, B] = ["shop t a", "shop t b"] as [Selector, Selector];
const LIMITS = { selectors: 100, indexSize: 10_000, ahead: 100, recent: 4, heldSize: 10_000 };
const hard = (...selectors: Selector[]): LogPayload => ({ kind: "invalidate", mode: "hard", selectors });

function logOf(...payloads: LogPayload[]): ReferenceLog {
  const log = new ReferenceLog();
  for (const [at, payload] of payloads.entries()) log.append(payload, at);
  return log;
}

/** Begun by a snapshot at one place, pulled up to another, its head known at an instant. */
function viewOf(log: ReferenceLog, at: { from: number; cursor: number; knownAt: number }): LogView {
  const { from, cursor, knownAt } = at;
  const snapshot = {
    epoch: EPOCH,
    seq: from,
    hash: log.hashAt(from),
    configuration: log.configurationAt(from),
  };
  const view = viewOfSnapshot(snapshot, instant(knownAt), 1);
  learn(view, log.range(from, cursor - from, knownAt), {
    receivedAt: instant(knownAt),
    surely: instant(knownAt),
    limits: LIMITS,
  });
  return view;
}

const standing = (view: LogView): Standing => ({ epoch: view.epoch, seq: view.cursor, hash: view.hash });

function telling(view: LogView, asker: Standing, by = { now: 100, most: 10 }): Telling {
  const tale = tell(view, asker, { now: instant(by.now), most: by.most });
  if (tale.kind !== "telling") throw new Error(`it said ${tale.kind}`);
  return tale.telling;
}

const context = (sentAt: number, receivedAt: number) => ({
  sentAt: instant(sentAt),
  receivedAt: instant(receivedAt),
  surely: instant(receivedAt),
  begunAt: instant(0),
  generation: 9,
  limits: LIMITS,
});

test("what was known before the asker began brings its entries, and makes no head known", () => {
  const log = logOf(hard(A), hard(B));
  const teller = viewOf(log, { from: 0, cursor: 2, knownAt: 40 });
  const told = telling(teller, null);
  // 60 old by the teller's word: known at 940 by the asker's line at the earliest.
  const began = (begunAt: number) => {
    const hearing = hear(null, told, { ...context(1000, 1020), begunAt: instant(begunAt) });
    return hearing.kind === "begun" ? [hearing.view.cursor, hearing.view.knownAt] : hearing.kind;
  };
  expect(began(940)).toEqual([2, 940]);
  expect(began(941)).toEqual([2, Number.NEGATIVE_INFINITY]);
});

describe("an asker that joins", () => {
  const log = logOf(hard(A), hard(B), hard(A));
  const teller = viewOf(log, { from: 0, cursor: 3, knownAt: 40 });

  test("gets what it lacks, and the head as old as the teller's knowledge at the time of the question", () => {
    const asker = viewOf(log, { from: 0, cursor: 1, knownAt: 10 });
    const told = telling(teller, standing(asker));
    expect(told.entries.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(told.configuration).toBeNull();
    expect(told.age).toBe(60);
    expect(hear(asker, told, context(1000, 1020))).toEqual({
      kind: "learnt",
      configurationChanged: false,
      more: false,
    });
    expect(asker.cursor).toBe(3);
    expect(asker.knownAt).toBe(940);
  });

  test("knows no head from a page that stops before it", () => {
    const asker = viewOf(log, { from: 0, cursor: 0, knownAt: 10 });
    const told = telling(teller, standing(asker), { now: 100, most: 2 });
    expect(hear(asker, told, context(1000, 1020))).toMatchObject({ kind: "learnt", more: true });
    expect([asker.cursor, asker.knownAt]).toEqual([2, 10]);
  });

  test("learns the age alone where it has pushed entries that the teller lacks", () => {
    const longer = logOf(hard(A), hard(B), hard(A), hard(B));
    const asker = viewOf(longer, { from: 0, cursor: 4, knownAt: 980 });
    asker.knownAt = instant(10);
    expect(hear(asker, telling(teller, standing(asker)), context(1000, 1020)).kind).toBe("learnt");
    expect([asker.cursor, asker.knownAt]).toEqual([4, 940]);
  });

  test("is told no age by one whose clock has stepped", () => {
    const voided = viewOf(log, { from: 0, cursor: 3, knownAt: 40 });
    voided.knownAt = instant(Number.NEGATIVE_INFINITY);
    const asker = viewOf(log, { from: 0, cursor: 1, knownAt: 10 });
    hear(asker, telling(voided, standing(asker)), context(1000, 1020));
    expect([asker.cursor, asker.knownAt]).toEqual([3, 10]);
  });

  test("never knows less for having asked", () => {
    const asker = viewOf(log, { from: 0, cursor: 3, knownAt: 990 });
    hear(asker, telling(teller, standing(asker)), context(1000, 1020));
    expect(asker.knownAt).toBe(990);
  });
});

describe("an asker below what the teller still holds", () => {
  const config: LogPayload = { kind: "config", field: "x", value: "1", selectors: [] };
  const log = logOf(hard(A), config, hard(B), hard(B), hard(B), hard(B));
  /** Holds the last four. */
  const teller = viewOf(log, { from: 0, cursor: 6, knownAt: 90 });

  test("begins there: its floor rises, and the configuration comes whole", () => {
    const asker = viewOf(log, { from: 0, cursor: 0, knownAt: 10 });
    const told = telling(teller, standing(asker));
    expect([told.from, told.fromHash]).toEqual([2, log.hashAt(2)]);
    const heard = hear(asker, told, context(1000, 1020));
    if (heard.kind !== "begun") throw new Error(heard.kind);
    const { view } = heard;
    expect([view.cursor, view.hash, view.floor, view.knownAt]).toEqual([6, log.hashAt(6), 2, 990]);
    expect(view.configuration).toEqual(new Map([["x", "1"]]));
    expect(coherenceOf(view, { epoch: EPOCH, seq: 0 }, [A]).kind).toBe("unchecked");
    expect(coherenceOf(view, { epoch: EPOCH, seq: 2 }, [A]).kind).toBe("current");
    expect(coherenceOf(view, { epoch: EPOCH, seq: 2 }, [B]).kind).toBe("hard");
  });

  test("a cold one begins likewise, with no more than one message takes", () => {
    const told = telling(teller, null, { now: 100, most: 2 });
    const heard = hear(null, told, context(1000, 1020));
    if (heard.kind !== "begun") throw new Error(heard.kind);
    expect([heard.view.cursor, heard.view.floor, heard.view.knownAt]).toEqual([6, 4, 990]);
    expect(heard.view.configuration).toEqual(new Map([["x", "1"]]));
  });

  test("keeps what it was pushed beyond a gap", () => {
    const asker = viewOf(log, { from: 0, cursor: 0, knownAt: 10 });
    const longer = logOf(hard(A), config, hard(B), hard(B), hard(B), hard(B), hard(A), hard(A));
    learn(asker, [longer.entryAt(8, 20)], { receivedAt: instant(20), surely: instant(20), limits: LIMITS });
    const heard = hear(asker, telling(teller, standing(asker)), context(1000, 1020));
    if (heard.kind !== "begun") throw new Error(heard.kind);
    expect(coherenceOf(heard.view, { epoch: EPOCH, seq: 6 }, [A]).kind).toBe("hard");
    expect(heard.view.cursor).toBe(6);
  });

  test("gets nothing from an answer to somebody who stood elsewhere", () => {
    const told = telling(teller, standing(viewOf(log, { from: 0, cursor: 4, knownAt: 1 })));
    expect(hear(viewOf(log, { from: 0, cursor: 0, knownAt: 1 }), told, context(1, 2)).kind).toBe("useless");
    expect(hear(null, told, context(1, 2)).kind).toBe("useless");
  });
});

describe("epochs and forks", () => {
  const log = logOf(hard(A), hard(B));
  const view = (cursor: number): LogView => viewOf(log, { from: 0, cursor, knownAt: 1 });

  test("one who knows a later epoch is told nothing, and is to be asked", () => {
    expect(tell(view(2), { epoch: EPOCH + 1, seq: 0, hash: "" }, { now: instant(1), most: 1 }).kind).toBe(
      "behind",
    );
  });

  test("one in an earlier epoch begins in ours", () => {
    const told = telling(view(2), { epoch: EPOCH - 1, seq: 99, hash: "" });
    const old = viewOfSnapshot(
      { epoch: EPOCH - 1, seq: 99, hash: "", configuration: new Map() },
      instant(1),
      1,
    );
    expect(hear(old, told, context(1000, 1000))).toMatchObject({ kind: "begun", view: { epoch: EPOCH } });
    const ours = view(2);
    expect(hear(ours, { ...told, epoch: EPOCH - 1 }, context(1000, 1000)).kind).toBe("useless");
  });

  test("two that hold different entries in one place both find out", () => {
    const common = logOf(hard(A));
    const other = new ReferenceLog("other", "genesis");
    other.entries.push(...common.entries);
    other.append(hard(A), 5);
    other.append(hard(A), 6);
    const theirs = viewOf(other, { from: 0, cursor: 3, knownAt: 1 });
    const ours = view(2);
    expect(tell(theirs, standing(ours), { now: instant(1), most: 5 }).kind).toBe("fork");
    // We have no entry beyond the fork yet, but are told what contradicts ours.
    const told = telling(theirs, standing(view(1)));
    expect(hear(ours, told, context(1, 2)).kind).toBe("fork");
    const told2 = telling(viewOf(other, { from: 0, cursor: 2, knownAt: 1 }), standing(view(1)));
    expect(hear(ours, { ...told2, entries: [] }, context(1, 2)).kind).toBe("fork");
  });

  test("an entry from before the fork, held beyond a gap, does not pass for where the teller stands", () => {
    const asker = view(0);
    learn(asker, [log.entryAt(2, 5)], { receivedAt: instant(5), surely: instant(5), limits: LIMITS });
    const forked = new ReferenceLog("other", "genesis");
    forked.entries.push(...logOf(hard(A)).entries);
    forked.append(hard(A), 6);
    const told = telling(viewOf(forked, { from: 0, cursor: 2, knownAt: 90 }), standing(view(0)), {
      now: 100,
      most: 1,
    });
    expect(hear(asker, { ...told, cursor: 2, hash: forked.hashAt(2) }, context(100, 101)).kind).toBe("fork");
  });
});

test("a peer that knew the head without what we already held speaks of another log", () => {
  const longer = logOf(hard(A), hard(B), hard(A));
  const asker = viewOf(longer, { from: 0, cursor: 3, knownAt: 100 });
  const behind = viewOf(longer, { from: 0, cursor: 2, knownAt: 100 });
  const at = (age: number): Telling => ({ ...telling(behind, standing(asker)), age: millis(age) });
  // It held entry 3 from 100 on. Who knew the head before that may lack it, whoever knew it later may not.
  expect(hear(asker, at(100), context(190, 195)).kind).toBe("learnt");
  expect(hear(asker, at(50), context(190, 195)).kind).toBe("fork");
});

test("a wall clock that is set forward makes no honest peer speak of another log", () => {
  const log = logOf(hard(A), hard(B), hard(A));
  const asker = viewOf(log, { from: 0, cursor: 3, knownAt: 100 });
  const behind = viewOf(log, { from: 0, cursor: 2, knownAt: 100 });
  const told = { ...telling(behind, standing(asker)), age: millis(50) };
  // An hour by the wall clock and 40 ms by the other one after entry 3 had come: the peer knew the head 10 ms before that.
  const hearing = { ...context(3_600_140, 3_600_145), surely: instant(145) };
  expect(hear(asker, told, hearing).kind).toBe("learnt");
  expect(hear(asker, told, { ...hearing, surely: instant(245) }).kind).toBe("fork");
});

test("of a peer so far behind that our own entries are gone nothing is believed", () => {
  const longer = logOf(...Array.from({ length: 9 }, () => hard(A)));
  const asker = viewOf(longer, { from: 0, cursor: 9, knownAt: 10 });
  const behind = viewOf(longer, { from: 0, cursor: 2, knownAt: 1 });
  expect(hear(asker, telling(behind, standing(asker)), context(1000, 1000)).kind).toBe("useless");
  expect(asker.knownAt).toBe(10);
});

type Step =
  | { readonly kind: "append"; readonly selector: Selector }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "pull" | "push"; readonly edge: number; readonly ms: number }
  | { readonly kind: "ask"; readonly edge: number; readonly peer: number; readonly ms: number }
  | { readonly kind: "restart"; readonly edge: number };

test("however edges pull, are pushed, restart and gossip, none knows what is not so", () => {
  const edge = nat({ max: 2 });
  const ms = integer({ min: 0, max: 9 });
  const step = oneof(
    record({ kind: constantFrom("append" as const), selector: constantFrom(A, B) }),
    record({ kind: constantFrom("pass" as const), ms }),
    record({ kind: constantFrom("pull" as const, "push" as const), edge, ms }),
    record({ kind: constantFrom("ask" as const), edge, peer: edge, ms }),
    record({ kind: constantFrom("restart" as const), edge }),
  );
  holds(
    property(array(step, { minLength: 10, maxLength: 60, size: "max" }), (steps) => new Town().play(steps)),
    400,
  );
});

/** Three edges with one log: every message takes its time, and everything is checked after each step. */
class Town {
  private readonly log = new ReferenceLog();
  private readonly views: (LogView | null)[] = [null, null, null];
  private now = 0;

  play(steps: readonly Step[]): void {
    for (const step of steps) {
      this.take(step);
      for (const view of this.views) if (view !== null) this.audit(view);
    }
  }

  private take(step: Step): void {
    switch (step.kind) {
      case "append":
        this.log.append(hard(step.selector), this.now);
        return;
      case "pass":
        this.now += step.ms;
        return;
      case "restart":
        this.views[step.edge] = null;
        return;
      case "pull":
        this.pull(step.edge, step.ms);
        return;
      case "push": {
        const view = this.views[step.edge];
        if (!view || this.log.head === 0) return;
        const entries = [this.log.entryAt(this.log.head, this.now)];
        learn(view, entries, { receivedAt: instant(this.now), surely: instant(this.now), limits: LIMITS });
        return;
      }
      case "ask":
        this.ask(step);
    }
  }

  private pull(edge: number, ms: number): void {
    const sentAt = instant(this.now);
    this.now += ms;
    const { head } = this.log;
    const hash = this.log.hashAt(head);
    const configuration = this.log.configurationAt(head);
    const view = this.views[edge];
    if (!view) {
      this.views[edge] = viewOfSnapshot({ epoch: EPOCH, seq: head, hash, configuration }, sentAt, 1);
      return;
    }
    learn(view, this.log.range(view.cursor, 3, this.now), {
      receivedAt: instant(this.now),
      surely: instant(this.now),
      limits: LIMITS,
    });
    learnHead(view, { epoch: EPOCH, seq: head }, sentAt);
  }

  private ask({ edge, peer, ms }: Step & { kind: "ask" }): void {
    const [asker = null, teller = null] = [this.views[edge], this.views[peer]];
    if (teller === null || edge === peer) return;
    const sentAt = instant(this.now);
    this.now += ms;
    const tale = tell(teller, asker && standing(asker), { now: instant(this.now), most: 2 });
    this.now += ms;
    must(tale.kind === "telling", "there is one log");
    if (tale.kind !== "telling") return;
    const heard = hear(asker, tale.telling, {
      sentAt,
      receivedAt: instant(this.now),
      surely: instant(this.now),
      begunAt: instant(0),
      generation: 2,
      limits: LIMITS,
    });
    must(heard.kind !== "fork", "there is one log");
    const forgotten = asker !== null && tale.telling.cursor < asker.cursor - asker.recent.size;
    must(heard.kind !== "useless" || forgotten, "what was told is of use");
    if (heard.kind === "begun") this.views[edge] = heard.view;
  }

  private audit(view: LogView): void {
    const { log } = this;
    must(view.hash === log.hashAt(view.cursor), "the hash is the cursor's");
    const missed = log.entries.find(({ entry, at }) => at < view.knownAt && entry.seq > view.cursor);
    must(missed === undefined, "whatever was appended before known-at is known");
    must(knownAge(view, instant(this.now)) >= millis(0), "nothing is known of the future");
    for (let seq = view.floor; seq <= view.cursor; seq++) {
      for (const selector of [A, B]) {
        const hit = log.entries.some(
          ({ entry: { seq: at, payload } }) =>
            at > seq &&
            at <= view.cursor &&
            payload.kind === "invalidate" &&
            payload.selectors.includes(selector),
        );
        const { kind } = coherenceOf(view, { epoch: EPOCH, seq }, [selector]);
        must(!hit || kind === "hard", `of ${seq} it says ${kind}, though it was hit`);
      }
    }
    for (const [seq, { entry }] of view.recent) must(entry.hash === log.hashAt(seq), "what is told is so");
    must(view.recent.size <= LIMITS.recent, "limits hold");
  }
}
