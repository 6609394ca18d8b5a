// A log that notes, for the history, who asked for what, and whom its word tells that it stands.

import type { Log } from "../../shared/ports/mid-tier.ts";
import type { History } from "./history.ts";
import { currentExchange } from "./isolate.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** `vouches`: whoever appends needs no other word than the log's. */
export function observedLog(log: Log, by: { history: History; time: VirtualTime; vouches: boolean }): Log {
  const { history, time, vouches } = by;
  return {
    ...log,
    async append(query) {
      history.asked(query.operationId, query.payload, currentExchange());
      const outcome = await log.append(query);
      if (vouches && outcome.kind === "appended") history.acknowledged(query.operationId, time.now);
      return outcome;
    },
  };
}
