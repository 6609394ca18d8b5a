// `Server-Timing` (W3C): what a request's way led past, and how long each took; only where an edge is told to say so.

import type { HeaderPair } from "../shared/core/headers.ts";
import { elapsed, type Instant } from "../shared/core/units.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { AnsweredBy, Result } from "./counters.ts";

/**
 * `log`: waited until the view was young enough. `lease`: until somebody at another isolate or edge had fetched it.
 * `flight`: until somebody at this one had.
 */
export type StageName =
  | ("log" | "l1-memory" | "l1-cache" | "journal" | "l2" | "bucket")
  | ("lease" | "flight" | "origin");

export interface Passed {
  readonly since: Instant;
  /** What it had; of a flight, who gave it. Left out where there is nothing to say. */
  readonly said?: "hit" | "stale" | "miss" | "error" | "shed" | "l2" | "origin";
}

interface Stage {
  said: Passed["said"];
  ms: number;
}

/** Of a hit in memory, which takes less than a clock can tell: made once for the entry. */
export const MEMORY_TIMING: HeaderPair = ["server-timing", 'l1-memory;desc="hit";dur=0'];

/** When a stage begins: the clock is read only where somebody is told. */
export const stageBegins = (
  { timings, clock }: { readonly timings: Timings | null; readonly clock: Pick<Clock, "now"> },
  { arrivedAt }: { readonly arrivedAt: Instant },
): Instant => (timings === null ? arrivedAt : clock.now());

export class Timings {
  private readonly clock: Pick<Clock, "now">;
  private readonly ofRequest = new WeakMap<object, Map<StageName, Stage>>();

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
  }

  /** Of one that is asked several times, the last word counts, and all that they took. */
  note(request: object, name: StageName, { since, said }: Passed): void {
    let stages = this.ofRequest.get(request);
    if (stages === undefined) {
      stages = new Map();
      this.ofRequest.set(request, stages);
    }
    const stage = stages.get(name) ?? { said, ms: 0 };
    stages.set(name, { said, ms: stage.ms + elapsed(since, this.clock.now()) });
  }

  /** What goes on behind a client's back is no part of its way. */
  noteFlown(
    job: { readonly request: object; readonly takesStale: boolean },
    name: StageName,
    passed: Passed,
  ) {
    if (job.takesStale) this.note(job.request, name, passed);
  }

  /** In the order in which it was gone, and how long all of it took until the answer began. */
  header(
    request: { readonly arrivedAt: Instant },
    { by, result }: { by: AnsweredBy; result: Result },
  ): HeaderPair {
    const stages = this.ofRequest.get(request) ?? new Map<StageName, Stage>();
    const shown = [...stages].map(([name, { said, ms }]) => metric(name, said, ms));
    // At hand without being looked for: a part, or what a flight has just brought.
    if (by === "l1Memory" && !stages.has("l1-memory")) shown.push(metric("l1-memory", "hit", 0));
    shown.push(metric("total", result, elapsed(request.arrivedAt, this.clock.now())));
    return ["server-timing", shown.join(", ")];
  }
}

/** Whole milliseconds: finer ones would tell strangers more than developers. */
const metric = (name: StageName | "total", said: string | undefined, ms: number): string =>
  `${name}${said === undefined ? "" : `;desc="${said}"`};dur=${Math.max(0, Math.round(ms))}`;
