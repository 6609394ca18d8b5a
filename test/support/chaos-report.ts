// A report of an experiment that ran for a minute, changed as a test says.

import type { ChaosReport, ChaosSecond } from "../../shared/wire/chaos.ts";

const STARTED = Date.UTC(2026, 6, 1, 12);

const phaseAt = (second: number): ChaosSecond["phase"] => {
  if (second < 12) return "steady";
  return second < 27 ? "fault" : second < 45 ? "recovery" : "verifying";
};

export function chaosReport(changes: Partial<ChaosReport> = {}): ChaosReport {
  const timeline = Array.from({ length: 60 }, (_, second): ChaosSecond => {
    const phase = phaseAt(second);
    const hits = phase === "fault" ? 180 : 297;
    return { second, phase, requests: 300, hits, errors: 0, originRequests: 300 - hits, p99Ms: 4.2 };
  });
  return {
    ...{ id: "chaos-1", experiment: "kill-edge", target: "edge-2", seed: 42, state: "passed", phase: "over" },
    ...{ startedAt: STARTED, endedAt: STARTED + 61_000, durationMs: 15_000 },
    hypothesis: "Clients that try another edge see no error, and nothing stale beyond the window.",
    verdicts: [
      {
        ...{ name: "stale-serves", text: "Nothing stale is served beyond the window", holds: true },
        ...{ measured: 0, limit: 0, comparison: "at-most", unit: "requests" },
      },
    ],
    timeline,
    events: [{ at: STARTED + 12_000, text: "killed edge-2" }],
    problem: null,
    ...changes,
  };
}
