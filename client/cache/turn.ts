// Asks a source: in its turn, under a deadline, and a second time at most.

import { elapsed, type Instant, millis } from "../../shared/core/units.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { CacheCore } from "./core.ts";
import { countIn } from "./counters.ts";
import { CACHE_LIMITS } from "./limits.ts";
import type { Ran, RunFailed } from "./ran.ts";
import type { Entered, Shed, Source, Wish } from "./source.ts";

/** What is asked, and what for. */
export interface Errand<T> extends Wish {
  readonly source: string;
  readonly run: (ending: LateSignal) => Promise<T>;
}

/** Never rejects. What does not heed its signal keeps its turn until it ends. */
export async function inTurn<T>(core: CacheCore, errand: Errand<T>): Promise<Ran<T> | RunFailed | Shed> {
  try {
    const source = core.sources.named(errand.source);
    const entered = await source.enter(errand);
    if (entered.kind === "entered") return await ask(core, errand, { source, entered });
    countIn(core.counters.shed, entered.reason);
    return entered;
  } catch (cause) {
    return { kind: "failed", cause, goesOn: null };
  }
}

async function ask<T>(
  core: CacheCore,
  errand: Errand<T>,
  { source, entered }: { readonly source: Source; readonly entered: Entered },
): Promise<Ran<T> | RunFailed> {
  if (entered.byShare) core.counters.byShare += 1;
  let last = begin(core, errand);
  try {
    let outcome = await last.outcome;
    if (outcome.kind === "failed" && outcome.goesOn === null && (await source.mayRetry(errand))) {
      core.counters.retries += 1;
      await core.timers.sleep(millis(CACHE_LIMITS.retryPause * (0.5 + core.random.unit() / 2)));
      last = begin(core, errand);
      outcome = await last.outcome;
    }
    entered.came(outcome.kind === "ran" ? "well" : "failed", last.began);
    return outcome;
  } finally {
    void last.settled.then(() => entered.leave());
  }
}

interface Run<T> {
  readonly outcome: Promise<Ran<T> | RunFailed>;
  /** When what was asked has itself ended. */
  readonly settled: Promise<void>;
  readonly began: Instant;
}

function begin<T>(core: CacheCore, { run }: Errand<T>): Run<T> {
  const { counters, clock, timers, deadlines } = core;
  counters.loads += 1;
  const began = clock.now();
  const ending = new LateSignal();
  const { promise: outcome, resolve } = Promise.withResolvers<Ran<T> | RunFailed>();
  let isOver = false;
  const end = (result: Ran<T> | RunFailed): void => {
    if (isOver) return;
    isOver = true;
    cancel();
    if (result.kind === "failed") counters.loadFailures += 1;
    counters.loadMs += elapsed(began, clock.now());
    resolve(result);
  };
  const cancel = timers.after(deadlines.load, () => {
    const cause = new TidegateError("load-timeout", `The loader took longer than ${deadlines.load} ms.`);
    ending.abort(cause);
    end({ kind: "failed", cause, goesOn: settled });
  });
  const settled = run(ending).then(
    (value) => end({ kind: "ran", value, tookMs: elapsed(began, clock.now()) }),
    (cause: unknown) => end({ kind: "failed", cause, goesOn: null }),
  );
  return { outcome, settled, began };
}

/** A signal that is made when somebody looks at it: most loaders never do, and it is the dearest part of a load. */
export class LateSignal {
  private made: AbortController | null = null;
  private aborted: { readonly reason: unknown } | null = null;

  get signal(): AbortSignal {
    this.made ??= new AbortController();
    if (this.aborted !== null) this.made.abort(this.aborted.reason);
    return this.made.signal;
  }

  abort(reason: unknown): void {
    this.aborted = { reason };
    this.made?.abort(reason);
  }
}
