// Sends by the clock, whatever becomes of what was sent before: what comes late is counted late, not left out.

import { Latencies, type Percentiles } from "./latencies.ts";

export interface OpenLoopOptions {
  /** A number, or what it is so many milliseconds after the beginning. */
  readonly perSecond: number | ((afterMs: number) => number);
  /** Beyond so many that are under way none is sent, and each that should have been is counted. */
  readonly mostInFlight: number;
  /** `scheduledAt` is when it should have been sent; it never is before. */
  readonly send: (number: number, scheduledAt: number) => Promise<void>;
  /** How much of the mean distance lies before this one: 1 where it is left out, which is evenly. */
  readonly spacing?: (number: number) => number;
}

export interface OpenLoop {
  /** So far. */
  counts(): OpenLoopCounts;
  /** Sends no more; resolves when all that was sent has ended. */
  stop(): Promise<OpenLoopCounts>;
}

export interface OpenLoopCounts {
  readonly sent: number;
  /** Due, and not sent: too many were under way, or time was over before its turn came. */
  readonly withheld: number;
  /** How long it sent. */
  readonly seconds: number;
  /** How long after its instant each was sent; null of nothing. */
  readonly lateMs: Percentiles | null;
}

/** Beyond that at p99 what looks like a server's latency is the client's own. */
export const LATE_MS = 50;

/** Whether what was measured is the server's doing. */
export const keptTime = ({ withheld, lateMs }: OpenLoopCounts): boolean =>
  withheld === 0 && lateMs !== null && lateMs.p99 <= LATE_MS;

/** Sent in one turn of a client that is behind: answers that have come are waiting to be read. */
const MOST_AT_ONCE = 64;
/** Each is a socket and some 50 KiB: beyond that a client measures itself. */
const MOST_IN_FLIGHT = 10_000;

export function startOpenLoop(options: OpenLoopOptions): OpenLoop {
  const { perSecond, send, spacing } = options;
  const mostInFlight = Math.min(MOST_IN_FLIGHT, options.mostInFlight);
  const begunAt = performance.now();
  const rateAt = typeof perSecond === "number" ? () => perSecond : perSecond;
  const inFlight = new Set<Promise<void>>();
  const late = new Latencies();
  let next = 0;
  let dueAt = begunAt;
  let endedAt: number | null = null;
  let withheld = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Of a client that is behind. */
  let turn: NodeJS.Immediate | undefined;
  const passOn = (): void => {
    next += 1;
    dueAt += (1000 * (spacing?.(next) ?? 1)) / rateAt(dueAt - begunAt);
  };
  const sendOne = (now: number): void => {
    const [number, scheduledAt] = [next, dueAt];
    passOn();
    if (inFlight.size >= mostInFlight) {
      withheld += 1;
      return;
    }
    late.add(now - scheduledAt);
    const sent = send(number, scheduledAt).finally(() => inFlight.delete(sent));
    inFlight.add(sent);
  };
  const sendDue = (): void => {
    turn = undefined;
    for (let now = performance.now(), most = MOST_AT_ONCE; dueAt <= now; now = performance.now()) {
      if (most-- === 0) {
        turn = setImmediate(sendDue);
        return;
      }
      sendOne(now);
    }
    timer = setTimeout(sendDue, Math.max(0, dueAt - performance.now()));
  };
  const counts = (): OpenLoopCounts => {
    const seconds = ((endedAt ?? performance.now()) - begunAt) / 1000;
    return { sent: next - withheld, withheld, seconds, lateMs: late.percentiles() };
  };
  sendDue();
  return {
    counts,
    async stop() {
      clearTimeout(timer);
      clearImmediate(turn);
      endedAt = performance.now();
      for (; turn !== undefined && dueAt <= endedAt; withheld++) passOn();
      await Promise.all(inFlight);
      return counts();
    },
  };
}
