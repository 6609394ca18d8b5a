// One call's waiting: it ends once, by what is found, its deadline, or its caller's signal.

import type { Millis } from "../../shared/core/units.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { Certificate, Nothing } from "./answers.ts";
import type { CacheCore } from "./core.ts";
import { countIn } from "./counters.ts";
import type { Job } from "./job.ts";

type Answer = Certificate | Nothing;

export interface Terms {
  readonly signal: AbortSignal | undefined;
  readonly deadline: Millis;
  /** What may stand in for a value that is late. */
  readonly standIn: () => Certificate | null;
}

/** Whatever goes on behind it when it has ended keeps nothing of its caller's alive: in an outage there are many such. */
export class Call {
  private waiting: PromiseWithResolvers<Answer> | null = Promise.withResolvers<Answer>();
  private terms: Terms | null;
  private cancels: (() => void)[] = [];
  private readonly core: CacheCore;
  private readonly job: Job;

  constructor(core: CacheCore, job: Job, terms: Terms) {
    this.core = core;
    this.job = job;
    this.terms = terms;
  }

  /** Rejects with a `TidegateError` and nothing else. */
  begin(seek: () => Promise<Answer>): Promise<Answer> {
    const { core, terms, waiting } = this;
    if (terms === null || waiting === null) throw new TypeError("a call begins once");
    const { promise } = waiting;
    const { signal, deadline } = terms;
    if (signal?.aborted === true) {
      this.abort();
      return promise;
    }
    if (signal !== undefined) this.cancels.push(core.signals.onAbort(signal, () => this.abort()));
    const { soft } = core.deadlines;
    this.cancels.push(core.callTimers.after(deadline, () => this.end()));
    if (soft < deadline) this.cancels.push(core.timers.after(soft, () => this.giveStandIn()));
    seek().then(
      (answer) => this.give(answer),
      (error: unknown) => this.fail(error),
    );
    return promise;
  }

  private give(answer: Answer): void {
    this.leave()?.resolve(answer);
  }

  private fail(cause: unknown): void {
    if (this.job.over) return;
    const error =
      cause instanceof TidegateError
        ? cause
        : new TidegateError("internal", "The cache itself is at fault.", { cause });
    countIn(this.core.counters.failures, error.code);
    this.leave()?.reject(error);
  }

  private giveStandIn(): boolean {
    const stale = this.terms?.standIn() ?? null;
    if (stale !== null) this.give(stale);
    return stale !== null;
  }

  private end(): void {
    const { terms } = this;
    if (terms === null || this.giveStandIn()) return;
    this.fail(new TidegateError("deadline", `There was no value within ${terms.deadline} ms.`));
  }

  private abort(): void {
    this.fail(new TidegateError("aborted", "The call was aborted.", { cause: this.terms?.signal?.reason }));
  }

  /** Null where it has ended before. */
  private leave(): PromiseWithResolvers<Answer> | null {
    const { waiting, cancels } = this;
    this.job.over = true;
    this.waiting = null;
    this.terms = null;
    this.cancels = [];
    for (const cancel of cancels) cancel();
    return waiting;
  }
}
