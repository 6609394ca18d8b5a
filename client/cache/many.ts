// One load for several keys: it is run when each of them has been found elsewhere, or asks for it.

import { millis } from "../../shared/core/units.ts";
import type { CacheCore } from "./core.ts";
import type { Batch, Job } from "./job.ts";
import type { Ran, RunFailed } from "./ran.ts";
import type { Shed } from "./source.ts";
import { inTurn, type LateSignal } from "./turn.ts";

/** A key that waits for another process's load holds up the others no longer than this. */
const PATIENCE = millis(25);

/** A key that the result lacks has no value: `undefined`. */
export type LoadMany<T> = (keys: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, T>>;

type Outcome<T> = Ran<T> | RunFailed | Shed;

interface Waiter {
  readonly job: Job;
  readonly give: (outcome: Outcome<unknown>) => void;
}

export class Together implements Batch {
  private readonly core: CacheCore;
  private readonly loadMany: LoadMany<unknown>;
  /** Those that may yet need the load. */
  private readonly open: Set<string>;
  private waiting: Waiter[] = [];
  private cancel: (() => void) | null = null;

  constructor(core: CacheCore, keys: readonly string[], loadMany: LoadMany<unknown>) {
    this.core = core;
    this.open = new Set(keys);
    this.loadMany = loadMany;
  }

  load(job: Job): Promise<Outcome<unknown>> {
    const { promise, resolve } = Promise.withResolvers<Outcome<unknown>>();
    this.waiting.push({ job, give: resolve });
    this.cancel ??= this.core.timers.after(PATIENCE, () => this.run());
    this.open.add(job.key);
    this.runWhenAllWait();
    return promise;
  }

  /** This key needs no load any more. */
  settled(key: string): void {
    this.open.delete(key);
    this.runWhenAllWait();
  }

  private runWhenAllWait(): void {
    if (this.waiting.length >= this.open.size) this.run();
  }

  /** In one turn, and for one token of the class of its first key. */
  private run(): void {
    this.cancel?.();
    this.cancel = null;
    const those = this.waiting;
    this.waiting = [];
    const [first] = those;
    if (first === undefined) return;
    const { rules, source } = first.job;
    const keys = [...new Set(those.map(({ job }) => job.key))];
    const isBehind = those.every(({ job }) => job.background);
    const outcome = inTurn(this.core, {
      ...{ source, class: rules.class, priority: isBehind ? "background" : "user" },
      run: (ending) => this.ask(first.job, keys, ending),
    });
    void outcome.then((came) => {
      for (const { job, give } of those)
        give(came.kind === "ran" ? { ...came, value: came.value.get(job.key) } : came);
    });
  }

  private ask(job: Job, keys: readonly string[], ending: LateSignal): Promise<ReadonlyMap<string, unknown>> {
    return this.core.telemetry.spanning(job, async () => {
      const values = await this.loadMany(keys, ending.signal);
      if (typeof values?.get !== "function") throw new TypeError("loadMany has to resolve to a Map");
      return new Map(keys.map((key) => [key, values.get(key)]));
    });
  }
}
