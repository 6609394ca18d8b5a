// One data centre under virtual time: isolates, their requests, and what they ask the log, by the edge's own rules.

import { knownSince } from "../../shared/core/shared-age.ts";
import { elapsed, type Instant, instant, type Millis, millis } from "../../shared/core/units.ts";
import { isDue, meets, pullsForOthers } from "../../shared/core/when-to-pull.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";
import { Chance } from "./chance.ts";
import { EventQueue } from "./event-queue.ts";

export interface DataCentre {
  readonly isolates: number;
  /** Requests a second of all of them. */
  readonly rate: number;
  readonly window: Millis;
  /** Whether its isolates share what one of them pulls. */
  readonly shares: boolean;
  /** Milliseconds: a pull there and back, a look at what others left, and until they see what was left. */
  readonly roundTrip: number;
  readonly look: number;
  readonly visibleAfter: number;
  /** Milliseconds that an isolate lives on average. */
  readonly life: number;
  /** Milliseconds that are counted, after the first window has passed. */
  readonly duration: number;
  readonly seed: string;
}

export class Counted {
  requests = 0;
  pulls = 0;
  /** Of an isolate that knows nothing yet: a command as well, with all configuration. */
  snapshots = 0;
  looks = 0;
  /** Requests that waited for the log; and those that a look at what others left was enough for. */
  waitedForLog = 0;
  waitedForLook = 0;
  waitedMs = 0;
  events = 0;
  /** After a purge, how long an isolate may still answer by what was before: counts by 1/200 of the window. */
  readonly lateness: number[] = new Array<number>(LATENESS_STEPS + 1).fill(0);
}

export const LATENESS_STEPS = 200;

interface Note {
  readonly showed: number;
  readonly sentAt: number;
  readonly visibleAt: number;
}

interface Isolate {
  /** -Infinity while it is cold. */
  knownAt: Instant;
  /** The true instant as of which it knows the log. */
  asOf: number;
  reading: { showed: number; sentAt: Instant } | null;
  lookedAt: number;
  diesAt: number;
  /** What it waits for; `since`: the request that began it, and whether that one waits. */
  busy: "no" | "looking" | "pulling";
  since: number;
  waits: boolean;
  sentAt: number;
}

const COLD = instant(Number.NEGATIVE_INFINITY);

export function simulateDataCentre(of: DataCentre): Counted {
  return new Run(of).run();
}

class Run {
  private readonly of: DataCentre;
  private readonly counted = new Counted();
  private readonly chance: Chance;
  private readonly queue = new EventQueue();
  private readonly isolates: Isolate[] = [];
  /** Requests a millisecond of one isolate. */
  private readonly rate: number;
  private readonly begin: number;
  private readonly end: number;
  private readonly purgeEvery: number;
  private notes: Note[] = [];

  constructor(of: DataCentre) {
    this.of = of;
    this.chance = new Chance(of.seed);
    this.rate = of.rate / of.isolates / 1000;
    this.begin = of.window;
    this.end = this.begin + of.duration;
    // No multiple of anything that the isolates do.
    this.purgeEvery = of.window / Math.PI;
  }

  run(): Counted {
    const { counted, of, queue } = this;
    counted.requests = (of.rate * of.duration) / 1000;
    for (let who = 0; who < of.isolates; who++) {
      // In the middle of its life, and no two of them at the same point of it.
      const ago = (this.chance.unit() * of.window) / 2;
      const reading = { showed: -ago, sentAt: instant(-ago) };
      const isolate = { ...this.born(0), knownAt: instant(-ago), asOf: -ago, reading };
      this.isolates.push(isolate);
      this.next(isolate, 0, who);
    }
    for (let event = queue.pop(); event !== null && event.at < this.end; event = queue.pop()) {
      const isolate = this.isolates[event.what];
      if (isolate === undefined) continue;
      counted.events += 1;
      if (isolate.busy === "no") this.request(isolate, event.at, event.what);
      else if (isolate.busy === "looking") this.looked(isolate, event.at, event.what);
      else this.pulled(isolate, event.at, event.what);
    }
    return counted;
  }

  private born(now: number): Isolate {
    const diesAt = now + this.chance.wait(1 / this.of.life);
    const reading = null;
    return { ...{ knownAt: COLD, asOf: COLD, reading, lookedAt: COLD, diesAt }, ...IDLE };
  }

  private request(isolate: Isolate, now: number, who: number): void {
    const { shares, window } = this.of;
    if (now >= isolate.diesAt) Object.assign(isolate, this.born(now));
    const age = elapsed(isolate.knownAt, instant(now));
    const inTime = meets(age, window);
    const mayLook = shares && isolate.reading !== null && now - isolate.lookedAt >= VIEW_LIMITS.lookPeriod;
    if (inTime && !isDue(age, window)) this.next(isolate, now, who);
    else if (mayLook) {
      Object.assign(isolate, { busy: "looking", since: now, waits: !inTime, lookedAt: now });
      this.count("looks", now);
      this.queue.push(now + this.jittered(this.of.look), who);
    } else if (shares && inTime) this.next(isolate, now, who);
    else this.pull(isolate, { since: now, now, waits: !inTime }, who);
  }

  private looked(isolate: Isolate, now: number, who: number): void {
    const { window } = this.of;
    const note = this.notes.findLast(({ visibleAt }) => visibleAt <= now);
    if (note !== undefined && isolate.reading !== null) {
      const found = { showed: note.showed, age: millis(now - note.sentAt) };
      const knownAt = knownSince(found, isolate.reading, instant(now));
      if (knownAt !== null && knownAt > isolate.knownAt)
        this.learn(isolate, { knownAt, asOf: note.showed }, now);
    }
    const age = elapsed(isolate.knownAt, instant(isolate.since));
    const enough = meets(age, window);
    if (isolate.waits && enough) this.waited("waitedForLook", isolate.since, now);
    if (pullsForOthers(age, window, this.chance.unit())) {
      const since = isolate.waits && !enough ? isolate.since : now;
      this.pull(isolate, { since, now, waits: !enough }, who);
    } else {
      isolate.busy = "no";
      this.next(isolate, now, who);
    }
  }

  private pull(isolate: Isolate, by: { since: number; now: number; waits: boolean }, who: number): void {
    this.count(isolate.knownAt === COLD ? "snapshots" : "pulls", by.now);
    Object.assign(isolate, { busy: "pulling", since: by.since, waits: by.waits, sentAt: by.now });
    this.queue.push(by.now + this.jittered(this.of.roundTrip), who);
  }

  private pulled(isolate: Isolate, now: number, who: number): void {
    const { sentAt, since } = isolate;
    // Who comes while the view is too old waits as well.
    const tooOldFrom = Math.max(since, isolate.knownAt + this.of.window);
    if (isolate.waits) this.waited("waitedForLog", since, now);
    else if (tooOldFrom < now) this.waited("waitedForLog", tooOldFrom, now, 0);
    const showed = (sentAt + now) / 2;
    this.learn(isolate, { knownAt: instant(sentAt), asOf: showed }, now);
    Object.assign(isolate, IDLE, { reading: { showed, sentAt: instant(sentAt) } });
    if (this.of.shares) {
      this.notes.push({ showed, sentAt, visibleAt: now + this.jittered(this.of.visibleAfter) });
      // What came later and is seen already hides all before.
      if (this.notes.length > 64) this.notes = this.notes.slice(-32);
    }
    this.next(isolate, now, who);
  }

  private learn(isolate: Isolate, what: { knownAt: Instant; asOf: number }, now: number): void {
    const { window } = this.of;
    if (isolate.knownAt !== COLD && what.asOf > isolate.asOf) {
      const first = Math.floor(isolate.asOf / this.purgeEvery) + 1;
      for (let purge = first * this.purgeEvery; purge <= what.asOf; purge += this.purgeEvery) {
        if (purge < this.begin) continue;
        // Beyond its window it answers nothing by what it knew.
        const late = Math.max(0, Math.min(now, isolate.knownAt + window) - purge);
        const step = Math.min(LATENESS_STEPS, Math.ceil((late / window) * LATENESS_STEPS));
        this.counted.lateness[step] = (this.counted.lateness[step] ?? 0) + 1;
      }
    }
    Object.assign(isolate, { knownAt: what.knownAt, asOf: Math.max(isolate.asOf, what.asOf) });
  }

  /** The next request that may ask for anything. */
  private next(isolate: Isolate, now: number, who: number): void {
    const { shares, window } = this.of;
    const due = isolate.knownAt + window / 2;
    const rested = shares ? isolate.lookedAt + VIEW_LIMITS.lookPeriod : now;
    const matters = Math.min(isolate.diesAt, isolate.knownAt + window, Math.max(due, rested));
    this.queue.push(Math.max(now, matters) + this.chance.wait(this.rate), who);
  }

  private count(what: "pulls" | "snapshots" | "looks", now: number): void {
    if (now >= this.begin) this.counted[what] += 1;
  }

  /** One that began it, where one did, and whoever comes meanwhile. */
  private waited(what: "waitedForLog" | "waitedForLook", since: number, now: number, first = 1): void {
    if (now < this.begin) return;
    const others = this.rate * (now - since);
    this.counted[what] += first + others;
    this.counted.waitedMs += (first + others / 2) * (now - since);
  }

  /** Mostly a fifth around it, and one in fifty four times as long. */
  private jittered(span: number): number {
    return span * (0.8 + 0.4 * this.chance.unit()) * (this.chance.unit() < 0.02 ? 4 : 1);
  }
}

const IDLE = { busy: "no", since: 0, waits: false, sentAt: 0 } as const;
