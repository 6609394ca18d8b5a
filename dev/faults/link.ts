// What all connections of a proxy share: the state, and what was counted.

import { mixUnit } from "../../shared/core/mix.ts";
import type { Passage } from "./lane.ts";
import { arrives, type Direction, type LinkState } from "./link-state.ts";
import { Pace } from "./pace.ts";

/** Since the proxy was started. */
export interface LinkCounts {
  readonly connections: number;
  /** Connections reset as they came. */
  readonly refused: number;
  /** Runs of octets sent on with none from the other side between: in HTTP/1.1 a request each. */
  readonly requests: number;
  /** Requests whose reply began, lost ones included. */
  readonly replies: number;
  readonly repliesLost: number;
  /** Octets that were sent on. */
  readonly requestOctets: number;
  readonly replyOctets: number;
  readonly swallowedOctets: number;
}

type Counts = { -readonly [Name in keyof LinkCounts]: LinkCounts[Name] };

export const PASS: LinkState = { kind: "pass" };

export class Link {
  state: LinkState = PASS;
  changed: () => void = () => undefined;
  readonly counts: Counts = {
    connections: 0,
    refused: 0,
    requests: 0,
    replies: 0,
    repliesLost: 0,
    requestOctets: 0,
    replyOctets: 0,
    swallowedOctets: 0,
  };
  private paces: Readonly<Record<Direction, Pace>> | null = null;
  /** Replies that have begun in this state. */
  private begun = 0;

  set(state: LinkState): void {
    if (state.kind === "replies-lost" && state.which.kind === "next" && !(state.which.count >= 1))
      throw new RangeError("at least one reply is lost, or none is");
    this.paces = state.kind === "slow" ? pacesOf(state.bytesPerSecond) : null;
    this.begun = 0;
    this.state = state;
    this.changed();
  }

  passage(direction: Direction, next: { octets: number; queuedAt: number }): Passage {
    const { state } = this;
    if (!arrives(state, direction)) return { kind: "swallow" };
    if (state.kind === "delay") {
      const ms = direction === "requests" ? state.requestsMs : state.repliesMs;
      const left = next.queuedAt + ms - performance.now();
      if (left > 0) return { kind: "wait", ms: Math.ceil(left) };
    }
    if (this.paces === null || next.octets === 0) return { kind: "carry", octets: next.octets };
    const granted = this.paces[direction].take(next.octets, performance.now());
    return granted > 0
      ? { kind: "carry", octets: granted }
      : { kind: "wait", ms: this.paces[direction].waitFor(next.octets) };
  }

  /** Asked once a reply, when its first octets are here. */
  losesReply(): boolean {
    const { state } = this;
    if (state.kind !== "replies-lost") return false;
    const { which } = state;
    this.begun += 1;
    if (which.kind === "some") return mixUnit(String(this.begun), which.seed) < which.probability;
    // For all other replies that is the same: nobody has to be told.
    if (this.begun >= which.count) this.state = PASS;
    return true;
  }
}

function pacesOf(bytesPerSecond: number): Record<Direction, Pace> {
  const now = performance.now();
  return { requests: new Pace(bytesPerSecond, now), replies: new Pace(bytesPerSecond, now) };
}
