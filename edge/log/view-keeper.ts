// Keeps the edge's view of the log: pulls it, takes pushes in, and says how old its knowledge is.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import {
  carryOver,
  highestLearnt,
  knownAge,
  type LogView,
  learn,
  learnHead,
  positionOf,
  viewOfSnapshot,
} from "../../shared/core/log-view.ts";
import type { Position } from "../../shared/core/position.ts";
import { earlier, type Instant, instant, type Millis, millis } from "../../shared/core/units.ts";
import type { Background, Clock, Timers } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { Counters } from "../counters.ts";

interface Pull {
  /** Order among pulls and arrivals: clocks are too coarse to say which came first. */
  readonly ticket: number;
  readonly sentAt: Instant;
  readonly done: Promise<void>;
}

export interface ViewPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly counters: Counters;
  readonly configured: (fields: ReadonlyMap<string, string>) => void;
  /** The log has just answered: what it could not be told before can be told now. */
  readonly reached: () => Promise<void>;
}

const LIMITS_OF_VIEW = { selectors: LIMITS.viewSelectors, ahead: LIMITS.viewAhead };

export class ViewKeeper {
  private view: LogView | null = null;
  private pulling: Pull | null = null;
  private tickets = 0;
  /** The ticket of the pull that last reached the log's head. */
  private knownTicket = 0;
  private stepsSeen = 0;
  private generations = 0;
  private highestEpoch = 0;
  private readonly ports: ViewPorts;

  constructor(ports: ViewPorts) {
    this.ports = ports;
  }

  /** Null while the edge is cold: it then neither reads nor stores. */
  current(): LogView | null {
    if (this.view !== null && this.ports.clock.backwardSteps() !== this.stepsSeen) this.voidView(this.view);
    return this.view;
  }

  position(): Position | null {
    const view = this.current();
    return view === null ? null : positionOf(view);
  }

  /** The highest position learnt, pushes beyond a gap included: what an origin request sent now is as of. */
  asOf(): Position | null {
    const view = this.current();
    return view === null ? null : highestLearnt(view);
  }

  /** Taken when a request arrives: a pull with a greater ticket was sent after it. */
  ticket(): number {
    this.tickets += 1;
    return this.tickets;
  }

  /** Pulls behind a request's back from half the window on, so that requests rarely wait for one. */
  refreshIfDue(now: Instant, window: Millis, background: Background): void {
    const view = this.view;
    if (view === null || this.pulling !== null || knownAge(view, now) * 2 <= window) return;
    background.keep(this.pull(background));
  }

  /**
   * A view within the window at the request's arrival, if the log can be reached in time; otherwise the view
   * there is. With a window of zero only a pull sent after the arrival will do.
   */
  async within(
    window: Millis,
    arrival: { at: Instant; ticket: number },
    background: Background,
  ): Promise<LogView | null> {
    const view = this.current();
    const young = view !== null && window > 0 && knownAge(view, arrival.at) <= window;
    if (young) {
      this.refreshIfDue(arrival.at, window, background);
      return view;
    }
    const { pulling } = this;
    const joins =
      pulling !== null && (pulling.ticket > arrival.ticket || pulling.sentAt > arrival.at - window);
    await this.guard(joins ? pulling.done : this.pull(background));
    if (window === 0) this.distrustTies(arrival);
    return this.current();
  }

  /** A clock too coarse to tell a pull before the arrival from one after it must not pass for the latter. */
  private distrustTies(arrival: { at: Instant; ticket: number }): void {
    const view = this.current();
    if (view === null || this.knownTicket > arrival.ticket || view.knownAt < arrival.at) return;
    view.knownAt = earlier(arrival.at, millis(1));
  }

  /** Takes in pushed entries: they hasten a purge, and never make the knowledge of the head younger. */
  receive(entries: readonly LogEntry[], background: Background): void {
    this.ports.counters.pushes += 1;
    const view = this.current();
    if (view === null) return;
    this.take(view, entries);
    if (this.view === null || view.ahead.size > 0) background.keep(this.pull(background));
  }

  pull(background: Background): Promise<void> {
    const sentAt = this.ports.clock.now();
    const ticket = this.ticket();
    const done = this.pullOnce(ticket).finally(() => {
      if (this.pulling?.ticket === ticket) this.pulling = null;
      if (this.knownTicket >= ticket) background.keep(this.ports.reached());
    });
    this.pulling = { ticket, sentAt, done };
    background.keep(done);
    return done;
  }

  private async pullOnce(ticket: number): Promise<void> {
    this.ports.counters.pulls += 1;
    const view = this.current();
    if (view === null) return this.takeSnapshot(ticket);
    for (let page = 0; page < LIMITS.pullPages; page++) {
      const sentAt = this.ports.clock.now();
      const known = { epoch: view.epoch, seq: view.cursor, hash: view.hash };
      const outcome = await this.ports.log.since(known, LIMITS.pullPage);
      if (outcome.kind === "unavailable") return;
      // Another pull or a push may have replaced the view meanwhile: this reply is then about nothing we hold.
      if (this.view !== view) return;
      if (outcome.kind === "unknown") return this.takeSnapshot(ticket);
      if (!this.take(view, outcome.entries)) return this.takeSnapshot(ticket);
      learnHead(view, outcome.head, sentAt);
      if (view.cursor < outcome.head.seq) continue;
      this.knownTicket = Math.max(this.knownTicket, ticket);
      return;
    }
  }

  /** False where the chain does not join ours. */
  private take(view: LogView, entries: readonly LogEntry[]): boolean {
    const learning = learn(view, entries, { receivedAt: this.ports.clock.now(), limits: LIMITS_OF_VIEW });
    if (learning.kind === "broken") {
      this.forget(view);
      return false;
    }
    if (learning.configurationChanged) this.ports.configured(view.configuration);
    return true;
  }

  private async takeSnapshot(ticket: number): Promise<void> {
    const sentAt = this.ports.clock.now();
    this.highestEpoch = Math.max(this.highestEpoch, this.view?.epoch ?? 0);
    const outcome = await this.ports.log.snapshot(this.highestEpoch);
    if (outcome.kind === "unavailable") return;
    const { head, configuration } = outcome;
    const old = this.view;
    // A late reply must not take back what was learnt since: a view never regresses.
    if (old !== null && (head.epoch < old.epoch || (head.epoch === old.epoch && head.seq <= old.cursor)))
      return;
    this.generations = Math.max(this.generations, old?.generation ?? 0) + 1;
    const view = viewOfSnapshot({ ...head, configuration }, sentAt, this.generations);
    if (old !== null) carryOver(view, old, LIMITS_OF_VIEW);
    this.view = view;
    this.knownTicket = Math.max(this.knownTicket, ticket);
    this.stepsSeen = this.ports.clock.backwardSteps();
    this.ports.configured(view.configuration);
  }

  /** The chain broke: nothing is known any more but the epoch that may not be undercut. */
  private forget(view: LogView): void {
    if (this.view !== view) return;
    // Beyond ours: if the log still is in this very epoch, it has lost or forked what we hold, and must begin another.
    this.highestEpoch = Math.max(this.highestEpoch, view.epoch + 1);
    this.generations = view.generation + 1;
    this.view = null;
  }

  /** A clock of this host stepped back: ages measured across the step mean nothing. */
  private voidView(view: LogView): void {
    this.stepsSeen = this.ports.clock.backwardSteps();
    view.knownAt = instant(Number.NEGATIVE_INFINITY);
    view.generation += 1;
  }

  /** Whoever waits for another request's pull stops waiting if that request is gone. */
  private guard(done: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.ports.timers.after(millis(2 * LIMITS.logDeadline), resolve);
      const finish = (): void => {
        cancel();
        resolve();
      };
      done.then(finish, finish);
    });
  }
}
