// Whoever listens is told what happens: listeners of the program, its logger, and what measures it.

import type { Counters, ValueSource } from "./counters.ts";

/** Keys are told as they are: whoever logs them decides what they may hold. Values are told to nobody. */
export type CacheEvent =
  | {
      readonly event: "read";
      readonly key: string;
      readonly class: string;
      readonly source: ValueSource;
      readonly stale: boolean;
      readonly age: number;
      readonly asOf: string | null;
      readonly knownAge: number | null;
      readonly value: undefined;
    }
  | { readonly event: "load"; readonly key: string; readonly class: string; readonly tookMs: number }
  | { readonly event: "load-failed"; readonly key: string; readonly class: string; readonly cause: unknown }
  | { readonly event: "invalidate"; readonly selectors: number; readonly position: string }
  | { readonly event: "unacknowledged"; readonly selectors: number; readonly reason: string }
  | { readonly event: "unavailable"; readonly tier: "shared" | "log"; readonly reason: string }
  | {
      readonly event: "differs";
      readonly key: string;
      readonly class: string;
      readonly tier: "near" | "shared";
    };

export type EventName = CacheEvent["event"];
export type Listener<Name extends EventName> = (event: CacheEvent & { readonly event: Name }) => void;

/** As pino, console and most others have it. */
export interface Logger {
  debug(about: object, message: string): void;
  warn(about: object, message: string): void;
}

const WARNED: ReadonlySet<EventName> = new Set<EventName>([
  "load-failed",
  "unacknowledged",
  "unavailable",
  "differs",
]);

export class Telling {
  private readonly listeners = new Map<EventName, Set<(event: CacheEvent) => unknown>>();
  private readonly logger: Logger | null;
  private readonly counters: Pick<Counters, "listenerErrors">;

  constructor(logger: Logger | null, counters: Pick<Counters, "listenerErrors">) {
    this.logger = logger;
    this.counters = counters;
  }

  /** Answers how to stop it. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const those = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, those);
    const one = listener as (event: CacheEvent) => unknown;
    those.add(one);
    return () => void those.delete(one);
  }

  listens(name: EventName): boolean {
    return this.logger !== null || (this.listeners.get(name)?.size ?? 0) > 0;
  }

  tell(event: CacheEvent): void {
    const { logger } = this;
    if (logger !== null) {
      const { event: name, ...about } = event;
      this.quietly(() =>
        WARNED.has(name) ? logger.warn(about, `cache ${name}`) : logger.debug(about, `cache ${name}`),
      );
    }
    for (const listener of this.listeners.get(event.event) ?? []) this.quietly(() => listener(event));
  }

  /** Who listens must not break what he listens to, at once or by what he promises. */
  quietly(action: () => unknown): void {
    try {
      const outcome = action();
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  /** Said once: whoever fails at one event fails at the next as well. */
  private failed(error: unknown): void {
    this.counters.listenerErrors += 1;
    if (this.counters.listenerErrors === 1)
      console.error("tidegate: a listener, a logger or a tracer of the cache has failed.", error);
  }
}
