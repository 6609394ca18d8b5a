// Sends by the clock, whatever becomes of what was sent before: what comes late is counted late, not left out.

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
  /** Sends no more; resolves when all that was sent has ended. */
  stop(): Promise<OpenLoopCounts>;
}

export interface OpenLoopCounts {
  readonly sent: number;
  readonly withheld: number;
}

export function startOpenLoop({ perSecond, mostInFlight, send, spacing }: OpenLoopOptions): OpenLoop {
  const begunAt = performance.now();
  const rateAt = typeof perSecond === "number" ? () => perSecond : perSecond;
  const inFlight = new Set<Promise<void>>();
  let next = 0;
  let dueAt = begunAt;
  let withheld = 0;
  let timer: NodeJS.Timeout;
  const sendDue = (): void => {
    while (dueAt <= performance.now()) {
      const [number, scheduledAt] = [next, dueAt];
      next += 1;
      dueAt += (1000 * (spacing?.(next) ?? 1)) / rateAt(dueAt - begunAt);
      if (inFlight.size >= mostInFlight) {
        withheld += 1;
        continue;
      }
      const sent = send(number, scheduledAt).finally(() => inFlight.delete(sent));
      inFlight.add(sent);
    }
    timer = setTimeout(sendDue, Math.max(0, dueAt - performance.now()));
  };
  sendDue();
  return {
    async stop() {
      clearTimeout(timer);
      await Promise.all(inFlight);
      return { sent: next - withheld, withheld };
    },
  };
}
