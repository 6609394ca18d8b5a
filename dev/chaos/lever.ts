// What can be broken in a cluster, and the messages by which a process of its own asks for it.

import type { LinkState } from "../faults/link-state.ts";
import type { Place, Way } from "../network.ts";

/** An edge or a database: `control` is the first of those. */
export type Breakable = `edge-${number}` | `shard-${number}` | "control";

export type Lever =
  /** Killed with all it has started; its supervisor starts it again. */
  | { readonly kind: "kill"; readonly place: Breakable }
  /** Killed, and not started again before it is released. */
  | { readonly kind: "hold"; readonly place: Breakable }
  | { readonly kind: "release"; readonly place: Breakable }
  /** Neither answers nor hangs up, until it is continued. */
  | { readonly kind: "pause"; readonly place: Breakable }
  | { readonly kind: "continue"; readonly place: Breakable }
  /** A database forgets everything. Not `control`, which holds the configuration, nor one that was there before. */
  | { readonly kind: "flush"; readonly place: Breakable }
  /** What an edge's data centre holds is lost: only while the edge is held. */
  | { readonly kind: "drop-disk"; readonly place: Breakable }
  | { readonly kind: "link"; readonly from: Place; readonly to: Place; readonly state: LinkState }
  /** Added to the wall clock of an edge. */
  | { readonly kind: "shift-clock"; readonly place: Breakable; readonly ms: number }
  | { readonly kind: "heal" };

/** From the agent to whoever has started it. */
export interface LeverMessage {
  readonly kind: "lever";
  readonly id: number;
  readonly lever: Lever;
}

/** And back. */
export interface LeverReply {
  readonly kind: "lever-done";
  readonly id: number;
  /** Why it could not be done. */
  readonly problem: string | null;
}

/** To the agent, before a process group is stopped and after one goes on: all that are stopped then, by their leaders. */
export interface StoppedMessage {
  readonly kind: "stopped";
  readonly groups: readonly number[];
}

/** What the agent is told as it starts. */
export interface AgentConfiguration {
  /** Where it listens, on loopback. */
  readonly port: number;
  readonly control: string;
  readonly token: string;
  readonly clusterKey: string;
  readonly edges: readonly { readonly id: Breakable; readonly url: string }[];
  /** `control` first; where they really are, past all proxies. */
  readonly databases: readonly { readonly id: Breakable; readonly url: string; readonly token: string }[];
  /** The proxy on each way. */
  readonly ways: readonly (Way & { readonly url: string })[];
}
