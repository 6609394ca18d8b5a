// How much of clients' content an isolate holds before it is sent on.

import { LIMITS } from "./config.ts";

/** In octets. */
export class HeldUploads {
  private held = 0;

  /** False where there is no room for them. */
  take(octets: number): boolean {
    if (this.held + octets > LIMITS.uploadsHeld) return false;
    this.held += octets;
    return true;
  }

  giveBack(octets: number): void {
    this.held -= octets;
  }
}
