// Rules about edges, and about writes that wait for the origin.

import { seconds } from "../../../shared/core/units.ts";
import { known, type Rule, rule } from "../rule.ts";

/** What an edge that knows nothing of the log counts as, in seconds: it serves nothing stored. */
const KNOWS_NOTHING = 3600;

export const EDGE_RULES: readonly Rule[] = [
  rule({
    id: "edge-silent",
    title: "An edge does not report",
    severity: "ticket",
    unit: "count",
    figure: ({ edges }) => edges.map(({ id, state }) => known(state === "silent" ? 1 : 0, { edge: id })),
    ...{ threshold: 1, clear: 0, for: seconds(20), clearFor: seconds(20) },
    summary: "edge {edge} does not answer the control plane",
    prometheus: { value: "1 - tidegate_edge_up" },
  }),
  rule({
    id: "edges-vanished",
    title: "Most edges do not report",
    severity: "page",
    unit: "ratio",
    figure: ({ edges }) => {
      const reporting = edges.filter(({ state }) => state !== "silent").length;
      return edges.length === 0 ? [] : [{ labels: {}, value: reporting / edges.length, sample: 1 }];
    },
    ...{ comparison: "below", threshold: 0.5, clear: 0.75, for: seconds(20), clearFor: seconds(20) },
    summary: "only {value} of the listed edges report: what the figures say is no longer the whole",
    prometheus: { value: "tidegate_edges_reporting / (tidegate_edges_listed > 0)" },
  }),
  rule({
    id: "edge-fenced",
    title: "An edge knows too little of the log",
    severity: "ticket",
    unit: "seconds",
    figure: ({ edges }) =>
      // Of a silent one nothing is known: that is an alert of its own.
      edges.map(({ id, state, knownAgeMs }) => {
        const age = state === "cold" ? KNOWS_NOTHING : knownAgeMs === null ? null : knownAgeMs / 1000;
        return known(state === "silent" ? null : age, { edge: id });
      }),
    ...{ threshold: 10, clear: 5, for: seconds(20), clearFor: seconds(20) },
    summary: "edge {edge} last heard of the log {value} ago: it asks the origin rather than serve by that",
    prometheus: { value: "tidegate_edge_view_age_seconds and on (edge) (tidegate_edge_up == 1)" },
  }),
  rule({
    id: "journal-depth",
    title: "Writes wait for the origin",
    severity: "ticket",
    unit: "count",
    figure: ({ journal }) => [known(journal.pending)],
    ...{ threshold: 5000, clear: 1000, for: seconds(60) },
    summary: "{value} acknowledged writes wait for the origin, {threshold} is much",
    prometheus: { value: "tidegate_journal_pending_operations" },
  }),
  rule({
    id: "journal-dead-letters",
    title: "Writes that were acknowledged are parked",
    severity: "ticket",
    unit: "count",
    figure: ({ journal }) => [known(journal.deadLettered)],
    ...{ threshold: 1, clear: 0, clearFor: seconds(20) },
    summary: "{value} acknowledged writes are parked: somebody has to have them tried again, or drop them",
    prometheus: { value: "tidegate_journal_dead_lettered_operations" },
  }),
];
