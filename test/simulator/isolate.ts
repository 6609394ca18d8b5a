// One isolate of a worker: what comes back to it and when, and to which of its requests, as workerd has it.

import { AsyncLocalStorage } from "node:async_hooks";
import type { Background, Timers } from "../../shared/ports/clock.ts";
import type { History } from "./history.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How long the runtime lets a request's background tasks go on after its client has gone. */
const GRACE = 30_000;

const REQUESTS = new AsyncLocalStorage<RequestLife>();

/** One request as the runtime sees it: once its client is gone, its I/O comes back only while something is kept. */
export class RequestLife {
  /** The client's request that it is, where it is one's. */
  exchange: number | null = null;
  private kept = 0;
  private leftAt: number | null = null;
  private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  get isOver(): boolean {
    return this.leftAt !== null && (this.kept === 0 || this.time.now - this.leftAt > GRACE);
  }

  /** The client has all of its answer, or does not wait for it any more. */
  leave(): void {
    this.leftAt ??= this.time.now;
  }

  hold(task: Promise<unknown>): void {
    this.kept += 1;
    const release = (): void => {
      this.kept -= 1;
    };
    task.then(release, release);
  }
}

/** The number of the client's request in which this runs; null outside of any. */
export const currentExchange = (): number | null => REQUESTS.getStore()?.exchange ?? null;

/** Gives back what was asked for, to whoever asked; or to nobody, if there is nobody any more. */
export type WayBack = (action: () => void) => void;

export class Isolate {
  alive = true;
  private readonly time: VirtualTime;
  private readonly history: History;
  /** The instant before which its host runs nothing. */
  private readonly wakesAt: () => number;

  constructor(of: { time: VirtualTime; history: History; wakesAt: () => number }) {
    this.time = of.time;
    this.history = of.history;
    this.wakesAt = of.wakesAt;
  }

  /** Runs what comes in from outside as a request of its own. */
  serve(act: (life: RequestLife) => Promise<void>): void {
    const life = new RequestLife(this.time);
    this.enter(life, () => this.watch(act(life)));
  }

  wayBack(): WayBack {
    const life = REQUESTS.getStore() ?? null;
    return (action) => this.enter(life, action);
  }

  after(span: number, action: () => void): () => void {
    const back = this.wayBack();
    return this.time.after(span, () => back(action));
  }

  /** Resolves after that span, for whoever asks now. */
  pass(span: number): Promise<void> {
    return new Promise((resolve) => void this.after(span, resolve));
  }

  readonly timers: Timers = {
    sleep: (span) => this.pass(span),
    after: (span, action) => this.after(span, action),
  };

  background(life: RequestLife): Background {
    return {
      keep: (task) => {
        life.hold(task);
        this.watch(task);
      },
    };
  }

  private enter(life: RequestLife | null, action: () => void): void {
    if (!this.alive || life?.isOver === true) return;
    const wakesAt = this.wakesAt();
    if (this.time.now < wakesAt) return void this.time.at(wakesAt, () => this.enter(life, action));
    if (life === null) action();
    else REQUESTS.run(life, action);
  }

  /** Nothing that is left to itself may reject: nobody is there to hear it. */
  private watch(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if (!this.alive) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.history.violations.push({ invariant: "never rejects", at: this.time.now, text });
    });
  }
}
