// Asks the log itself: the entries since the cursor, page by page, or a snapshot where nothing joins.

import type { Instant } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/mid-tier.ts";
import type { Knowledge } from "./knowledge.ts";
import { VIEW_LIMITS } from "./limits.ts";
import type { SharedView } from "./shared-view.ts";

export interface PullPorts {
  readonly log: Log;
  readonly clock: Clock;
  /** Where what is pulled is left for other isolates; null = nowhere. */
  readonly shared: SharedView | null;
}

/** `overtaken`: the view was replaced meanwhile, or the log has more than one pull takes. */
export type PullOutcome = "reached" | "unavailable" | "overtaken";

/** `sending` is told of each page before it is asked for: what comes of it all is as of the last one. */
export async function pull(
  knowledge: Knowledge,
  ports: PullPorts,
  sending: (at: Instant) => void,
): Promise<PullOutcome> {
  const view = knowledge.current();
  if (view === null) return pullSnapshot(knowledge, ports, sending);
  for (let page = 0; page < VIEW_LIMITS.pullPages; page++) {
    const sentAt = ports.clock.now();
    const steps = ports.clock.backwardSteps();
    sending(sentAt);
    const outcome = await ports.log.since(knowledge.joint(view), VIEW_LIMITS.pullPage);
    if (outcome.kind === "unavailable") return "unavailable";
    // Another pull or a push may have replaced the view meanwhile: this reply is then about nothing we hold.
    if (knowledge.current() !== view) return "overtaken";
    // Nothing can be dated by an instant from before a clock stepped back.
    if (ports.clock.backwardSteps() !== steps) return "overtaken";
    if (outcome.kind === "unknown") return pullSnapshot(knowledge, ports, sending);
    if (!knowledge.take(view, outcome.entries)) return pullSnapshot(knowledge, ports, sending);
    if (!knowledge.proven()) continue;
    if (!knowledge.reachedHead(view, outcome.head, sentAt)) return pullSnapshot(knowledge, ports, sending);
    if (view.cursor < outcome.head.seq) continue;
    ports.shared?.pulled(view, { at: outcome.at, sentAt });
    return "reached";
  }
  return "overtaken";
}

async function pullSnapshot(
  knowledge: Knowledge,
  ports: PullPorts,
  sending: (at: Instant) => void,
): Promise<PullOutcome> {
  knowledge.current();
  const sentAt = ports.clock.now();
  const steps = ports.clock.backwardSteps();
  sending(sentAt);
  const outcome = await ports.log.snapshot(knowledge.epochDemanded());
  if (outcome.kind === "unavailable" || outcome.full) return "unavailable";
  if (ports.clock.backwardSteps() !== steps) return "overtaken";
  if (!knowledge.begin(outcome.head, outcome.configuration, sentAt)) return "overtaken";
  const view = knowledge.current();
  if (view !== null) ports.shared?.pulled(view, { at: outcome.at, sentAt });
  return "reached";
}
