// Runs a loader for a key, alone or with others, and makes of what it brings what can be kept.

import { coherenceOf } from "../../shared/core/log-view.ts";
import type { Millis } from "../../shared/core/units.ts";
import type { CacheCore } from "./core.ts";
import type { HeldValue } from "./held.ts";
import type { Batch, Job, LoadContext, Loader } from "./job.ts";
import { checkTags } from "./options.ts";
import type { Ran, RunFailed } from "./ran.ts";
import { durationOf } from "./rules.ts";
import type { Shed } from "./source.ts";
import { inTurn, type LateSignal } from "./turn.ts";
import { handedOut, type Packed, pack } from "./values.ts";

/** What a loader has brought, and what it has said of it. */
interface Brought {
  readonly packed: Packed;
  readonly isNothing: boolean;
  readonly tags: readonly string[];
  readonly ttl: Millis | null;
  readonly stores: boolean;
}

export interface Loaded extends Brought {
  readonly kind: "loaded";
  readonly tookMs: Millis;
}

export interface LoadFailed {
  readonly kind: "failed";
  readonly cause: unknown;
}

export type LoadOutcome = Loaded | LoadFailed | Shed;

/** Never rejects. */
export async function load(core: CacheCore, job: Job): Promise<LoadOutcome> {
  const { key, loader, rules } = job;
  const outcome = await (typeof loader === "function" ? alone(core, job, loader) : among(core, job, loader));
  if (outcome.kind === "shed") return outcome;
  if (outcome.kind === "failed") {
    const { cause, goesOn } = outcome;
    if (goesOn !== null) core.failing.goesOn(key, { cause, now: core.clock.now(), ended: goesOn });
    core.telling.tell({ event: "load-failed", key, class: rules.class, cause });
    return { kind: "failed", cause };
  }
  const { value, tookMs } = outcome;
  core.telling.tell({ event: "load", key, class: rules.class, tookMs });
  return { kind: "loaded", ...value, tookMs };
}

function alone(core: CacheCore, job: Job, loader: Loader<unknown>): Promise<Ran<Brought> | RunFailed | Shed> {
  const { rules, source, background } = job;
  return inTurn(core, {
    ...{ source, class: rules.class, priority: background ? "background" : "user" },
    async run(ending) {
      const said = new Said(job);
      const call = async (): Promise<unknown> => loader(said.contextFor(ending, previousFor(core, job)));
      return brought(core, said, await core.telemetry.spanning(job, call));
    },
  });
}

/**
 * Judged when the loader is called and not when it was found, nor by what its caller is owed: a loader that finds it unchanged
 * would bring back what was invalidated meanwhile, with an as-of behind the invalidation.
 */
function previousFor(core: CacheCore, { candidate }: Job): HeldValue | null {
  const view = core.view.current();
  if (candidate === null || view === null) return null;
  const { held } = candidate;
  if (core.untold.hitsBorn(held.bornAt, held.selectors)) return null;
  const { kind } = coherenceOf(view, held.verifiedTo, held.selectors);
  return kind === "current" || kind === "soft" ? held : null;
}

/** By the one call that loads other keys as well. */
async function among(
  core: CacheCore,
  job: Job,
  batch: Batch | null,
): Promise<Ran<Brought> | RunFailed | Shed> {
  try {
    if (batch === null) throw new TypeError("a read without a loader loads nothing");
    const outcome = await batch.load(job);
    if (outcome.kind !== "ran") return outcome;
    return { ...outcome, value: brought(core, new Said(job), outcome.value) };
  } catch (cause) {
    return { kind: "failed", cause, goesOn: null };
  }
}

/** Throws where the value can't be kept. */
function brought({ serializer }: CacheCore, said: Said, value: unknown): Brought {
  const isNothing = value === null || value === undefined;
  return { packed: pack(serializer, value), isNothing, ...said.about() };
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

  contextFor(ending: LateSignal, held: HeldValue | null): LoadContext {
    const previous = held?.value;
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

  about(): Pick<Brought, "tags" | "ttl" | "stores"> {
    return { tags: this.tags, ttl: this.ttl, stores: this.stores };
  }
}
