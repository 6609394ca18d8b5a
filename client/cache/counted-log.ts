// The log, with its reads counted that get no answer.

import type { Log } from "../../shared/ports/mid-tier.ts";

export function countedLog(log: Log, failed: () => void): Log {
  const counted = async <Outcome extends { readonly kind: string }>(
    read: Promise<Outcome>,
  ): Promise<Outcome> => {
    const outcome = await read;
    if (outcome.kind === "unavailable") failed();
    return outcome;
  };
  return {
    append: (query) => log.append(query),
    confirm: (head, replicas) => log.confirm(head, replicas),
    untold: (replicas) => log.untold(replicas),
    since: (joint, limit) => counted(log.since(joint, limit)),
    snapshot: (epoch) => counted(log.snapshot(epoch)),
    check: (selectors, position) => counted(log.check(selectors, position)),
  };
}
