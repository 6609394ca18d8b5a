// Weighted rendezvous hashing: every reader ranks the nodes for a key alike, and losing one moves only its own keys.

import { mix } from "./mix.ts";

export interface WeightedNode {
  readonly id: string;
  /** Its share of the keys, relative to the others'; above 0. */
  readonly weight: number;
}

/**
 * The nodes for a key, best first. With the score `-w / ln(u)`, u uniform in (0, 1), each node is first for a share
 * w / Σw of all keys (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005; Thaler and
 * Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998).
 */
export function ranked<Node extends WeightedNode>(key: string, nodes: readonly Node[]): readonly Node[] {
  const [only] = nodes;
  if (only === undefined || nodes.length === 1) return nodes;
  return nodes
    .map((node) => ({ node, score: scoreOf(key, node) }))
    .sort((a, b) => b.score - a.score || (a.node.id < b.node.id ? -1 : 1))
    .map(({ node }) => node);
}

function scoreOf(key: string, { id, weight }: WeightedNode): number {
  // The middle of its 2^-32: neither 0 nor 1.
  const unit = (mix(key, mix(id)) + 0.5) / 0x1_0000_0000;
  return -weight / Math.log(unit);
}
