// What the package offers for tests: a mid-tier in memory, and a clock that goes on when it is told to.

export type { Instant, Millis } from "../../shared/core/units.ts";
export type { Cancel, Clock, Timers } from "../../shared/ports/clock.ts";
export { type FakeTidegate, fakeTidegate } from "./fake-tidegate.ts";
export type { Condition } from "./reachable.ts";
export { TestClock } from "./test-clock.ts";
