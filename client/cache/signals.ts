// Callers' signals: one listener on each, however many calls it ends.

interface Heard {
  readonly actions: Set<() => void>;
  readonly listener: () => void;
}

/** A listener for each call, and Node warns of a leak from the eleventh on. */
export class Signals {
  private readonly heard = new WeakMap<AbortSignal, Heard>();

  /** Answers how to stop it; nothing is left on a signal that ends no call any more. */
  onAbort(signal: AbortSignal, action: () => void): () => void {
    const { actions, listener } = this.heard.get(signal) ?? this.listen(signal);
    actions.add(action);
    return () => {
      if (!actions.delete(action) || actions.size > 0) return;
      signal.removeEventListener("abort", listener);
      this.heard.delete(signal);
    };
  }

  private listen(signal: AbortSignal): Heard {
    const actions = new Set<() => void>();
    const listener = (): void => {
      for (const action of [...actions]) action();
    };
    const heard = { actions, listener };
    signal.addEventListener("abort", listener);
    this.heard.set(signal, heard);
    return heard;
  }
}
