// The report of an experiment as a page: all of it is told, and nothing that it holds becomes markup.

import { expect, test } from "vitest";
import { renderChaosReport } from "../../control-plane/chaos/report-page.ts";
import { chaosReport } from "../support/chaos-report.ts";

const WICKED = `<script>alert(1)</script>"' onload='x`;

test("every text of a report is text, whatever is in it", () => {
  const [verdict] = chaosReport().verdicts;
  if (verdict === undefined) throw new Error("the sample has no verdict");
  const page = renderChaosReport(
    chaosReport({
      ...{ id: WICKED, target: WICKED, hypothesis: WICKED, problem: WICKED },
      verdicts: [{ ...verdict, name: WICKED, text: WICKED, unit: WICKED }],
      events: [{ at: Number.MAX_VALUE, text: WICKED }],
    }),
  );
  expect(page).not.toContain("<script");
  expect(page).not.toContain("onload='x");
  expect(page.split("&lt;script&gt;").length - 1).toBeGreaterThan(7);
});

test("the fault and the recovery lie behind each of the five charts, where they were", () => {
  const page = renderChaosReport(chaosReport());
  const grounds = (phase: string) =>
    page.match(new RegExp(`<rect class="phase-${phase}" x="[^"]+" y="0" width="[^"]+"`, "g"));
  expect(grounds("fault")).toHaveLength(5);
  expect(grounds("fault")?.[0]).toBe('<rect class="phase-fault" x="128" y="0" width="160"');
  expect(grounds("recovery")?.[0]).toBe('<rect class="phase-recovery" x="288" y="0" width="192"');
});

test("each bound is told with what was measured, and with a word where nothing was", () => {
  const page = renderChaosReport(
    chaosReport({
      state: "failed",
      verdicts: [
        {
          ...{ name: "hit-rate-recovery", text: "The hit ratio is back", holds: false },
          ...{ measured: 18_000, limit: 10_000, comparison: "at-most", unit: "ms" },
        },
        {
          ...{ name: "ledger", text: "Every write has arrived", holds: false },
          ...{ measured: null, limit: 0, comparison: "at-most", unit: "operations" },
        },
      ],
    }),
  );
  expect(page).toContain("0 of 2 bounds held");
  expect(page).toMatch(/18 s<\/td><td class="number">≤ 10 s/);
  expect(page).toMatch(/not measured<\/td><td class="number">≤ 0 operations/);
});

test("a report without a request, a verdict or an end is a page all the same", () => {
  const page = renderChaosReport(
    chaosReport({
      ...{ state: "running", phase: "preparing", target: null, endedAt: null, hypothesis: "" },
      ...{ verdicts: [], timeline: [], events: [] },
    }),
  );
  expect(page).toContain("Phase: preparing.");
  expect(page).toContain("No request has been answered yet.");
  expect(page).not.toContain("NaN");
});

test("what is unknown of some seconds interrupts the line and is not drawn as nought", () => {
  const timeline = chaosReport().timeline.map((second) =>
    second.second === 30 ? { ...second, requests: 0, hits: 0, p99Ms: null } : second,
  );
  const page = renderChaosReport(chaosReport({ timeline }));
  const paths = [...page.matchAll(/ d="(M[^"]+)"/g)].map(([, path = ""]) => path.split("M").length - 1);
  expect(paths.filter((parts) => parts === 2)).toHaveLength(2);
});

test("it says by which command it is run again, and names no target that it would not take", () => {
  expect(renderChaosReport(chaosReport())).toContain(
    "tidegate chaos run kill-edge --target edge-2 --duration 15s --seed 42",
  );
  const partition = { experiment: "partition", from: "redis", arrives: "replies", durationMs: 2500 } as const;
  expect(renderChaosReport(chaosReport(partition))).toContain(
    "chaos run partition --target edge-2 --from redis --arrives replies --duration 2500ms --seed 42",
  );
  const page = renderChaosReport(chaosReport({ experiment: "origin-down", target: "chaos" }));
  expect(page).toContain("chaos run origin-down --duration 15s");
  expect(page).toContain("<h1>origin-down</h1>");
});
