// Runs a loader: in its source's turn, under a deadline, and a second time at most.

import { elapsed, type Instant, type Millis, millis } from "../../shared/core/units.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { CacheCore } from "./core.ts";
import { countIn } from "./counters.ts";
import { type Job, type LoadContext, previousOf } from "./job.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { checkTags } from "./options.ts";
import { durationOf } from "./rules.ts";
import type { Entered, Shed } from "./source.ts";
import { handedOut, type Packed, pack } from "./values.ts";

export interface Loaded {
  readonly kind: "loaded";
  readonly packed: Packed;
  readonly isNothing: boolean;
  readonly tags: readonly string[];
  readonly ttl: Millis | null;
  readonly stores: boolean;
  readonly tookMs: Millis;
}

export interface LoadFailed {
  readonly kind: "failed";
  readonly cause: unknown;
}

export type LoadOutcome = Loaded | LoadFailed | Shed;

/** Never rejects. A loader that does not heed its signal keeps its turn until it ends. */
export async function load(core: CacheCore, job: Job): Promise<LoadOutcome> {
  const source = core.sources.named(job.source);
  const wish = { class: job.rules.class, priority: job.background ? "background" : "user" } as const;
  const entered = await source.enter(wish);
  if (entered.kind === "shed") {
    countIn(core.counters.shed, entered.reason);
    return entered;
  }
  if (entered.byShare) core.counters.byShare += 1;
  const first = run(core, job);
  const outcome = await first.outcome;
  const mayTryAgain =
    outcome.kind === "failed" && outcome.kept !== "pending" && (await source.mayRetry(wish));
  if (!mayTryAgain) {
    void leave(entered, first, outcome);
    return told(core, job, outcome);
  }
  core.counters.retries += 1;
  await core.timers.sleep(millis(CACHE_LIMITS.retryPause * (0.5 + core.random.unit() / 2)));
  const second = run(core, job);
  const again = await second.outcome;
  void leave(entered, second, again);
  return told(core, job, again);
}

async function leave(entered: Entered, { settled, began }: Run, { kind }: Loaded | Failed): Promise<void> {
  await settled;
  entered.leave(kind === "loaded" ? "well" : "failed", began);
}

function told(core: CacheCore, job: Job, outcome: Loaded | Failed): Loaded | LoadFailed {
  core.telling.tell(
    outcome.kind === "loaded"
      ? { event: "load", key: job.key, class: job.rules.class, tookMs: outcome.tookMs }
      : { event: "load-failed", key: job.key, class: job.rules.class, cause: outcome.cause },
  );
  return outcome.kind === "loaded" ? outcome : { kind: "failed", cause: outcome.cause };
}

/** `pending`: its time was up, and it may still be at work. */
type Failed = LoadFailed & { readonly kept: "pending" | "ended" };

interface Run {
  readonly outcome: Promise<Loaded | Failed>;
  /** When the loader itself has ended. */
  readonly settled: Promise<void>;
  readonly began: Instant;
}

function run(core: CacheCore, job: Job): Run {
  const { counters, clock, timers, deadlines } = core;
  counters.loads += 1;
  const began = clock.now();
  const ending = new LateSignal();
  const said = new Said(job);
  const { promise: outcome, resolve } = Promise.withResolvers<Loaded | Failed>();
  let isOver = false;
  const end = (result: Loaded | Failed): void => {
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
    end({ kind: "failed", cause, kept: "pending" });
  });
  const keep = (value: unknown): void => {
    try {
      const packed = pack(core.serializer, value);
      const isNothing = value === null || value === undefined;
      end({ kind: "loaded", packed, isNothing, ...said.about(), tookMs: elapsed(began, clock.now()) });
    } catch (cause) {
      end({ kind: "failed", cause, kept: "ended" });
    }
  };
  const fail = (cause: unknown): void => end({ kind: "failed", cause, kept: "ended" });
  const settled = core.telemetry.spanning(job, () => call(job, said.contextFor(ending))).then(keep, fail);
  return { outcome, settled, began };
}

/** A signal that is made when somebody looks at it: most loaders never do, and it is the dearest part of a load. */
class LateSignal {
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

async function call({ loader }: Job, context: LoadContext): Promise<unknown> {
  if (loader === null) throw new TypeError("a read without a loader loads nothing");
  return loader(context);
}

/** What a loader says of its value while it loads it. */
class Said {
  private readonly job: Job;
  private tags: readonly string[];
  private ttl: Millis | null;
  private stores = true;

  constructor(job: Job) {
    this.job = job;
    this.tags = job.tags;
    this.ttl = job.ttl;
  }

  contextFor(ending: LateSignal): LoadContext {
    const previous = previousOf(this.job)?.value;
    return {
      key: this.job.key,
      get signal() {
        return ending.signal;
      },
      get previous() {
        return handedOut(previous);
      },
      tag: (...tags) => {
        this.tags = checkTags([...new Set([...this.tags, ...tags])], "tag");
      },
      ttl: (ttl) => {
        this.ttl = durationOf(ttl, "ttl");
      },
      noStore: () => {
        this.stores = false;
      },
    };
  }

  about(): Pick<Loaded, "tags" | "ttl" | "stores"> {
    return { tags: this.tags, ttl: this.ttl, stores: this.stores };
  }
}
