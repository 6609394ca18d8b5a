// A host's clocks: a wall clock that may be off, stepped or stand still, and a monotonic one that may stand still.

import { advanceClock, startElapsedClock } from "../../shared/core/elapsed-clock.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

export class HostClock {
  private readonly time: VirtualTime;
  /** How far the wall clock is ahead. */
  private ahead = 0;
  /** How long the monotonic clock has stood still in all. */
  private stood = 0;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  step(by: number): void {
    this.ahead += by;
  }

  /** One of the two slept through that span with its host. */
  suspend(span: number, which: "wall" | "monotonic"): void {
    if (which === "wall") this.ahead -= span;
    else this.stood += span;
  }

  /** As an isolate that begins now reads it. */
  forIsolate(): Clock {
    const readings = () => ({ wall: this.wall(), monotonic: this.time.now - this.stood });
    const state = startElapsedClock(readings());
    return {
      now: () => advanceClock(state, readings()),
      surely() {
        advanceClock(state, readings());
        return state.surely;
      },
      backwardSteps: () => state.backwardSteps,
      wall: () => this.wall(),
    };
  }

  private wall(): number {
    return TIME_ZERO + this.ahead + this.time.now;
  }
}
