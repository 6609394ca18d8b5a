// What this isolate knows of the log: one view at a time, replaced or forgotten, and never going back.

import type { Hearing, Telling } from "../core/gossip.ts";
import { hear } from "../core/gossip.ts";
import type { LogEntry } from "../core/log-entry.ts";
import {
  carryOver,
  hashAt,
  type LogView,
  lastAhead,
  learn,
  learnHead,
  positionOf,
  type Received,
  viewOfSnapshot,
} from "../core/log-view.ts";
import { comparePositions } from "../core/position.ts";
import { type Instant, instant } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Joint, LogHead } from "../ports/mid-tier.ts";
import { VIEW_LIMITS } from "./limits.ts";

export interface KnowledgePorts {
  readonly clock: Clock;
  /** When this life of the isolate began. */
  readonly begunAt: Instant;
  readonly configured: (fields: ReadonlyMap<string, string>) => void;
}

export class Knowledge {
  private view: LogView | null = null;
  private generations = 0;
  private stepsSeen = 0;
  private highestEpoch = 0;
  /**
   * The last entry known from the log itself, where a peer's word has led past it over entries never seen. The log is
   * asked to join it before anything else: a fork could hide in that gap.
   */
  private unproven: LogHead | null = null;
  private readonly ports: KnowledgePorts;

  constructor(ports: KnowledgePorts) {
    this.ports = ports;
  }

  /** Null while the edge is cold. Asked before every question too: what a step came after is void with the rest. */
  current(): LogView | null {
    const steps = this.ports.clock.backwardSteps();
    if (steps !== this.stepsSeen && this.view !== null) voidView(this.view);
    this.stepsSeen = steps;
    return this.view;
  }

  /** Where the log is to go on from, and what of it is known beyond. */
  joint(view: LogView): Joint {
    const end = { epoch: view.epoch, seq: view.cursor, hash: view.hash };
    const beyond = lastAhead(view) ?? (this.unproven === null ? null : end);
    return { ...(this.unproven ?? end), beyond };
  }

  /** The log has gone on from the joint. True where that was all there was to prove. */
  proven(): boolean {
    const proven = this.unproven === null;
    this.unproven = null;
    return proven;
  }

  /** An epoch below this is not one that the log may go on with. */
  epochDemanded(): number {
    this.highestEpoch = Math.max(this.highestEpoch, this.view?.epoch ?? 0);
    return this.highestEpoch;
  }

  /** False where the chain does not join ours. */
  take(view: LogView, entries: readonly LogEntry[]): boolean {
    const learning = learn(view, entries, { ...this.received(), limits: VIEW_LIMITS });
    if (learning.kind === "broken") {
      this.forget(view);
      return false;
    }
    if (learning.configurationChanged) this.ports.configured(view.configuration);
    return true;
  }

  /** False where another entry stands in the head's place: one from before a fork, held beyond a gap, has led the cursor on. */
  reachedHead(view: LogView, head: LogHead, sentAt: Instant): boolean {
    const held = hashAt(view, head.seq);
    if (held !== null && held !== head.hash) {
      this.forget(view);
      return false;
    }
    learnHead(view, head, sentAt);
    return true;
  }

  /** False for a late reply, which must not take back what was learnt since. */
  begin(head: LogHead, configuration: ReadonlyMap<string, string>, sentAt: Instant): boolean {
    const old = this.view;
    if (old !== null && !this.leadsOn(old, head)) return false;
    const view = viewOfSnapshot({ ...head, configuration }, sentAt, this.nextGeneration());
    if (old !== null) carryOver(view, old, VIEW_LIMITS);
    this.unproven = null;
    this.adopt(view);
    return true;
  }

  /** A snapshot at our own place leads on where the joint is trimmed: nothing but a view of its own ever proves that gap. */
  private leadsOn(old: LogView, head: LogHead): boolean {
    if (head.epoch !== old.epoch || head.seq !== old.cursor)
      return comparePositions(head, positionOf(old)) > 0;
    if (head.hash === old.hash) return this.unproven !== null;
    this.forget(old);
    return false;
  }

  /** Takes in what a peer has told. */
  hear(telling: Telling, sentAt: Instant): Hearing {
    const old = this.current();
    // The log itself has shown more than any peer that still is in an epoch before.
    if (telling.epoch < this.highestEpoch) return { kind: "useless" };
    const hearing = hear(old, telling, {
      sentAt,
      ...this.received(),
      begunAt: this.ports.begunAt,
      generation: this.generationAhead(),
      limits: VIEW_LIMITS,
    });
    if (hearing.kind === "learnt" && hearing.configurationChanged && old !== null)
      this.ports.configured(old.configuration);
    if (hearing.kind === "fork" && old !== null) this.forget(old);
    if (hearing.kind === "begun") {
      const leapt = old !== null && old.epoch === telling.epoch;
      this.unproven = leapt ? this.joint(old) : null;
      this.nextGeneration();
      this.adopt(hearing.view);
    }
    return hearing;
  }

  /** The chain broke: nothing is known any more but the epoch that may not be undercut. */
  forget(view: LogView): void {
    if (this.view !== view) return;
    // Beyond ours: if the log still is in this very epoch, it has lost or forked what we hold, and must begin another.
    this.highestEpoch = Math.max(this.highestEpoch, view.epoch + 1);
    this.generations = view.generation + 1;
    this.unproven = null;
    this.view = null;
  }

  private adopt(view: LogView): void {
    this.view = view;
    this.ports.configured(view.configuration);
  }

  private received(): Received {
    const { clock } = this.ports;
    return { receivedAt: clock.now(), surely: clock.surely() };
  }

  private generationAhead(): number {
    return Math.max(this.generations, this.view?.generation ?? 0) + 1;
  }

  private nextGeneration(): number {
    this.generations = this.generationAhead();
    return this.generations;
  }
}

/** A clock of this host stepped back: ages measured across the step mean nothing. */
function voidView(view: LogView): void {
  view.knownAt = instant(Number.NEGATIVE_INFINITY);
  view.generation += 1;
}
