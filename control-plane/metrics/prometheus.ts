// The figures as Prometheus scrapes them: counters since ever, and gauges as of the last seconds.

import { parsePosition } from "../../shared/core/position.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type ShownEdge, showEdges } from "../edges/show-edges.ts";
import type { Sums } from "./counts.ts";
import { counterFamily, type Family, histogramFamily, type Sample, writeExposition } from "./exposition.ts";
import { COUNTERS, GAUGES, HISTOGRAMS } from "./families.ts";

type Ports = Pick<ControlPlane, "edges" | "metrics">;

/** Two calls to Redis, eight commands, however many edges and shards there are. */
export async function readExposition(
  plane: Ports,
): Promise<{ readonly kind: "text"; readonly text: string } | Unavailable> {
  const [known, ever] = await Promise.all([plane.edges.read(), plane.metrics.ever()]);
  if (known.kind === "unavailable") return known;
  if (ever.kind === "unavailable") return ever;
  const edges = edgeFamilies(showEdges(known.directory));
  const text = writeExposition([...countedFamilies(ever.counts), ...notedFamilies(ever.noted), ...edges]);
  return { kind: "text", text };
}

const countedFamilies = (counts: Sums) => [
  ...COUNTERS.map((counted) => counterFamily(byWhom(counts), counted)),
  ...HISTOGRAMS.map((counted) => histogramFamily(counts, counted)),
  tierLookups(counts),
];

/** Tokens stand among other figures of the way to the origin. */
function byWhom(counts: Sums): Sums {
  const [bucket, share] = [counts.get("origin|bucket") ?? 0, counts.get("origin|share") ?? 0];
  return new Map([...counts, ["tokens|bucket", bucket], ["tokens|share", share]]);
}

const OUTCOMES: Readonly<Record<string, string>> = { hits: "hit", misses: "miss", errors: "error" };

function tierLookups(counts: Sums): Family {
  const { samples } = counterFamily(counts, {
    ...{ name: "", help: "", kind: "tier", parts: ["site", "class", "tier", "outcome"] },
  });
  return {
    name: "tidegate_tier_lookups_total",
    kind: "counter",
    help: "Look-ups in each tier, the origin among them, by what came of them.",
    samples: samples.map(({ labels, value }) => ({
      labels: { ...labels, outcome: OUTCOMES[labels.outcome ?? ""] ?? "" },
      value,
    })),
  };
}

const notedFamilies = (noted: Sums): Family[] =>
  GAUGES.map((gauge) => ({ ...counterFamily(noted, gauge), kind: gauge.type ?? "gauge" }));

function edgeFamilies(edges: readonly ShownEdge[]): Family[] {
  const up = edges.filter(({ state }) => state !== "silent");
  const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
    ...{ name, help, kind: "gauge", samples },
  });
  const each = (of: (edge: ShownEdge) => number | null): Sample[] =>
    edges.flatMap((edge) => {
      const value = of(edge);
      return value === null ? [] : [{ labels: { edge: edge.id }, value }];
    });
  return [
    gauge("tidegate_edges_listed", "Edges that can be addressed.", [{ labels: {}, value: edges.length }]),
    gauge("tidegate_edges_reporting", "Of them, those heard of lately.", [{ labels: {}, value: up.length }]),
    gauge(
      "tidegate_edge_up",
      "1 where an edge was heard of lately.",
      each(({ state }) => (state === "silent" ? 0 : 1)),
    ),
    gauge(
      "tidegate_edge_build_info",
      "1 for the build that an edge runs.",
      edges.flatMap(({ id, version }) =>
        version === null ? [] : [{ labels: { edge: id, version }, value: 1 }],
      ),
    ),
    gauge(
      "tidegate_edge_view_age_seconds",
      "Age of what an edge knows of the log.",
      each(({ knownAgeMs }) => (knownAgeMs === null ? null : knownAgeMs / 1000)),
    ),
    gauge(
      "tidegate_edge_memory_bytes",
      "Answers in an edge's memory.",
      each(({ memoryBytes }) => memoryBytes),
    ),
    gauge(
      "tidegate_edge_log_sequence",
      "Up to where in its epoch an edge knows the log.",
      each(({ position }) => (position === null ? null : (parsePosition(position)?.seq ?? null))),
    ),
  ];
}
