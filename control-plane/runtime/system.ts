// The runtime's clocks, timers, digests and randomness as ports.

import { advanceClock, type ElapsedClock, startElapsedClock } from "../../shared/core/elapsed-clock.ts";
import type { Clock, Timers } from "../../shared/ports/clock.ts";
import type { Digest, Random } from "../../shared/ports/identity.ts";

export function systemClock(): Clock {
  // Begun at the first reading: while a worker's modules are evaluated its clocks stand at zero.
  let clock: ElapsedClock | null = null;
  const readings = (): [number, number] => [Date.now(), performance.now()];
  return {
    now() {
      clock ??= startElapsedClock(readings());
      return advanceClock(clock, readings());
    },
    backwardSteps: () => clock?.backwardSteps ?? 0,
    wall: () => Date.now(),
  };
}

export const systemTimers: Timers = {
  sleep: (span) => new Promise((resolve) => setTimeout(resolve, span)),
  after(span, action) {
    const timer = setTimeout(action, span);
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  token: () => crypto.randomUUID().replaceAll("-", ""),
  unit: () => Math.random(),
};

const encoder = new TextEncoder();

export const systemDigest: Digest = {
  sha256Hex: async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text))),
  async sha256Base64(parts) {
    const blob = new Blob(parts.map((part) => (typeof part === "string" ? part : new Uint8Array(part))));
    const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    return btoa(String.fromCharCode(...new Uint8Array(digest)));
  },
  async hmacHex(key, text) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
    return hex(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
  },
};

const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
