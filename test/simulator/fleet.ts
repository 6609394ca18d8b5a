// Runs many seeds on all cores, one process each, and hands the results over in the order of the seeds.

import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Simulated, simulate } from "./simulate.ts";

/** Below this, starting a process costs more than it saves. */
const WORTH_IT = 6;
/** A seed runs a little of everything, and leaves everything behind: nothing gets hot, and most is garbage. */
const FAST = ["--always-sparkplug", "--max-semi-space-size=32"];
/** Seeds on their way to one process: it need not wait for the next. */
const AHEAD = 2;

export interface Sweep {
  readonly first: number;
  readonly count: number;
  /** Whether traces of seeds that pass are wanted too. */
  readonly traces: boolean;
}

export async function sweep(seeds: Sweep, take: (result: Simulated) => void): Promise<void> {
  const processes = Math.min(availableParallelism(), Math.floor(seeds.count / WORTH_IT));
  if (processes < 2) {
    for (let seed = seeds.first; seed < seeds.first + seeds.count; seed++) take(await simulate(seed));
    return;
  }
  await new Fleet(seeds, take).run(processes);
}

class Fleet {
  private readonly seeds: Sweep;
  private readonly take: (result: Simulated) => void;
  private readonly waiting = new Map<number, Simulated>();
  private next: number;
  private due: number;

  constructor(seeds: Sweep, take: (result: Simulated) => void) {
    this.seeds = seeds;
    this.take = take;
    this.next = seeds.first;
    this.due = seeds.first;
  }

  async run(processes: number): Promise<void> {
    await Promise.all(Array.from({ length: processes }, () => this.drive()));
  }

  /** Keeps one process busy until there are no more seeds. */
  private drive(): Promise<void> {
    const child = fork(join(import.meta.dirname, "seed-process.ts"), [], {
      env: { ...process.env, SIM_TRACES: this.seeds.traces ? "all" : "failed" },
      execArgv: [...process.execArgv, ...FAST],
    });
    let busy = 0;
    return new Promise((resolve, reject) => {
      const more = (): void => {
        while (busy < AHEAD && this.assign(child)) busy += 1;
        if (busy === 0) child.disconnect();
      };
      child.on("message", (result: Simulated) => {
        busy -= 1;
        this.arrived(result);
        more();
      });
      child.on("error", reject);
      child.on("exit", (code) => {
        if (busy === 0 && code === 0) resolve();
        else reject(new Error(`a process for seeds ended with ${code}`));
      });
      more();
    });
  }

  private assign(child: ChildProcess): boolean {
    if (this.next >= this.seeds.first + this.seeds.count) return false;
    child.send(this.next);
    this.next += 1;
    return true;
  }

  private arrived(result: Simulated): void {
    this.waiting.set(result.seed, result);
    for (let ready = this.waiting.get(this.due); ready !== undefined; ready = this.waiting.get(this.due)) {
      this.waiting.delete(this.due);
      this.due += 1;
      this.take(ready);
    }
  }
}
