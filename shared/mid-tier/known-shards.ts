// What an isolate remembers of the shards that it has asked: what their clocks showed, and when one was silent.

import { elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";

export interface KnownLimits {
  /** A clock that was read so long ago is not reckoned with any more. */
  readonly clockRemembered: Millis;
  /** A shard was silent lately that was so within this. */
  readonly silenceRemembered: Millis;
}

type OneLife = { readonly id: string; readonly life: number };

interface Reading {
  readonly life: number;
  /** What the shard's clock showed before this isolate heard of it. */
  readonly showed: number;
  readonly heardAt: Instant;
  /** The same instant on the line of time that has surely passed. */
  readonly surely: Instant;
}

/** Two clocks that are well gain or lose less than this on each other, of the time that passes. */
const DRIFT = 0.001;

export class KnownShards {
  private readonly clocks = new Map<string, Reading>();
  private readonly silent = new Map<string, Instant>();
  private readonly limits: KnownLimits;

  constructor(limits: KnownLimits) {
    this.limits = limits;
  }

  heard({ id, life }: OneLife, showed: number, clock: Clock): void {
    this.clocks.set(id, { life, showed, heardAt: clock.now(), surely: clock.surely() });
  }

  /**
   * An instant of the shard's clock that has passed by now, as late a one as can be told; null where it was not heard
   * lately. Only time that has surely passed here is added to what it showed: what is dated by this may be taken for
   * older than it is, and never for younger.
   */
  clockOf({ id, life }: OneLife, clock: Clock): number | null {
    const reading = this.clocks.get(id);
    if (reading === undefined || reading.life !== life) return null;
    if (elapsed(reading.heardAt, clock.now()) > this.limits.clockRemembered) return null;
    return Math.floor(reading.showed + elapsed(reading.surely, clock.surely()) * (1 - DRIFT));
  }

  wasSilent(id: string, now: Instant): void {
    this.silent.set(id, now);
  }

  /** What was fetched meanwhile it lacks. */
  silentLately(id: string, now: Instant): boolean {
    const at = this.silent.get(id);
    return at !== undefined && elapsed(at, now) <= this.limits.silenceRemembered;
  }
}

/** The shard's own word, as text: since how long it has known the map; a shard that does not say has known it long. */
export const settledFor = (text: string | undefined): Millis =>
  text === undefined || text === "" ? millis(Number.POSITIVE_INFINITY) : millis(Number(text));
