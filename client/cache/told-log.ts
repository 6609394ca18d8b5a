// The log, with its reads told of that get no answer.

import type { CheckOutcome, Log, SinceOutcome, SnapshotOutcome } from "../../shared/ports/mid-tier.ts";

export function toldLog(log: Log, failed: (reason: string) => void): Log {
  const told = async <Outcome extends SinceOutcome | SnapshotOutcome | CheckOutcome>(
    read: Promise<Outcome>,
  ): Promise<Outcome> => {
    const outcome = await read;
    if (outcome.kind === "unavailable") failed(outcome.reason);
    return outcome;
  };
  return {
    append: (query) => log.append(query),
    confirm: (head, replicas) => log.confirm(head, replicas),
    untold: (replicas) => log.untold(replicas),
    withhold: () => log.withhold(),
    takesWrites: () => log.takesWrites(),
    since: (joint, limit) => told(log.since(joint, limit)),
    snapshot: (epoch) => told(log.snapshot(epoch)),
    check: (selectors, position) => told(log.check(selectors, position)),
  };
}
