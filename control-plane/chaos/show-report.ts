// A report as the API tells it: points of time as everywhere in it, who asked, and where it can be read.

import type { Followed } from "./follow.ts";
import type { ReportHead } from "./report.ts";

interface Asked {
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Who aborted it is for the audit log, which not everybody may read. */
export const showHead = ({ abortedBy: _, ...head }: ReportHead, { actor, reason }: Asked) => ({
  ...head,
  startedAt: isoOf(head.startedAt),
  endedAt: head.endedAt === null ? null : isoOf(head.endedAt),
  verdicts: [...head.verdicts],
  ...{ actor, reason, report: `/chaos/${encodeURIComponent(head.id)}/report` },
});

export function showReport({ report, actor, reason }: Followed) {
  const { timeline, events, ...head } = report;
  return {
    ...showHead(head, { actor, reason }),
    timeline: [...timeline],
    events: events.map(({ at, text }) => ({ at: isoOf(at), text })),
  };
}

const isoOf = (at: number): string => new Date(at).toISOString();
