// The chaos calls: what can be broken, an experiment that is run, its report, and its end before its time.

import { elapsed, type Millis, millis } from "../shared/core/units.ts";
import { ask } from "./ask.ts";
import { LIMITS } from "./config.ts";
import { startDeadline } from "./deadline.ts";
import type { Routes } from "./routes.ts";
import type { ChaosCatalogue, ChaosExperiment, ChaosExperiments, ChaosRequest } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";
import { TidegateError } from "./tidegate-error.ts";

export interface EndedOptions extends Pick<CallOptions, "signal"> {
  readonly timeoutMs?: number;
  /** Each report on the way. */
  readonly onProgress?: (experiment: ChaosExperiment) => void;
}

export interface ChaosCalls {
  /** What each experiment breaks, and of what there is one to break; `enabled` says whether anything may be. */
  catalogue(options?: CallOptions): Promise<ChaosCatalogue>;
  /**
   * Comes back when it runs; with `wait`, when it is over or time ran out: the report's `state` says which. Throws
   * `chaos-disabled` where nothing may be broken, `conflict` while another one runs.
   */
  start(body: ChaosRequest, options?: CallOptions): Promise<ChaosExperiment>;
  /** Newest first, without their course. */
  list(query?: Routes["GET /chaos"]["query"], options?: CallOptions): Promise<ChaosExperiments>;
  get(id: string, options?: CallOptions): Promise<ChaosExperiment>;
  /** The last report seen: without an end where `timeoutMs` ran out. What is broken may be what would tell: that is waited for. */
  ended(id: string, options?: EndedOptions): Promise<ChaosExperiment>;
  /** What is broken is healed at once. One that is over stays as it was. */
  abort(id: string, options?: CallOptions): Promise<ChaosExperiment>;
}

export const chaos = (to: Connection): ChaosCalls => ({
  catalogue: async (options) => (await ask(to, "GET /chaos/experiments", { options })).json,
  start: async (body, options) => (await ask(to, "POST /chaos", { body, options, ...waitsFor(body) })).json,
  list: async (query = {}, options) => (await ask(to, "GET /chaos", { query, options })).json,
  get: async (id, options) => (await ask(to, "GET /chaos/{id}", { id, options })).json,
  ended: (id, options = {}) => ended(to, id, options),
  abort: async (id, options) => (await ask(to, "DELETE /chaos/{id}", { id, options, repeatable: true })).json,
});

const waitsFor = ({ wait, timeoutMs }: ChaosRequest): { readonly waits?: Millis } =>
  wait === true ? { waits: millis((timeoutMs ?? LIMITS.longestWait) + LIMITS.waitMargin) } : {};

async function ended(
  to: Connection,
  id: string,
  { timeoutMs = LIMITS.experiment, onProgress, signal }: EndedOptions,
): Promise<ChaosExperiment> {
  const { clock } = to.runtime;
  const begun = clock.now();
  const left = (): number => Math.max(0, timeoutMs - elapsed(begun, clock.now()));
  for (;;) {
    const options = { deadlineMs: LIMITS.tryDeadline, ...(signal && { signal }) };
    const told = await tellable(ask(to, "GET /chaos/{id}", { id, options }), left() > 0);
    if (told !== null) onProgress?.(told);
    if (told !== null && (told.endedAt !== null || left() === 0)) return told;
    const deadline = startDeadline(to.runtime, LIMITS.deadline, signal);
    await deadline.pause(millis(Math.min(LIMITS.experimentLook, left()))).finally(deadline.end);
  }
}

/** Null where nobody could tell for the moment, and there is time. */
async function tellable(
  asked: Promise<{ readonly json: ChaosExperiment }>,
  hasTime: boolean,
): Promise<ChaosExperiment | null> {
  try {
    return (await asked).json;
  } catch (error) {
    const passing = error instanceof TidegateError && PASSING.includes(error.code);
    if (!passing || !hasTime) throw error;
    return null;
  }
}

const PASSING: readonly TidegateError["code"][] = ["unreachable", "unavailable", "deadline"];
