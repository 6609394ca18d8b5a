// Whether a fake can be reached, how long its answers take, and whether they are lost.

import type { Instant } from "../../shared/core/units.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { type Duration, durationOf } from "../cache/rules.ts";
import type { TestClock } from "./test-clock.ts";

/** `down`: refuses at once. `silent`: takes as long as its caller waits, and then has not answered. `lossy`: does it, and its answer is lost. */
export type Condition = "up" | "down" | "silent" | "lossy";

export class Reachable {
  condition: Condition = "up";
  private latency = 0;
  private readonly clock: TestClock;
  /** How long callers wait for it. */
  private readonly patience: number;

  constructor(clock: TestClock, patience: number) {
    this.clock = clock;
    this.patience = patience;
  }

  takes(latency: Duration): void {
    this.latency = durationOf(latency, "latency");
  }

  now(): Instant {
    return this.clock.now();
  }

  async call<Outcome>(
    action: () => Outcome,
  ): Promise<Outcome | (Unavailable & { readonly at: readonly string[] })> {
    if (this.condition === "down") return { kind: "unavailable", reason: "down", at: [], undone: true };
    if (this.condition === "silent") {
      await this.clock.sleep(durationOf(this.patience, "patience"));
      return { kind: "unavailable", reason: "silent", at: [] };
    }
    // It decides half-way: what was asked for is done between the question and the answer.
    if (this.latency > 0) await this.clock.sleep(durationOf(this.latency / 2, "latency"));
    const outcome = action();
    if (this.condition === "lossy") {
      await this.clock.sleep(durationOf(this.patience, "patience"));
      return { kind: "unavailable", reason: "lost", at: [] };
    }
    if (this.latency > 0) await this.clock.sleep(durationOf(this.latency / 2, "latency"));
    return outcome;
  }
}
