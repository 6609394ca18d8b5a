// The links of a test's cluster by what they connect, edges by number (0 first), and whole partitions at once.

import type { FaultProxy } from "../../dev/faults/fault-proxy.ts";
import type { LinkState } from "../../dev/faults/link-state.ts";
import type { Links } from "../../dev/faults/links.ts";
import type { Place } from "../../dev/network.ts";

/** Who edges can be kept apart from: an edge is named by its number. */
export type Far = "redis" | "control-plane" | "origin" | number;

export interface ClusterLinks {
  edgeToRedis(edge: number): FaultProxy;
  edgeToOrigin(edge: number): FaultProxy;
  controlToEdge(edge: number): FaultProxy;
  /** Requests that the one edge sends to the other. */
  edgeToEdge(from: number, to: number): FaultProxy;
  controlToRedis(): FaultProxy;
  /** Nothing passes between these edges and those far ones, in either direction; `state` says how it doesn't. */
  partition(edges: readonly number[], far: readonly Far[], state?: LinkState): void;
  /** Everything passes. */
  heal(): void;
}

const CUT: LinkState = { kind: "cut" };
const edgeName = (edge: number): Place => `edge-${edge + 1}`;

export function clusterLinks(links: Links, edges: number): ClusterLinks {
  const numbered: ClusterLinks = {
    edgeToRedis: (edge) => links.get(edgeName(edge), "mid-tier"),
    edgeToOrigin: (edge) => links.get(edgeName(edge), "origin"),
    controlToEdge: (edge) => links.get("control-plane", edgeName(edge)),
    edgeToEdge: (from, to) => links.get(edgeName(from), edgeName(to)),
    controlToRedis: () => links.get("control-plane", "mid-tier"),
    partition(near, far, state = CUT) {
      for (const edge of near) for (const one of far) for (const link of between(edge, one)) link.set(state);
    },
    heal() {
      for (const link of links.all()) link.heal();
    },
  };
  const between = (edge: number, far: Far): readonly FaultProxy[] => {
    if (edge < 0 || edge >= edges) throw new RangeError(`there is no edge ${edge}`);
    switch (far) {
      case "redis":
        return [numbered.edgeToRedis(edge)];
      case "control-plane":
        return [numbered.controlToEdge(edge)];
      case "origin":
        return [numbered.edgeToOrigin(edge)];
      default:
        return [numbered.edgeToEdge(edge, far), numbered.edgeToEdge(far, edge)];
    }
  };
  return numbered;
}
