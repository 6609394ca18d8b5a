// Keeps the edge's view of the log young: when to pull, when to ask peers, and what a request waits for.

import type { LogEntry } from "../core/log-entry.ts";
import { hashAt, highestLearnt, knownAge, type LogView, positionOf } from "../core/log-view.ts";
import { comparePositions, type Position } from "../core/position.ts";
import { earlier, elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import { isDue, meets, pullsForOthers } from "../core/when-to-pull.ts";
import type { Background, Timers } from "../ports/clock.ts";
import type { Question, Told } from "../wire/gossip.ts";
import { Ending, waitFor } from "./ending.ts";
import { type GossipPorts, gossipRound, isAhead, tellPeer } from "./gossip.ts";
import { Knowledge } from "./knowledge.ts";
import { VIEW_LIMITS } from "./limits.ts";
import type { PullOutcome, PullPorts } from "./pull.ts";
import { type Arrival, Pulls } from "./pulls.ts";
import { Silence } from "./silence.ts";

interface Begun {
  readonly begunAt: Instant;
  readonly ending: Ending;
}

/** What is to be learnt: when it is enough, and how young a peer's knowledge must be for that. */
interface Wanted {
  readonly window: Millis;
  readonly holds: () => boolean;
}

export interface ViewPorts extends PullPorts, GossipPorts {
  readonly timers: Timers;
  readonly configured: (fields: ReadonlyMap<string, string>) => void;
}

export class ViewKeeper {
  private readonly knowledge: Knowledge;
  /** The last round of questions to peers. */
  private round: Begun | null = null;
  private readonly pulls: Pulls;
  private readonly silence = new Silence();
  private readonly ports: ViewPorts;

  constructor(ports: ViewPorts) {
    this.ports = ports;
    this.knowledge = new Knowledge(ports);
    const ended = (outcome: PullOutcome, background: Background): void => {
      this.silence.note(outcome !== "unavailable", ports.clock.now());
      if (outcome !== "reached") return;
      if (ports.shared !== null) background.keep(ports.shared.leave());
      background.keep(ports.reached(background));
    };
    this.pulls = new Pulls(this.knowledge, ports, ended);
  }

  /** Null while the edge is cold: it then neither reads nor stores. */
  current(): LogView | null {
    return this.knowledge.current();
  }

  position(): Position | null {
    const view = this.current();
    return view === null ? null : positionOf(view);
  }

  /** Whether the log did not answer when it was last asked. */
  get isSilent(): boolean {
    return this.silence.lasts;
  }

  /** The highest position learnt, pushes beyond a gap included: what an origin request sent now is as of. */
  asOf(): Position | null {
    const view = this.current();
    return view === null ? null : highestLearnt(view);
  }

  /** Taken when a request arrives: a pull with a greater ticket was sent after it. */
  ticket(): number {
    return this.pulls.ticket();
  }

  /** Whether a pull sent after the ticket was taken has reached the log's head. */
  pulledSince(ticket: number): boolean {
    return this.pulls.knownTicket > ticket;
  }

  /** Whether the view has this very entry, or else has got as far, and to the log's head by a pull sent since the ticket. */
  includes(entry: LogEntry, ticket: number): boolean {
    const view = this.current();
    if (view === null || comparePositions(positionOf(view), entry) < 0) return false;
    const holds = view.epoch === entry.epoch && hashAt(view, entry.seq) === entry.hash;
    return holds || this.pulledSince(ticket);
  }

  /** Learns behind a request's back from half the window on, so that requests rarely wait for it. */
  refreshIfDue(now: Instant, window: Millis, background: Background): void {
    const view = this.current();
    if (view === null || !isDue(knownAge(view, now), window) || this.pulls.underWay() !== null) return;
    const { shared } = this.ports;
    if (shared === null) background.keep(this.learn(now, millis(window / 2), background));
    else if (shared.isWorthALook(now)) background.keep(this.lookAndLearn(now, window, background));
  }

  /** Whether what another isolate has pulled is young enough; the log is asked beside it where that is due. */
  private async learnsFromShared(at: Instant, window: Millis, background: Background): Promise<boolean> {
    const { shared } = this.ports;
    if (this.current() === null || this.pulls.underWay() !== null || !shared?.isWorthALook(at)) return false;
    background.keep(this.lookAndLearn(at, window, background));
    await shared.look(this.knowledge, background);
    return this.knows(at, window);
  }

  private async lookAndLearn(at: Instant, window: Millis, background: Background): Promise<void> {
    const { random, shared } = this.ports;
    await shared?.look(this.knowledge, background);
    const view = this.current();
    if (view !== null && !pullsForOthers(knownAge(view, at), window, random.unit())) return;
    if (this.pulls.underWay() === null) await this.learn(at, millis(window / 2), background);
  }

  /** The view, where it was young enough as the request arrived. */
  atHand(arrivedAt: Instant, window: Millis, background: Background): LogView | null {
    if (window <= 0 || !this.knows(arrivedAt, window)) return null;
    this.refreshIfDue(arrivedAt, window, background);
    return this.current();
  }

  /**
   * A view within the window at the request's arrival, if anybody who knows can be reached in time; otherwise the
   * view there is. With a window of zero only a pull sent after the arrival will do.
   */
  async within(window: Millis, arrival: Arrival, background: Background): Promise<LogView | null> {
    const there = this.atHand(arrival.at, window, background);
    if (there !== null) return there;
    if (window > 0 && (await this.learnsFromShared(arrival.at, window, background))) return this.current();
    const pulled = this.pulls.for(arrival, window, background);
    if (window === 0) {
      await this.wait([pulled], VIEW_LIMITS.pullGuard);
      // The log was heard, but a step of the clock or another reply came between: that is no silence.
      if (!this.pulledSince(arrival.ticket) && !this.silence.lasts && pulled.isOver)
        await this.wait([this.pulls.for(arrival, window, background)], VIEW_LIMITS.pullGuard);
      this.distrustTies(arrival);
    } else await this.orFromPeers(pulled, this.wanted(arrival.at, window), background);
    return this.current();
  }

  /** One pull sent after the arrival, and peers' word where the log is silent, until it holds. */
  async renew(arrival: Arrival, holds: () => boolean, background: Background): Promise<void> {
    const pulled = this.pulls.for(arrival, millis(0), background);
    await this.orFromPeers(pulled, { window: VIEW_LIMITS.beatWindow, holds }, background);
  }

  /** The beat: learns what there is to learn, from whoever can tell it in good time. */
  async catchUp(background: Background): Promise<void> {
    const learning = this.learn(this.ports.clock.now(), VIEW_LIMITS.beatWindow, background);
    background.keep(learning);
    await this.wait([Ending.of(learning)], VIEW_LIMITS.beatPatience);
  }

  /** A clock too coarse to tell a pull before the arrival from one after it must not pass for the latter. */
  private distrustTies(arrival: Arrival): void {
    const view = this.current();
    if (view === null || this.pulledSince(arrival.ticket) || view.knownAt < arrival.at) return;
    view.knownAt = earlier(arrival.at, millis(1));
  }

  /** Takes in pushed entries: they hasten a purge, and never make the knowledge of the head younger. */
  receive(entries: readonly LogEntry[], background: Background): void {
    this.ports.counters.pushes += 1;
    const view = this.current();
    if (view === null) return;
    const joined = this.knowledge.take(view, entries);
    if (!joined || view.ahead.size > 0) this.pulls.anew(background);
  }

  /** What this edge knows, for a peer: younger than the peer wants it, if the log can be reached at once. */
  async tell(question: Question, background: Background): Promise<Told> {
    const { clock, counters, peers } = this.ports;
    counters.gossipTold += 1;
    peers.heard(question.edge, clock.now());
    if (!this.knows(clock.now(), millis(question.within))) {
      const pulled = this.pulls.underWay()?.ending ?? this.pulls.anew(background);
      if (!this.silence.lasts) await this.wait([pulled], VIEW_LIMITS.tellPatience);
    }
    const told = tellPeer(this.knowledge, question.standing, clock.now());
    if (told.kind === "fork") this.pulls.anew(background);
    // Whoever asks tells something too: that there is more than we know.
    else if (isAhead(question.standing, this.current())) this.learnBehind(background);
    return told;
  }

  /** Resolves when the log has answered or was given up. */
  pull(background: Background): Promise<void> {
    return this.wait([this.pulls.anew(background)], VIEW_LIMITS.pullGuard);
  }

  private learn(at: Instant, window: Millis, background: Background): Promise<void> {
    const pulled = this.pulls.for({ at, ticket: this.pulls.ticket() }, window, background);
    return this.orFromPeers(pulled, this.wanted(at, window), background);
  }

  /** Asks the log, unless it is being asked: nobody waits for it. */
  learnBehind(background: Background): void {
    if (this.pulls.underWay() !== null) return;
    background.keep(this.learn(this.ports.clock.now(), VIEW_LIMITS.beatWindow, background));
  }

  /** The log's word, or peers' where it doesn't come at once or not at all: whichever is enough first. */
  private async orFromPeers(pulled: Ending, wanted: Wanted, background: Background): Promise<void> {
    const { holds } = wanted;
    const atMost = this.silence.patience(this.ports.clock.now());
    if (this.ports.peers.count === 0) {
      const isSilent = atMost <= VIEW_LIMITS.gossipAfter;
      return isSilent && this.pulls.hasKeptWaiting(pulled) ? undefined : this.wait([pulled], atMost);
    }
    if (atMost > VIEW_LIMITS.gossipAfter) await this.wait([pulled], VIEW_LIMITS.gossipAfter);
    if (holds()) return;
    const told = this.askPeers(wanted.window, background);
    await waitFor([pulled, told], { timers: this.ports.timers, atMost, enough: holds });
  }

  /** One round at a time, and no more of them than the period allows. */
  private askPeers(within: Millis, background: Background): Ending {
    const now = this.ports.clock.now();
    const { round } = this;
    if (round !== null && elapsed(round.begunAt, now) < VIEW_LIMITS.gossipPeriod) return round.ending;
    const done = gossipRound(this.knowledge, this.ports, { within, background });
    this.round = { begunAt: now, ending: Ending.of(done) };
    background.keep(done);
    return this.round.ending;
  }

  private wanted(at: Instant, window: Millis): Wanted {
    return { window, holds: () => this.knows(at, window) };
  }

  /** Whether the head was known no longer than the window before that instant. */
  private knows(at: Instant, window: Millis): boolean {
    const view = this.current();
    return view !== null && meets(knownAge(view, at), window);
  }

  private wait(endings: readonly Ending[], atMost: Millis): Promise<void> {
    return waitFor(endings, { timers: this.ports.timers, atMost, enough: () => false });
  }
}
