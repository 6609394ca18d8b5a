// The embedded store as a backend of the gateway: requests of one turn of the event loop share one flush to disk.
import { BackendUnavailable, type RedisBackend } from "../backend.ts";
import type { EmbeddedStore } from "./store.ts";

export function embeddedBackend(store: EmbeddedStore): RedisBackend {
  const flushed = sharedFlush(store);
  return {
    call: async (args) => flushed(store.unflushed.call(args)),
    pipeline: async (commands) => flushed(store.unflushed.pipeline(commands)),
    transaction: async (commands) => flushed(store.unflushed.transaction(commands)),
    dispose: async () => store.close(),
  };
}

/** Holds outcomes back until what they acknowledge is on disk. */
function sharedFlush(store: EmbeddedStore): <T>(outcome: T) => Promise<T> {
  let next: Promise<void> | null = null;
  const flush = () => {
    next = null;
    try {
      store.flush();
    } catch (cause) {
      throw new BackendUnavailable("the embedded store cannot write its log", { cause });
    }
  };
  return async (outcome) => {
    if (store.persists) {
      next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(flush);
      await next;
    }
    return outcome;
  };
}
