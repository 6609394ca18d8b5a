// The report of an experiment as it grows.

import type { ChaosAborter, ChaosOrder, ChaosReport, ChaosVerdict } from "../shared/wire/chaos.ts";
import { LIMITS } from "./config.ts";
import type { History } from "./history.ts";

export class Progress {
  private readonly wall: () => number;
  private readonly order: ChaosOrder;
  private readonly about: Pick<ChaosReport, "target" | "hypothesis">;
  private readonly startedAt: number;
  private readonly events: { at: number; text: string }[] = [];
  private phase: ChaosReport["phase"] = "preparing";
  private verdicts: readonly ChaosVerdict[] = [];
  private problem: string | null = null;
  private isAborted = false;
  private abortedBy: ChaosAborter | null = null;
  private endedAt: number | null = null;
  private history: History | null = null;
  /** Of one that is over: every request of fifty experiments is more than anybody wants to keep. */
  private timeline: ChaosReport["timeline"] = [];

  constructor(order: ChaosOrder, about: Pick<ChaosReport, "target" | "hypothesis">, wall: () => number) {
    this.order = order;
    this.about = about;
    this.wall = wall;
    this.startedAt = wall();
  }

  get id(): string {
    return this.order.id;
  }

  get isOver(): boolean {
    return this.endedAt !== null;
  }

  watch(history: History): void {
    this.history = history;
  }

  enter(phase: ChaosReport["phase"]): void {
    this.phase = phase;
  }

  note(text: string): void {
    this.events.push({ at: this.wall(), text: short(text) });
  }

  judged(verdicts: readonly ChaosVerdict[]): void {
    this.verdicts = verdicts.map((verdict) => ({ ...verdict, text: short(verdict.text) }));
  }

  /** The first thing that went wrong is the one that matters. */
  failed(problem: string): void {
    this.problem ??= short(problem);
    this.note(problem);
  }

  /** By whoever did so first; null where that was not said. */
  aborted(by: ChaosAborter | null): void {
    this.isAborted = true;
    this.abortedBy ??= by;
    this.failed("it was ended early");
  }

  over(): void {
    if (this.isOver) return;
    const failedOver = this.history?.requests.filter(({ refusedBy }) => refusedBy !== null).length ?? 0;
    if (failedOver > 0)
      this.note(`${failedOver} requests went on to another edge, where theirs refused them`);
    this.timeline = this.history?.timeline() ?? [];
    this.history = null;
    this.phase = "over";
    this.endedAt = this.wall();
  }

  report(): ChaosReport {
    const { order, about, startedAt, endedAt, phase, verdicts, problem, abortedBy } = this;
    return {
      ...{ id: order.id, experiment: order.experiment, ...about, seed: order.seed },
      ...(order.from === undefined ? {} : { from: order.from }),
      ...(order.arrives === undefined ? {} : { arrives: order.arrives }),
      state: this.state(),
      ...{ phase, startedAt, endedAt, durationMs: order.durationMs, verdicts, problem },
      timeline: this.history?.timeline() ?? this.timeline,
      events: [...this.events],
      ...(abortedBy === null ? {} : { abortedBy }),
    };
  }

  private state(): ChaosReport["state"] {
    if (this.isAborted) return "aborted";
    if (!this.isOver) return "running";
    const held = this.verdicts.length > 0 && this.verdicts.every(({ holds }) => holds);
    return held && this.problem === null ? "passed" : "failed";
  }
}

/** What went wrong is told in words that may be anybody's, and of any length. */
const short = (text: string): string =>
  text.length <= LIMITS.text ? text : `${text.slice(0, LIMITS.text - 1)}…`;
