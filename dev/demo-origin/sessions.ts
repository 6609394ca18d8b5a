// The demo site's sessions: a small JSON state for each id, and how often it was written.

export type Session = { readonly id: string; readonly state: unknown; readonly version: number };

export type Sessions = {
  /** Version 0 and a null state for an id that was never written. */
  get(id: string): Session;
  put(id: string, state: unknown): Session;
};

/** Keeps the ids written last; the rest begin anew, as in a shop that forgets carts. */
export function createSessions(limit = 1_000): Sessions {
  const known = new Map<string, Session>();
  const get = (id: string): Session => known.get(id) ?? { id, state: null, version: 0 };
  const put = (id: string, state: unknown): Session => {
    const session = { id, state, version: get(id).version + 1 };
    known.delete(id);
    known.set(id, session);
    const oldest = known.keys().next().value;
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return session;
  };
  return { get, put };
}
