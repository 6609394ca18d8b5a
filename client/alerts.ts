// The alerts' calls: what fires, the rules that say so, and that somebody looks after it.

import { ask } from "./ask.ts";
import type { Routes } from "./routes.ts";
import type { Alert, AlertRules, Alerts } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";

export interface AlertCalls {
  /** Firing, then pending, then resolved ones; `unmeasured` names rules of which nothing is known. */
  list(query?: Routes["GET /alerts"]["query"], options?: CallOptions): Promise<Alerts>;
  /** With the terms that are in force. */
  rules(options?: CallOptions): Promise<AlertRules>;
  /** Throws `not-found` where it is over, `conflict` while it does not fire. */
  acknowledge(
    id: string,
    body?: Routes["POST /alerts/{id}/ack"]["body"],
    options?: CallOptions,
  ): Promise<Alert>;
}

export const alerts = (to: Connection): AlertCalls => ({
  list: async (query = {}, options) => (await ask(to, "GET /alerts", { query, options })).json,
  rules: async (options) => (await ask(to, "GET /alerts/rules", { options })).json,
  // Said twice it is said once.
  acknowledge: async (id, body = {}, options) =>
    (await ask(to, "POST /alerts/{id}/ack", { id, body, options, repeatable: true })).json,
});
