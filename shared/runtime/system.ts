// Clocks, timers, digests and randomness of any web-standard runtime (workerd, Node) as ports.

import {
  advanceClock,
  type ClockReadings,
  type ElapsedClock,
  startElapsedClock,
} from "../core/elapsed-clock.ts";
import type { Millis } from "../core/units.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { Digest, Random } from "../ports/identity.ts";

/** Two clocks are read, so that neither a suspended nor a stepped one makes anything look younger. */
export function systemClock(wallNow: () => number = () => Date.now()): Clock {
  // Begun at the first reading: while a worker's modules are evaluated its clocks stand at zero.
  let clock: ElapsedClock | null = null;
  // The same object each time: every request asks for the time.
  const read: ClockReadings = { wall: 0, monotonic: 0 };
  const readings = (): ClockReadings => {
    read.wall = wallNow();
    read.monotonic = performance.now();
    return read;
  };
  return {
    now() {
      clock ??= startElapsedClock(readings());
      return advanceClock(clock, readings());
    },
    surely() {
      clock ??= startElapsedClock(readings());
      advanceClock(clock, readings());
      return clock.surely;
    },
    backwardSteps: () => clock?.backwardSteps ?? 0,
    wall: wallNow,
  };
}

/** Some 24 days: what is longer, runtimes' timers take for no time at all. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** As a timer can take it: whoever waits longer than that waits as long as there is. */
export const timerSpan = (span: Millis): number => Math.min(span, LONGEST_TIMER);

export const systemTimers: Timers = {
  sleep(span) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, timerSpan(span));
    return promise;
  },
  after(span, action) {
    const timer = setTimeout(action, timerSpan(span));
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
  sha256Base64: async (parts) => base64(await crypto.subtle.digest("SHA-256", joined(parts))),
  async hmacHex(key, text) {
    const imported = await crypto.subtle.importKey(
      "raw",
      encoder.encode(key),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    return hex(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
  },
};

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** By the runtime itself, where it can. */
function base64(buffer: ArrayBuffer): string {
  const bytes: Uint8Array & { toBase64?(): string } = new Uint8Array(buffer);
  return bytes.toBase64?.() ?? btoa(String.fromCharCode(...bytes));
}

function hex(buffer: ArrayBuffer): string {
  const bytes: Uint8Array & { toHex?(): string } = new Uint8Array(buffer);
  return bytes.toHex?.() ?? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
