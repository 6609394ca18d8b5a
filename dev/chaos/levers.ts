// The levers of a cluster: each breaks one thing, and healing undoes whatever was done by any of them.

import type { Millis } from "../../shared/core/units.ts";
import { seconds } from "../../shared/core/units.ts";
import type { Cancel } from "../../shared/ports/clock.ts";
import type { LinkState } from "../faults/link-state.ts";
import type { Place } from "../network.ts";
import type { Supervised } from "../supervise.ts";
import { isEdge, refusalOf } from "./blast-radius.ts";
import type { Breakable, Lever } from "./lever.ts";

type Process = Pick<Supervised, "pid" | "signal" | "hold" | "release">;

/** What levers act on. */
export interface LeverPorts {
  readonly processes: ReadonlyMap<Breakable, Process>;
  /**
   * Tells whoever outlives this process which groups are stopped: they can't notice by themselves that it is gone.
   * Resolves with whether he has it, and never rejects.
   */
  tellStopped(groups: readonly number[]): Promise<boolean>;
  /** Throws where there is no such link. */
  setLink(from: Place, to: Place, state: LinkState): void;
  healLinks(): void;
  /** Rejects where it could not. */
  flush(database: Breakable): Promise<void>;
  dropDisk(edge: Breakable): void;
  /** Rejects where the edge did not take it. */
  shiftClock(edge: Breakable, ms: number): Promise<void>;
  after(span: Millis, act: () => void): Cancel;
}

/** An experiment lasts five minutes at most; whoever has forgotten by now that something is broken is not asked. */
export const HEALED_WITHIN = seconds(330);

export class Levers {
  private readonly ports: LeverPorts;
  private readonly held = new Set<Breakable>();
  /** With the group that was stopped. */
  private readonly paused = new Map<Breakable, number>();
  /** With how the last word of it goes. */
  private readonly shifted = new Map<Breakable, Promise<void>>();
  private forget: Cancel | null = null;

  constructor(ports: LeverPorts) {
    this.ports = ports;
  }

  /** Rejects where it was not done: `RangeError` where that would break too much, or what there isn't. */
  async pull(lever: Lever): Promise<void> {
    if (lever.kind === "heal") return this.heal();
    this.forget ??= this.ports.after(HEALED_WITHIN, () => void this.heal());
    if (lever.kind === "link") return this.ports.setLink(lever.from, lever.to, lever.state);
    const process = this.processOf(lever.place);
    const { place } = lever;
    switch (lever.kind) {
      case "kill":
        this.requireLeave(place);
        if (!process.signal("SIGKILL")) throw new RangeError(`${place} is not running`);
        return;
      case "hold":
        this.requireLeave(place);
        this.held.add(place);
        return process.hold();
      case "release":
        this.held.delete(place);
        return process.release();
      case "pause":
        return this.pause(place);
      case "continue":
        process.signal("SIGCONT");
        if (this.paused.delete(place)) await this.tellStopped();
        return;
      case "flush":
        return this.flush(place);
      case "drop-disk":
        if (!isEdge(place) || !this.held.has(place)) throw new RangeError(`${place} is no edge that is held`);
        return this.ports.dropDisk(place);
      case "shift-clock":
        if (!isEdge(place)) throw new RangeError(`${place} is no edge`);
        this.requireLeave(place);
        return this.shift(place, lever.ms);
    }
  }

  /** Not before whoever outlives this process knows of it (docs/adr/0074). */
  private async pause(place: Breakable): Promise<void> {
    this.requireLeave(place);
    const process = this.processOf(place);
    const group = process.pid();
    if (group === null) throw new RangeError(`${place} is not running`);
    this.paused.set(place, group);
    const isTold = await this.tellStopped();
    // Healed meanwhile.
    if (this.paused.get(place) !== group) return;
    if (isTold && process.pid() === group && process.signal("SIGSTOP")) return;
    this.paused.delete(place);
    throw new RangeError(isTold ? `${place} is being started again` : "nobody would end this pause");
  }

  private readonly tellStopped = (): Promise<boolean> => this.ports.tellStopped([...this.paused.values()]);

  private async shift(edge: Breakable, ms: number): Promise<void> {
    const told = this.ports.shiftClock(edge, ms);
    this.shifted.set(edge, told);
    await told;
  }

  /** Never rejects, and may be called at any time. */
  async heal(): Promise<void> {
    this.forget?.();
    this.forget = null;
    const { ports, held, paused, shifted } = this;
    ports.healLinks();
    for (const place of paused.keys()) this.processOf(place).signal("SIGCONT");
    for (const place of held) this.processOf(place).release();
    const wrong = [...shifted];
    const wasPaused = paused.size > 0;
    for (const broken of [held, paused, shifted]) broken.clear();
    if (wasPaused) await this.tellStopped();
    await Promise.all(
      wrong.map(async ([edge, told]) => {
        // One that is still under way might overtake what sets it right.
        await told.catch(() => undefined);
        // What can't be told of it is begun anew: a clock is wrong for one life only.
        await ports.shiftClock(edge, 0).catch(() => void this.processOf(edge).signal("SIGKILL"));
      }),
    );
  }

  private async flush(place: Breakable): Promise<void> {
    if (isEdge(place)) throw new RangeError(`${place} is no database`);
    if (place === "control") throw new RangeError("control is never flushed: it holds the configuration");
    this.requireLeave(place);
    await this.ports.flush(place);
  }

  private requireLeave(place: Breakable): void {
    const broken = new Set([...this.held, ...this.paused.keys(), ...this.shifted.keys()]);
    const edges = [...this.ports.processes.keys()].filter(isEdge).length;
    const refusal = refusalOf(place, { broken, edges });
    if (refusal !== null) throw new RangeError(refusal);
  }

  private processOf(place: Breakable): Process {
    const process = this.ports.processes.get(place);
    if (process === undefined) throw new RangeError(`there is no ${place} that could be broken`);
    return process;
  }
}
