// Counts what became of fetches for which nobody waits: behind a client who has his answer, or because they were due.

import type { RefreshOutcome } from "../counters.ts";
import type { FlightJob } from "../flight-job.ts";

export function countRefresh({ route, request, takesStale }: FlightJob, outcome: RefreshOutcome): void {
  if (takesStale || request.purpose === "write-through") return;
  route.counters.refreshes[request.purpose === "client" ? "behind" : "due"][outcome] += 1;
}
