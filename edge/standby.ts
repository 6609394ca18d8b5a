// What is held may stand in for an origin that fails (RFC 5861 §4).

import { answersFor } from "./answers-for.ts";
import type { StaleCopy } from "./coalesce.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { inputFor, type Judged, judgeByView } from "./judge.ts";

export type Standby = StaleCopy & { readonly judged: Judged };

type Waiting = Pick<FlightJob, "route" | "request" | "candidate">;

/** What is near stands in before what L2 held, unless it is past its stale window: then others may have renewed it since. */
export function standbyFor(edge: Edge, job: Waiting, fallback: StaleCopy | null): Standby | null {
  return judgeStandby(edge, job, job.candidate) ?? judgeStandby(edge, job, fallback);
}

/** Judged anew: the origin may have taken long to fail. */
function judgeStandby(edge: Edge, { route, request }: Waiting, copy: StaleCopy | null): Standby | null {
  const view = edge.view.current();
  if (copy === null || view === null) return null;
  if (!answersFor(copy.held.answer, { route, request })) return null;
  const judged = judgeByView(view, inputFor(edge, { route, request }, copy), edge.clock.now());
  const { freshness, coherence, step } = judged;
  const allowed =
    step.kind === "serve" ||
    step.kind === "serve-and-refresh" ||
    (step.kind === "revalidate" && step.fallback === "stale-if-error");
  return !allowed || freshness.kind === "expired" || coherence.kind === "hard" ? null : { ...copy, judged };
}
