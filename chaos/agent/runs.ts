// The experiments of an agent: one at a time, the last ones' reports kept, any of them ended when that is asked for.

import type { ChaosAborter, ChaosReport } from "../../shared/wire/chaos.ts";
import { aim } from "../aim.ts";
import { LIMITS } from "../config.ts";
import { EXPERIMENT } from "../experiments.ts";
import { Progress } from "../progress.ts";
import { readOrder } from "../read-order.ts";
import { type ExperimentPorts, runExperiment } from "../run-experiment.ts";

export interface RunsPorts {
  readonly wall: () => number;
  /** Told of every report that is final; never rejects. */
  readonly report: (report: ChaosReport) => Promise<void>;
  readonly experiment: ExperimentPorts;
}

export type Begun =
  | { readonly kind: "begun"; readonly report: ChaosReport }
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "busy"; readonly problem: string };

interface Kept {
  readonly progress: Progress;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export class Runs {
  private readonly ports: RunsPorts;
  private readonly kept = new Map<string, Kept>();

  constructor(ports: RunsPorts) {
    this.ports = ports;
  }

  begin(text: string): Begun {
    const read = readOrder(text);
    if (read.kind === "refused") return read;
    const { order } = read;
    const known = this.kept.get(order.id);
    // Sent again, because the answer was lost.
    if (known !== undefined) return { kind: "begun", report: known.progress.report() };
    const running = [...this.kept.values()].find(({ progress }) => !progress.isOver);
    if (running !== undefined) return { kind: "busy", problem: `${running.progress.id} is running` };
    const experiment = EXPERIMENT[order.experiment];
    const aimed = aim(order, experiment, this.ports.experiment);
    if (aimed.kind === "refused") return aimed;
    const { target } = aimed;
    const about = { target, hypothesis: experiment.hypothesis(order, target) };
    const progress = new Progress(order, about, this.ports.wall);
    const abort = new AbortController();
    const run = { order, experiment, target, progress, signal: abort.signal };
    const ended = runExperiment(this.ports.experiment, run).then(() => this.ports.report(progress.report()));
    this.keep(order.id, { progress, abort, ended });
    return { kind: "begun", report: progress.report() };
  }

  report(id: string): ChaosReport | null {
    return this.kept.get(id)?.progress.report() ?? null;
  }

  /** Heals at once; the report is final a little later, when what was under way has ended. Null where there is none. */
  async abort(id: string, by: ChaosAborter | null): Promise<ChaosReport | null> {
    const one = this.kept.get(id);
    if (one === undefined) return null;
    if (!one.progress.isOver) {
      one.progress.aborted(by);
      one.abort.abort();
      await this.ports.experiment.pull({ kind: "heal" }).catch(() => undefined);
    }
    return one.progress.report();
  }

  /** Resolves when all that were begun have ended, and were reported. */
  async ended(): Promise<void> {
    await Promise.all([...this.kept.values()].map(({ ended }) => ended));
  }

  private keep(id: string, one: Kept): void {
    this.kept.set(id, one);
    const [oldest] = this.kept.keys();
    if (this.kept.size > LIMITS.reports && oldest !== undefined) this.kept.delete(oldest);
  }
}
