// Sends by the clock, whatever becomes of what was sent before: what comes late is counted late, not left out.

export interface OpenLoopOptions {
  readonly perSecond: number;
  /** Beyond so many that are under way none is sent, and each that should have been is counted. */
  readonly mostInFlight: number;
  /** `scheduledAt` is when it should have been sent; it never is before. */
  readonly send: (number: number, scheduledAt: number) => Promise<void>;
}

export interface OpenLoop {
  /** Sends no more; resolves when all that was sent has ended. */
  stop(): Promise<OpenLoopCounts>;
}

export interface OpenLoopCounts {
  readonly sent: number;
  readonly withheld: number;
}

export function startOpenLoop({ perSecond, mostInFlight, send }: OpenLoopOptions): OpenLoop {
  const begunAt = performance.now();
  const scheduledAt = (number: number): number => begunAt + (number * 1000) / perSecond;
  const inFlight = new Set<Promise<void>>();
  let next = 0;
  let withheld = 0;
  let timer: NodeJS.Timeout;
  const sendDue = (): void => {
    for (; scheduledAt(next) <= performance.now(); next++) {
      if (inFlight.size >= mostInFlight) {
        withheld += 1;
        continue;
      }
      const sent = send(next, scheduledAt(next)).finally(() => inFlight.delete(sent));
      inFlight.add(sent);
    }
    timer = setTimeout(sendDue, Math.max(0, scheduledAt(next) - performance.now()));
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
