// Isolates of one data centre with the edge's own view keepers, under virtual time: what the simulation is held against.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import { type Instant, instant, type Millis, millis, type Selector } from "../../shared/core/units.ts";
import { type Background, type Clock, type Timers, UNKEPT } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import type { Note, Notes } from "../../shared/ports/notes.ts";
import { Peers } from "../../shared/view/peers.ts";
import { SharedView } from "../../shared/view/shared-view.ts";
import { ViewKeeper } from "../../shared/view/view-keeper.ts";
import { Chance } from "./chance.ts";

export interface Keepers {
  readonly isolates: number;
  /** Requests a second of all of them. */
  readonly rate: number;
  readonly window: Millis;
  readonly shares: boolean;
  /** Milliseconds. */
  readonly roundTrip: number;
  readonly look: number;
  readonly visibleAfter: number;
  readonly duration: number;
  /** Not counted before then: isolates begin cold. */
  readonly warmUp: number;
  /** Milliseconds between two purges. */
  readonly purgeEvery: number;
  readonly seed: string;
}

export interface KeepersCounted {
  readonly requests: number;
  readonly pulls: number;
  readonly looks: number;
  /** Requests that were answered by a view which lacked what had been purged longer ago than the window. */
  readonly tooLate: number;
  /** The longest that a request was behind a purge, milliseconds. */
  readonly latest: number;
}

export async function runKeepers(of: Keepers): Promise<KeepersCounted> {
  const time = new Time();
  const chance = new Chance(of.seed);
  const log = new MemoryLog(time, of.roundTrip);
  const notes = memoryNotes(time, of);
  const isolates = Array.from({ length: of.isolates }, () =>
    keeper(of, { time, chance, log: log.port, notes }),
  );
  const seen = { requests: 0, tooLate: 0, latest: 0 };
  const end = of.warmUp + of.duration;
  for (let at = of.purgeEvery; at < end; at += of.purgeEvery) time.at(at, () => log.append());
  for (const { keeper } of isolates) {
    const mean = of.rate / of.isolates / 1000;
    for (let at = chance.wait(mean); at < end; at += chance.wait(mean))
      time.at(at, () => void ask(keeper, { of, time, log, seen }));
  }
  const sums = (): { requests: number; pulls: number; looks: number } => ({
    requests: seen.requests,
    pulls: isolates.reduce((sum, { counters }) => sum + counters.pulls, 0),
    looks: isolates.reduce((sum, { shared }) => sum + (shared?.counts.looks ?? 0), 0),
  });
  let before = sums();
  time.at(of.warmUp, () => {
    before = sums();
  });
  await time.run();
  const { requests, pulls, looks } = sums();
  return {
    ...seen,
    requests: requests - before.requests,
    pulls: pulls - before.pulls,
    looks: looks - before.looks,
  };
}

interface Asked {
  readonly of: Keepers;
  readonly time: Time;
  readonly log: MemoryLog;
  readonly seen: { requests: number; tooLate: number; latest: number };
}

/** As an edge asks before it answers from what it holds. */
async function ask(keeper: ViewKeeper, { of, time, log, seen }: Asked): Promise<void> {
  seen.requests += 1;
  const at = instant(time.now);
  const view = await keeper.within(of.window, { at, ticket: keeper.ticket() }, UNKEPT);
  const lacking = log.appended[view?.cursor ?? 0];
  if (lacking === undefined) return;
  seen.latest = Math.max(seen.latest, at - lacking);
  if (at - lacking > of.window) seen.tooLate += 1;
}

function keeper(of: Keepers, around: { time: Time; chance: Chance; log: Log; notes: Notes }) {
  const { time, chance, log, notes } = around;
  const { clock, timers } = time;
  const counters = { pulls: 0, pushes: 0, gossipRounds: 0, gossipHeard: 0, gossipTold: 0 };
  const seal = { digest: DIGEST, key: "key", scope: "log" };
  const shared = of.shares ? new SharedView({ clock, timers, notes, seal }) : null;
  const keeper = new ViewKeeper({
    ...{ clock, timers, log, counters, shared },
    self: "one",
    begunAt: clock.now(),
    random: { token: () => "token", unit: () => chance.unit() },
    peers: new Peers({ self: "one", urls: new Map() }),
    callPeer: async () => ({ kind: "unreachable", reason: "refused" }),
    configured: () => undefined,
    reached: async (_: Background) => undefined,
  });
  return { keeper, counters, shared };
}

/** Nobody forges anything here. */
const DIGEST: Digest = {
  sha256Hex: async (text) => text,
  sha256Base64: async () => "",
  hmacHex: async (key, text) => `${key}${text.length}`,
};

/** Its clock is another one than the isolates'. */
const REDIS_AHEAD = 1_000_000;

class MemoryLog {
  /** When each entry was appended. */
  readonly appended: number[] = [];
  private readonly entries: LogEntry[] = [];
  private readonly time: Time;
  private readonly roundTrip: number;

  constructor(time: Time, roundTrip: number) {
    this.time = time;
    this.roundTrip = roundTrip;
  }

  append(): void {
    const seq = this.entries.length + 1;
    const payload = { kind: "invalidate", mode: "hard", selectors: [`s t ${seq}` as Selector] } as const;
    this.entries.push({ epoch: 1, seq, previous: `h${seq - 1}`, hash: `h${seq}`, age: 0, payload });
    this.appended.push(this.time.now);
  }

  readonly port: Log = {
    append: async () => ({ kind: "unavailable", reason: "read only" }),
    confirm: async () => ({ kind: "unavailable", reason: "read only" }),
    untold: async () => ({ kind: "nothing" }),
    withhold: async () => {},
    takesWrites: async () => ({ kind: "takes-writes" }),
    check: async () => ({ kind: "unknown" }),
    since: ({ seq }) =>
      this.reply(() => ({ kind: "entries", entries: this.entries.slice(seq), ...this.standing() }) as const),
    snapshot: () =>
      this.reply(() => ({ kind: "snapshot", configuration: new Map(), ...this.standing() }) as const),
  };

  private standing(): { readonly head: LogHead; readonly at: number } {
    const seq = this.entries.length;
    return { head: { epoch: 1, seq, hash: `h${seq}` }, at: Math.floor(this.time.now + REDIS_AHEAD) };
  }

  /** It looks half-way. */
  private async reply<Reply>(look: () => Reply): Promise<Reply> {
    await this.time.pass(this.roundTrip / 2);
    const reply = look();
    await this.time.pass(this.roundTrip / 2);
    return reply;
  }
}

function memoryNotes(time: Time, { look, visibleAfter }: Pick<Keepers, "look" | "visibleAfter">): Notes {
  const left = new Map<string, { readonly text: string; readonly at: number }>();
  return {
    async find(name): Promise<Note | null> {
      await time.pass(look);
      const found = left.get(name);
      return found === undefined ? null : { text: found.text, residence: millis(time.now - found.at) };
    },
    async leave(name, text) {
      const at = time.now;
      await time.pass(visibleAfter);
      left.set(name, { text, at });
      return true;
    },
  };
}

/** Virtual time for promises: all that an event has set going comes to rest before the next one. */
class Time {
  now = 0;
  private readonly events = new Map<number, (() => void)[]>();
  private readonly instants: number[] = [];

  readonly clock: Clock = {
    now: () => instant(this.now),
    surely: () => instant(this.now),
    backwardSteps: () => 0,
    wall: () => this.now,
  };

  readonly timers: Timers = {
    sleep: (span) => this.pass(span),
    after: (span, action) => {
      let live = true;
      this.at(this.now + span, () => live && action());
      return () => {
        live = false;
      };
    },
  };

  at(when: number, action: () => void): void {
    const instant = Math.ceil(when);
    const there = this.events.get(instant);
    if (there !== undefined) return void there.push(action);
    this.events.set(instant, [action]);
    this.insert(instant);
  }

  pass(span: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + span, resolve));
  }

  async run(): Promise<void> {
    for (let next = this.instants.pop(); next !== undefined; next = this.instants.pop()) {
      this.now = next;
      const actions = this.events.get(next) ?? [];
      this.events.delete(next);
      for (const action of actions) action();
      await new Promise(setImmediate);
    }
  }

  /** Latest first. */
  private insert(instant: Instant | number): void {
    let [low, high] = [0, this.instants.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.instants[middle] ?? 0) > instant) low = middle + 1;
      else high = middle;
    }
    this.instants.splice(low, 0, instant);
  }
}
