// What an isolate tells the others of its data centre while it fetches something large.

import type { Position } from "../../shared/core/position.ts";
import { type CacheKey, millis } from "../../shared/core/units.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { Announced } from "../tiers/blob-record.ts";

interface Fetch {
  readonly key: CacheKey;
  readonly asOf: Position;
  readonly background: Background;
  /** When all has been done with what comes of it. */
  readonly landed: Promise<void>;
}

/** What was said last of three counts for two seconds: so one that is lost is no silence. */
const EVERY = millis(LIMITS.shortPatience / 3);

/**
 * At first that the origin is asked, again and again for as long as that takes; then, once, that the answer comes, for which
 * nobody waits as long, as its client may be slow. Taken back when it has come, or will not.
 */
export class Announcement {
  readonly key: CacheKey;
  private readonly edge: Edge;
  private readonly fetch: Fetch;
  private readonly by: string;
  /** One after the other: what is said later counts. */
  private said: Promise<void> = Promise.resolve();
  private isKept = false;
  private stopRepeating = (): void => {};

  constructor(edge: Edge, fetch: Fetch) {
    this.edge = edge;
    this.fetch = fetch;
    this.key = fetch.key;
    this.by = edge.random.token();
  }

  /** Null where that stands; else what somebody has said after it: of several who ask at once the last one fetches. */
  async ask(): Promise<Announced | null> {
    await this.say(false);
    const last = await this.edge.dataCentre.announced(this.key);
    if (last !== null && last.by !== this.by) return last;
    this.keep();
    this.repeat();
    return null;
  }

  /** Nobody waits for that to be said. */
  answered(): void {
    this.stopRepeating();
    this.fetch.background.keep(this.say(true));
    this.keep();
  }

  private say(answered: boolean): Promise<void> {
    const { by, fetch, edge } = this;
    this.said = this.said.then(() => edge.dataCentre.announce(this.key, { by, asOf: fetch.asOf, answered }));
    return this.said;
  }

  private repeat(): void {
    this.stopRepeating = this.edge.timers.after(EVERY, () => {
      this.fetch.background.keep(this.say(false));
      this.repeat();
    });
  }

  private keep(): void {
    if (this.isKept) return;
    this.isKept = true;
    this.fetch.background.keep(this.withdrawOnceLanded());
  }

  private async withdrawOnceLanded(): Promise<void> {
    await this.fetch.landed;
    this.stopRepeating();
    await this.said;
    const last = await this.edge.dataCentre.announced(this.key);
    if (last?.by === this.by) await this.edge.dataCentre.withdraw(this.key);
  }
}
