// The pulls of one view: which of them serves whom, and when the next one is sent (docs/adr/0082).

import { elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import type { Background, Timers } from "../ports/clock.ts";
import { Ending, waitFor } from "./ending.ts";
import type { Knowledge } from "./knowledge.ts";
import { VIEW_LIMITS } from "./limits.ts";
import { type PullOutcome, type PullPorts, pull } from "./pull.ts";

export interface Arrival {
  readonly at: Instant;
  readonly ticket: number;
}

interface Pull {
  /** Of its last page. Order among pulls and arrivals: clocks are too coarse to say which came first. */
  ticket: number;
  /** Its last page. */
  sentAt: Instant;
  pages: number;
  readonly ending: Ending;
}

/** The pull after the one under way, for everybody who comes before it is sent. */
interface Queued {
  aliveAt: Instant;
  /** Of who came last. */
  lastTicket: number;
  readonly ending: Ending;
}

export interface PullsPorts extends PullPorts {
  readonly timers: Timers;
  readonly counters: { pulls: number };
}

type Ended = (outcome: PullOutcome, background: Background) => void;

export class Pulls {
  private reachedTicket = 0;
  /** The last one that was sent. */
  private pulling: Pull | null = null;
  private readonly atWork = new Set<Pull>();
  private queued: Queued | null = null;
  private tickets = 0;
  private readonly knowledge: Knowledge;
  private readonly ports: PullsPorts;
  private readonly ended: Ended;

  constructor(knowledge: Knowledge, ports: PullsPorts, ended: Ended) {
    this.knowledge = knowledge;
    this.ports = ports;
    this.ended = ended;
  }

  ticket(): number {
    this.tickets += 1;
    return this.tickets;
  }

  /** The ticket of the pull that last reached the log's head. */
  get knownTicket(): number {
    return this.reachedTicket;
  }

  /** Whose request has died with it does not count. */
  underWay(): Pull | null {
    const { pulling } = this;
    return pulling === null || this.isLost(pulling) ? null : pulling;
  }

  private isLost({ sentAt }: Pull): boolean {
    return elapsed(sentAt, this.ports.clock.now()) > VIEW_LIMITS.pullGuard;
  }

  /** Whether that is the pull under way, and those who came before have waited for its answer as long as anybody would. */
  hasKeptWaiting(ending: Ending): boolean {
    const pulling = this.underWay();
    return pulling?.ending === ending && !this.isYoung(pulling);
  }

  /** Far behind it asks for page after page: another beside it asks for each of them once more. Unless it hangs. */
  private isWorthWaitingFor(pull: Pull): boolean {
    return (pull.pages > 1 && this.isYoung(pull)) || this.isFull();
  }

  private isYoung({ sentAt }: Pull): boolean {
    return elapsed(sentAt, this.ports.clock.now()) <= VIEW_LIMITS.gossipAfter;
  }

  /** By those that may well be answered; and by all, however long they have been waited for. */
  private isFull(): boolean {
    let young = 0;
    for (const one of this.atWork)
      if (this.isLost(one)) this.atWork.delete(one);
      else if (this.isYoung(one)) young += 1;
    return young >= VIEW_LIMITS.pullsAtOnce || this.atWork.size >= VIEW_LIMITS.pullsAtMost;
  }

  /** One that is sent from now on. */
  anew(background: Background): Ending {
    return this.for({ at: this.ports.clock.now(), ticket: this.ticket() }, millis(0), background);
  }

  /** A pull under way that is good enough, or the next one. */
  for(arrival: Arrival, window: Millis, background: Background): Ending {
    const pulling = this.underWay();
    if (pulling === null) return this.send(background);
    if (pulling.ticket > arrival.ticket || pulling.sentAt > arrival.at - window) return pulling.ending;
    const now = this.ports.clock.now();
    const { queued: other } = this;
    if (other !== null && elapsed(other.aliveAt, now) <= 2 * VIEW_LIMITS.pullQueue) {
      other.lastTicket = Math.max(other.lastTicket, arrival.ticket);
      return other.ending;
    }
    const queued: Queued = { aliveAt: now, lastTicket: arrival.ticket, ending: new Ending() };
    this.queued = queued;
    background.keep(this.sendNext(pulling, queued, background));
    return queued.ending;
  }

  private async sendNext(pulling: Pull, queued: Queued, background: Background): Promise<void> {
    let going: Pull | null = pulling;
    do {
      await this.wait(going.ending, VIEW_LIMITS.pullQueue);
      queued.aliveAt = this.ports.clock.now();
      going = this.underWay();
    } while (going !== null && going.ticket < queued.lastTicket && this.isWorthWaitingFor(going));
    if (this.queued === queued) this.queued = null;
    const serving = going !== null && going.ticket > queued.lastTicket ? going.ending : this.send(background);
    await this.wait(serving, VIEW_LIMITS.pullGuard);
    queued.ending.end();
  }

  private send(background: Background): Ending {
    const pulling: Pull = { ticket: 0, sentAt: this.ports.clock.now(), pages: 0, ending: new Ending() };
    this.pulling = pulling;
    this.atWork.add(pulling);
    this.ports.counters.pulls += 1;
    const sending = (at: Instant): void => {
      pulling.ticket = this.ticket();
      pulling.sentAt = at;
      pulling.pages += 1;
    };
    const done = pull(this.knowledge, this.ports, sending)
      .then((outcome) => {
        if (outcome === "reached") this.reachedTicket = Math.max(this.reachedTicket, pulling.ticket);
        this.ended(outcome, background);
      })
      .finally(() => {
        this.atWork.delete(pulling);
        if (this.pulling === pulling) this.pulling = null;
        pulling.ending.end();
      });
    background.keep(done);
    return pulling.ending;
  }

  private wait(ending: Ending, atMost: Millis): Promise<void> {
    return waitFor([ending], { timers: this.ports.timers, atMost, enough: () => false });
  }
}
