// Short texts that isolates of one data centre leave for each other.

import type { Millis } from "../core/units.ts";

/** `residence`: how long it has been there, by the clocks of those who left and found it. */
export interface Note {
  readonly text: string;
  readonly residence: Millis;
}

/** Never rejects. What was left may be gone at any time, or be seen late. */
export interface Notes {
  find(name: string): Promise<Note | null>;
  /** False where it is known not to be there. */
  leave(name: string, text: string, keepFor: Millis): Promise<boolean>;
}
