// The journal's calls: writes that the origin does not have yet, and what is decided of those that it will not take.

import { ask } from "./ask.ts";
import type { Routes } from "./routes.ts";
import type { Journal, JournalOperation } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";

type JournalQuery = Routes["GET /journal"]["query"];

export interface JournalCalls {
  /** One page; `silent` names the databases of which nothing is known. */
  list(query?: JournalQuery, options?: CallOptions): Promise<Journal>;
  /** Every page from `cursor` on. `options` are each one's. */
  pages(query?: JournalQuery, options?: CallOptions): AsyncGenerator<Journal>;
  /** Throws `not-found` once the origin has it. */
  get(id: string, options?: CallOptions): Promise<JournalOperation>;
  /** Has it tried at once, or after those before it of its key (`behind`). Throws `conflict` while it is on its way anyhow. */
  retry(id: string, options?: CallOptions): Promise<JournalOperation>;
  /** Gives it up for good: it is not sent any more. The origin may have taken it all the same, so its URL is purged. */
  drop(id: string, options?: CallOptions): Promise<void>;
}

export function journal(to: Connection): JournalCalls {
  const list = async (query: JournalQuery = {}, options?: CallOptions) =>
    (await ask(to, "GET /journal", { query, options })).json;
  return {
    list,
    async *pages(query = {}, options) {
      let cursor = query.cursor;
      do {
        const page = await list({ ...query, ...(cursor !== undefined && { cursor }) }, options);
        yield page;
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },
    get: async (id, options) => (await ask(to, "GET /journal/{id}", { id, options })).json,
    retry: async (id, options) => (await ask(to, "POST /journal/{id}/retry", { id, options })).json,
    async drop(id, options) {
      // No other operation is ever of this id: a second try can take out nothing else.
      await ask(to, "DELETE /journal/{id}", { id, options, repeatable: true, settledBy: 404 });
    },
  };
}
