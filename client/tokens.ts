// The tokens' calls: who may ask for what. Only an admin's token makes them.

import { ask } from "./ask.ts";
import type { Routes } from "./routes.ts";
import type { CreatedToken, NewToken, Token, Tokens } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";

export interface TokenCalls {
  list(query?: Routes["GET /tokens"]["query"], options?: CallOptions): Promise<Tokens>;
  get(id: string, options?: CallOptions): Promise<Token>;
  /** `token` is its text, which is in this answer and nowhere else. */
  create(body: NewToken, options?: CallOptions): Promise<CreatedToken>;
  /** Every control plane refuses it within five seconds. */
  revoke(id: string, options?: CallOptions): Promise<void>;
}

export const tokens = (to: Connection): TokenCalls => ({
  list: async (query = {}, options) => (await ask(to, "GET /tokens", { query, options })).json,
  get: async (id, options) => (await ask(to, "GET /tokens/{id}", { id, options })).json,
  create: async (body, options) => (await ask(to, "POST /tokens", { body, options })).json,
  async revoke(id, options) {
    // No other token is ever of this id: a second try can revoke nothing else.
    await ask(to, "DELETE /tokens/{id}", { id, options, repeatable: true, settledBy: 404 });
  },
});
