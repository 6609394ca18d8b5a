// A log that notes, for the history, what was appended when and who learnt of it.

import type { AppendQuery, Log } from "../../shared/ports/mid-tier.ts";
import type { History, Invalidation } from "./history.ts";
import { TIME_ZERO } from "./time-zero.ts";
import type { VirtualTime } from "./virtual-time.ts";

export function observedLog(log: Log, by: { history: History; time: VirtualTime }): Log {
  const { history, time } = by;
  return {
    ...log,
    async append(query) {
      const noted = noteAsked(history, query);
      const outcome = await log.append(query);
      if (outcome.kind !== "appended" || noted === null || noted.acknowledgedAt !== null) return outcome;
      noted.position = outcome.position;
      noted.appendedAt = outcome.at - TIME_ZERO;
      noted.acknowledgedAt = time.now;
      const { epoch, seq } = outcome.position;
      history.trace.push(
        `${time.now} log ${noted.mode} ${noted.selectors.join(" + ")} at ${epoch}-${seq}, appended at ${noted.appendedAt}`,
      );
      return outcome;
    },
  };
}

function noteAsked(history: History, query: AppendQuery): Invalidation | null {
  const { payload, operationId } = query;
  if (payload.kind !== "invalidate") return null;
  const known = history.invalidations.get(operationId);
  if (known !== undefined) return known;
  const made: Invalidation = {
    operationId,
    mode: payload.mode,
    selectors: payload.selectors,
    position: null,
    appendedAt: 0,
    acknowledgedAt: null,
  };
  history.invalidations.set(operationId, made);
  return made;
}
