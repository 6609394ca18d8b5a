// One load for several keys: it is run when each of them has been found elsewhere, or asks for it.

import { millis } from "../../shared/core/units.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { Loader } from "./job.ts";

/** A key that waits for another process's load holds up the others no longer than this. */
const PATIENCE = millis(25);

type LoadMany<T> = (keys: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, T>>;

export interface Batched<T> {
  readonly loader: Loader<T>;
  /** This key needs no load any more. */
  settled(key: string): void;
}

/** A key that the result lacks has no value: `undefined`. */
export function batched<T>(keys: readonly string[], loadMany: LoadMany<T>, timers: Timers): Batched<T> {
  const open = new Set(keys);
  let waiting = new Map<string, PromiseWithResolvers<T>>();
  let cancel: (() => void) | null = null;
  let signals: AbortSignal[] = [];
  const run = (): void => {
    cancel?.();
    cancel = null;
    const [batch, given] = [waiting, signals];
    waiting = new Map();
    signals = [];
    if (batch.size === 0) return;
    // None of it is wanted any more only where nobody of it waits.
    const all = new AbortController();
    const look = (): void => {
      if (given.every(({ aborted }) => aborted)) all.abort(given[0]?.reason);
    };
    for (const signal of given) signal.addEventListener("abort", look);
    loadMany([...batch.keys()], all.signal).then(
      (values) => {
        for (const [key, { resolve }] of batch) resolve(values.get(key) as T);
      },
      (error: unknown) => {
        for (const { reject } of batch.values()) reject(error);
      },
    );
  };
  const look = (): void => {
    if (waiting.size > 0 && waiting.size >= open.size) run();
  };
  return {
    loader({ key, signal }) {
      const asked = Promise.withResolvers<T>();
      waiting.set(key, asked);
      signals.push(signal);
      cancel ??= timers.after(PATIENCE, run);
      open.add(key);
      look();
      return asked.promise;
    },
    settled(key) {
      open.delete(key);
      look();
    },
  };
}
