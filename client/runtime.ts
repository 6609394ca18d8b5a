// What the client takes from the runtime it lives in: any that has the web's own `fetch`.

import type { Clock, Timers } from "../shared/ports/clock.ts";
import type { Random } from "../shared/ports/identity.ts";
import { systemClock, systemRandom, systemTimers } from "../shared/runtime/system.ts";

export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
    readonly redirect: "manual";
  },
) => Promise<Response>;

export interface ClientRuntime {
  readonly fetch: Fetch;
  readonly clock: Pick<Clock, "now">;
  readonly timers: Pick<Timers, "after">;
  readonly random: Random;
}

export const systemRuntime = (): ClientRuntime => ({
  // Called as a function of its own: some runtimes refuse it as a method of another object.
  fetch: (url, init) => fetch(url, init),
  clock: systemClock(),
  timers: systemTimers,
  random: { ...systemRandom, token },
});

/** As `randomUUID` makes them, which browsers have on https and on this machine alone. */
const token = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, "0")).join(
    "",
  );
