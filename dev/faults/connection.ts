// One connection through a fault proxy: two sockets, and a lane each way.

import { Socket } from "node:net";
import { Lane, reset } from "./lane.ts";
import type { Link } from "./link.ts";
import { arrives, type Direction } from "./link-state.ts";

export class Connection {
  private readonly link: Link;
  private readonly client: Socket;
  private readonly upstream = new Socket({ allowHalfOpen: true });
  private readonly to: { host: string; port: number };
  private readonly requests: Lane;
  private readonly replies: Lane;
  private connecting = false;
  /** Octets of a request went on, and none of the other side's have come since. */
  private awaiting = false;

  constructor(link: Link, { client, to }: { client: Socket; to: { host: string; port: number } }) {
    this.link = link;
    this.client = client;
    this.to = to;
    const { upstream } = this;
    this.requests = this.lane("requests", { from: client, to: upstream });
    this.replies = this.lane("replies", { from: upstream, to: client });
  }

  whenClosed(act: () => void): void {
    let open = 2;
    for (const socket of [this.client, this.upstream])
      socket.once("close", () => {
        open -= 1;
        if (open === 0) act();
      });
  }

  /** Brings this connection into line with the link's state. */
  apply(): void {
    if (this.client.destroyed && this.upstream.destroyed) return;
    const { state } = this.link;
    const lanes = { requests: this.requests, replies: this.replies };
    const resumes = (direction: Direction): boolean => lanes[direction].hasHole && arrives(state, direction);
    if (state.kind === "cut" || resumes("requests") || resumes("replies")) {
      this.reset();
      return;
    }
    if (!this.connecting && arrives(state, "requests")) {
      this.connecting = true;
      this.upstream.setNoDelay(true);
      this.upstream.connect(this.to);
    }
    this.requests.run();
    this.replies.run();
  }

  reset(): void {
    for (const lane of [this.requests, this.replies]) lane.close();
    for (const socket of [this.client, this.upstream]) reset(socket);
  }

  private lane(direction: Direction, ends: { from: Socket; to: Socket }): Lane {
    const { counts } = this.link;
    return new Lane(ends, {
      passage: (next) => {
        if (direction === "replies" && next.octets > 0 && this.beginsReply() && this.link.losesReply()) {
          counts.repliesLost += 1;
          this.reset();
          return { kind: "gone" };
        }
        return this.link.passage(direction, next);
      },
      carried: (octets) => {
        counts[direction === "requests" ? "requestOctets" : "replyOctets"] += octets;
        if (direction === "requests") this.beginRequest();
      },
      swallowed: (octets) => {
        counts.swallowedOctets += octets;
      },
      ended: () => this.endWhenOver(),
      broke: () => this.reset(),
    });
  }

  private beginRequest(): void {
    if (!this.awaiting) this.link.counts.requests += 1;
    this.awaiting = true;
  }

  private beginsReply(): boolean {
    if (!this.awaiting) return false;
    this.awaiting = false;
    this.link.counts.replies += 1;
    return true;
  }

  /** Both sides have said all they had to say, or one has to a server that was never reached. */
  private endWhenOver(): void {
    if (this.connecting && !(this.requests.isOver && this.replies.isOver)) return;
    // In order where everything went on, which `end` did; what was swallowed leaves sockets open.
    for (const socket of [this.client, this.upstream]) if (!socket.writableEnded) socket.destroy();
  }
}
