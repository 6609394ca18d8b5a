// The beat's alarm: a beat after the last one, and sooner where there is work, by a wall clock that may be set back.

import { LIMITS } from "../config.ts";

/** As a Durable Object's storage keeps it, in milliseconds since 1970. */
interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

export class BeatAlarm {
  private readonly storage: AlarmStorage;
  private readonly wall: () => number;
  private beatAt = 0;

  constructor(storage: AlarmStorage, wall: () => number) {
    this.storage = storage;
    this.wall = wall;
  }

  /** Set before the beat does anything: what it may throw does not end it. */
  async begin(): Promise<void> {
    this.beatAt = this.wall();
    await this.storage.setAlarm(this.beatAt + LIMITS.beat);
  }

  /** Of a clock that has been set back since, an alarm would come later by as much. */
  async ensure(): Promise<void> {
    const now = this.wall();
    const alarm = await this.storage.getAlarm();
    if (alarm === null || alarm > now + LIMITS.beat) await this.storage.setAlarm(now);
  }

  /** However many are in a hurry, there is no more than one beat a look's pause. */
  async hurry(): Promise<void> {
    const now = this.wall();
    this.beatAt = Math.min(this.beatAt, now);
    await this.storage.setAlarm(Math.max(now, this.beatAt + LIMITS.beatBusy));
  }
}
